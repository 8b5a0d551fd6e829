#include "base/config.h"

#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>

#include "base/error.h"

namespace ferrite {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

enum class Mode { uefi, bios };

struct General {
    std::string host = "here";
    std::string state_path = "/var/lib/x";
    std::vector<std::string> types = {"ipmi"};
    bool debug = false;
};

struct Api {
    std::uint16_t port = 6385;
    std::chrono::seconds timeout{60};
    std::optional<int> priority;
    std::optional<std::uint32_t> socket_mode;
    Mode mode = Mode::uefi;
    Secret connection{"sqlite:///$state_path/x.db"};
    TextMap kernels;
    TextMap overrides;
    std::vector<std::string> messages;
    double factor = 2.0;
};

struct Everything {
    General general;
    Api api;
};

const OptionTable<Everything>& table() {
    static const auto built = [] {
        OptionTable<Everything> made;
        made.section<General>("DEFAULT", &Everything::general,
                              {
                                  {"host", &General::host, text(), "Name of this host."},
                                  {"state_path", &General::state_path, text(), "Files."},
                                  {"types", &General::types, list(), "Hardware types."},
                                  {"debug", &General::debug, flag(), "More log.", kReloadable},
                              });
        made.section<Api>(
            "api", &Everything::api,
            {
                {"port", &Api::port, integer<std::uint16_t>(1), "TCP port.",
                 FormerName{"DEFAULT", "api_port"}},
                {"timeout", &Api::timeout, seconds(10, 100), "How long to wait.", kReloadable},
                {"priority", &Api::priority, optional_integer(0), "A priority."},
                {"socket_mode", &Api::socket_mode, octal(), "Permissions."},
                {"mode", &Api::mode, choice<Mode>({{"uefi", Mode::uefi}, {"bios", Mode::bios}}),
                 "Boot mode."},
                {"connection", &Api::connection, secret_text(), "Database URL."},
                {"kernels", &Api::kernels, dict(), "Kernel per architecture."},
                {"overrides", &Api::overrides, multi_dict(), "Priorities."},
                {"messages", &Api::messages, multi_text(), "Messages."},
                {"factor", &Api::factor, number(1.0), "Growth."},
            });
        return made;
    }();
    return built;
}

constexpr AcceptedSection kAccepted[] = {{"glance", "auth_url password"}, {"molds", "*"}};

struct Result {
    Everything options;
    ConfigReport report;
};

Result read(std::string_view content) {
    Result result;
    auto parsed = parse_ini(content, "f.conf");
    result.report.errors = parsed.problems;
    result.options = make_options(table(), kAccepted, parsed.entries, result.report);
    return result;
}

TEST(Ini, ReadsBothSeparatorsCommentsContinuationsAndQuotes) {
    auto parsed = parse_ini(
        "# comment\n; another\n\n[a]\nx = 1\ny: 2\nz-z = p = q : r\n  more\n\tand more\n"
        "q = \"a b\"\n[ b ]\r\nx =\r\n",
        "f");
    EXPECT_THAT(parsed.problems, IsEmpty());
    ASSERT_EQ(parsed.entries.size(), 5u);
    EXPECT_EQ(parsed.entries[0].value, "1");
    EXPECT_EQ(parsed.entries[1].value, "2");
    EXPECT_EQ(parsed.entries[2].name, "z_z");
    EXPECT_EQ(parsed.entries[2].value, "p = q : r\nmore\nand more");
    EXPECT_EQ(parsed.entries[2].place(), "f:7");
    EXPECT_EQ(parsed.entries[3].value, "a b");
    EXPECT_EQ(parsed.entries[4].section, "b");
    EXPECT_EQ(parsed.entries[4].value, "");
}

TEST(Ini, NamesEveryLineThatMakesNoSense) {
    auto parsed = parse_ini("x = 1\n  y\n[a\n[]\nword\n= v\n[s]\nk = v", "f");
    EXPECT_THAT(parsed.problems,
                ElementsAre(HasSubstr("f:1: "), HasSubstr("f:2: "), HasSubstr("f:3: "),
                            HasSubstr("f:4: "), HasSubstr("f:5: "), HasSubstr("f:6: ")));
    ASSERT_EQ(parsed.entries.size(), 1u);
    EXPECT_EQ(parsed.entries[0].name, "k");
}

TEST(Ini, ABlankLineOrACommentEndsAValue) {
    EXPECT_EQ(parse_ini("[a]\nx = 1\n\n  2\n", "f").problems.size(), 1u);
    EXPECT_EQ(parse_ini("[a]\nx = 1\n#\n  2\n", "f").problems.size(), 1u);
}

TEST(Config, DefaultsHoldWhenNothingIsSaid) {
    auto [options, report] = read("");
    EXPECT_EQ(options.api.port, 6385);
    EXPECT_EQ(options.api.connection.reveal(), "sqlite:////var/lib/x/x.db");
    EXPECT_THAT(report.errors, IsEmpty());
    EXPECT_THAT(report.warnings, IsEmpty());
    EXPECT_THAT(report.notes, IsEmpty());
}

TEST(Config, ReadsEveryType) {
    auto [options, report] = read(R"(
[default]
host = h
types = ipmi, fake-hardware ,,
  redfish
debug = YES
[api]
port = 80
timeout = 99
priority = 7
socket-mode = 660
mode = bios
kernels = x86_64:http://host:80/k, aarch64:file:///k
overrides = a.b:1,c.d:2
overrides = e.f:3
messages = one, two
messages = three
factor = 1.5
)");
    EXPECT_THAT(report.errors, IsEmpty());
    EXPECT_THAT(options.general.types, ElementsAre("ipmi", "fake-hardware", "redfish"));
    EXPECT_TRUE(options.general.debug);
    EXPECT_EQ(options.api.port, 80);
    EXPECT_EQ(options.api.timeout, std::chrono::seconds(99));
    EXPECT_EQ(options.api.priority, 7);
    EXPECT_EQ(options.api.socket_mode, 0660u);
    EXPECT_EQ(options.api.mode, Mode::bios);
    EXPECT_THAT(options.api.kernels,
                ElementsAre(Pair("aarch64", "file:///k"), Pair("x86_64", "http://host:80/k")));
    EXPECT_THAT(options.api.overrides,
                ElementsAre(Pair("a.b", "1"), Pair("c.d", "2"), Pair("e.f", "3")));
    EXPECT_THAT(options.api.messages, ElementsAre("one, two", "three"));
    EXPECT_EQ(options.api.factor, 1.5);
}

TEST(Config, TheLastOfSeveralValuesWins) {
    EXPECT_EQ(read("[api]\nport = 1\n[api]\nport = 2\n").options.api.port, 2);
}

TEST(Config, ReportsAllBadValuesWithPlaceValueAndWhatIsAllowed) {
    auto [options, report] = read(
        "[api]\nport = 70000\ntimeout = 9\nmode = legacy\npriority = -1\nsocket_mode = 9\n"
        "kernels = x\nfactor = 0.5\n[DEFAULT]\ndebug = maybe\n");
    EXPECT_THAT(report.errors,
                ElementsAre("f.conf:10: [DEFAULT]debug = maybe: must be true or false",
                            HasSubstr("f.conf:2: [api]port = 70000: must be a whole number from 1"),
                            HasSubstr("timeout = 9: must be a whole number from 10 to 100"),
                            HasSubstr("priority = -1: must be a whole number of at least 0"),
                            HasSubstr("socket_mode = 9: must be octal"),
                            HasSubstr("mode = legacy: must be one of: uefi, bios"),
                            HasSubstr("kernels = x: must be key:value"),
                            HasSubstr("factor = 0.5: must be a number of at least 1")));
    EXPECT_EQ(options.api.port, 6385);
    EXPECT_THROW(report.throw_errors(), InvalidValue);
}

TEST(Config, AnEmptyTextIsNotSet) {
    EXPECT_EQ(read("[api]\npriority =\n").options.api.priority, std::nullopt);
    EXPECT_THAT(read("[api]\nport =\n").report.errors, testing::SizeIs(1));
}

TEST(Config, ErrorsDoNotShowSecrets) {
    auto report = read("[api]\nconnection = mysql://u:hunter2@$nowhere/\n").report;
    EXPECT_THAT(report.errors, ElementsAre(AllOf(HasSubstr("[secret]"), HasSubstr("$nowhere"),
                                                 testing::Not(HasSubstr("hunter2")))));
}

TEST(Config, WarnsOfUnknownNamesAndSuggestsTheNearest) {
    auto report = read("[api]\nprot = 1\nhost = x\nzzzzzzzz = 1\n[glance]\nauth_ulr = x\n").report;
    EXPECT_THAT(report.warnings,
                ElementsAre("f.conf:2: there is no option [api]prot; did you mean [api]port?",
                            HasSubstr("did you mean [DEFAULT]host?"),
                            "f.conf:4: there is no option [api]zzzzzzzz",
                            HasSubstr("did you mean [glance]auth_url?")));
}

TEST(Config, FormerNamesWorkAndAreReported) {
    auto [options, report] = read("[DEFAULT]\napi_port = 81\n");
    EXPECT_EQ(options.api.port, 81);
    EXPECT_THAT(report.warnings, ElementsAre(HasSubstr("old name; write [api]port")));
    EXPECT_EQ(read("[DEFAULT]\napi_port = 81\n[api]\nport = 82\n").options.api.port, 82);
}

TEST(Config, AcceptedOptionsAreOneNote) {
    auto report = read("[glance]\nauth_url = x\npassword = y\n[molds]\nany = z\n").report;
    EXPECT_THAT(report.warnings, IsEmpty());
    EXPECT_THAT(report.notes, ElementsAre("accepted, no effect: [glance]auth_url (f.conf:2), "
                                          "[glance]password (f.conf:3), [molds]any (f.conf:5)"));
}

TEST(Config, ReferencesStandForOtherOptions) {
    auto host = [](const std::string& value, const std::string& more = "") {
        auto result = read("[DEFAULT]\nhost = " + value + "\n" + more);
        return result.report.errors.empty() ? result.options.general.host
                                            : "error: " + result.report.errors[0];
    };
    EXPECT_EQ(host("$state_path/a"), "/var/lib/x/a");
    EXPECT_EQ(host("${state_path}a:${api.port}"), "/var/lib/xa:6385");
    EXPECT_EQ(
        host("$api.port.org", "[api]\nport = 7\n"),
        "error: f.conf:2: [DEFAULT]host = "
        "$api.port.org: $api refers to no option that has a value (write $$ for a dollar sign)");
    EXPECT_EQ(host("$state_path.org"), "/var/lib/x.org");
    EXPECT_EQ(host("${glance.auth_url}/v3", "[glance]\nauth_url = u\n"), "u/v3");
    EXPECT_EQ(host("5$$ 6\\$ $ 7$"), "5$ 6$ $ 7$");
    EXPECT_THAT(host("$host"), HasSubstr("circle"));
    EXPECT_THAT(host("$nothing"), HasSubstr("$nothing refers to no option"));
}

TEST(Config, ReferencesThatExplodeAreRefused) {
    std::string content = "[x]\na = \n";
    for (char c = 'b'; c <= 'i'; ++c) {
        content += std::string(1, c) + " = ";
        for (int i = 0; i < 20; ++i)
            content += std::string("${x.") + static_cast<char>(c - 1) + "}";
        content += "\n";
    }
    auto report = read(content + "[DEFAULT]\nhost = ${x.i}\n").report;
    EXPECT_THAT(report.errors, ElementsAre(HasSubstr("too long")));
}

TEST(Config, ReadsSeveralFilesAndNamesTheMissingOne) {
    auto path = testing::TempDir() + "ferrite_config_test.conf";
    std::ofstream(path) << "[api]\nport = 1\n";
    ConfigReport report;
    auto entries = read_config_files({path, "/no/such/file.conf", testing::TempDir()}, report);
    ASSERT_EQ(entries.size(), 1u);
    EXPECT_EQ(entries[0].place(), path + ":2");
    EXPECT_THAT(report.errors, ElementsAre("/no/such/file.conf: the file cannot be read",
                                           testing::TempDir() + ": the file cannot be read"));
}

TEST(Config, TheEnvironmentSetsOptions) {
    ::setenv("OS_API__PORT", "99", 1);
    auto entries = environment_entries(table().rows());
    ::unsetenv("OS_API__PORT");
    ASSERT_EQ(entries.size(), 1u);
    ConfigReport report;
    EXPECT_EQ(make_options(table(), kAccepted, entries, report).api.port, 99);
    EXPECT_EQ(entries[0].place(), "environment variable OS_API__PORT");
}

TEST(Config, AReloadTakesOnlyReloadableValues) {
    Everything running;
    Everything fresh;
    fresh.api.port = 1;
    fresh.api.timeout = std::chrono::seconds(20);
    fresh.general.debug = true;
    EXPECT_THAT(take_reloadable(table().rows(), &running, &fresh), ElementsAre("[api]port"));
    EXPECT_EQ(running.api.port, 6385);
    EXPECT_EQ(running.api.timeout, std::chrono::seconds(20));
    EXPECT_TRUE(running.general.debug);
}

TEST(Config, TheSampleFileSaysWhatTheDefaultsSay) {
    auto sample = sample_config(table().rows());
    EXPECT_THAT(sample, HasSubstr("[api]\n\n# TCP port.\n# Value: a whole number from 1 to 65535.\n"
                                  "# Old name: [DEFAULT]api_port\n#port = 6385\n"));
    std::string uncommented;
    for (auto line = sample; !line.empty(); line.erase(0, line.find('\n') + 1)) {
        auto text = line.substr(0, line.find('\n') + 1);
        uncommented += text.starts_with("#") && !text.starts_with("# ") ? text.substr(1) : text;
    }
    auto [options, report] = read(uncommented);
    EXPECT_THAT(report.errors, IsEmpty());
    EXPECT_THAT(report.warnings, IsEmpty());
    EXPECT_EQ(options.api.connection.reveal(), "sqlite:////var/lib/x/x.db");
}

}  // namespace
}  // namespace ferrite
