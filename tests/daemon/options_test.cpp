#include "daemon/options.h"

#include <cctype>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <gmock/gmock.h>

namespace ferrite::daemon {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class Options : public testing::Test {
protected:
    LoadedOptions load(const std::string& content) {
        std::ofstream(path_) << content;
        return load_options({path_});
    }

    std::string path_ = testing::TempDir() + "ferrite_options_test_" +
                        testing::UnitTest::GetInstance()->current_test_info()->name() + ".conf";
};

TEST_F(Options, DefaultsAreGoodAsTheyAre) {
    auto [options, report] = load_options({});
    EXPECT_THAT(report.errors, IsEmpty());
    EXPECT_THAT(report.warnings, IsEmpty());
    EXPECT_EQ(options.api.port, 6385);
    EXPECT_FALSE(options.general.host.empty());
    EXPECT_EQ(options.pxe.tftp_server, options.general.my_ip);
    EXPECT_EQ(options.pxe.images_path, "/var/lib/ferrite/images");
    EXPECT_EQ(store_settings(options.database).database.path, "/var/lib/ferrite/ferrite.db");
    EXPECT_EQ(options.inspector.hooks, options.inspector.default_hooks);
    EXPECT_FALSE(options.boot.active());
}

TEST_F(Options, OneStatePathMovesEverything) {
    auto options = load("[DEFAULT]\nstate_path = /srv/x\n").options;
    EXPECT_EQ(store_settings(options.database).database.path, "/srv/x/ferrite.db");
    EXPECT_EQ(options.deploy.http_root, "/srv/x/httpboot");
    EXPECT_EQ(options.boot.dhcp_lease_file, "/srv/x/dhcp.leases");
}

TEST_F(Options, ReadsAnExistingIronicFile) {
    auto [options, report] = load(R"(
[DEFAULT]
auth_strategy = noauth
transport_url = rabbit://guest:guest@host/
host = conductor-1
my_ip = 192.0.2.7
enabled_hardware_types = ipmi
enabled_deploy_interfaces = direct
default_deploy_interface = direct
[conductor]
clean_step_priority_override = deploy.erase_devices:0
clean_step_priority_override = deploy.erase_devices_metadata:10
[deploy]
erase_devices_priority = 0
http_url = http://$my_ip:8088
[fake]
vendor_delay = 2,6
[glance]
auth_url = http://keystone
[keystone_authtoken]
www_authenticate_uri = http://keystone
[ferrite_boot]
interface = br0
dhcp_range = 10.77.0.100-10.77.0.199
)");
    EXPECT_THAT(report.errors, IsEmpty());
    EXPECT_THAT(report.warnings, IsEmpty());
    EXPECT_THAT(report.notes, ElementsAre(HasSubstr("[DEFAULT]transport_url")));
    EXPECT_THAT(options.general.interfaces.at("deploy").enabled, ElementsAre("direct"));
    EXPECT_EQ(options.general.interfaces.at("deploy").preferred, "direct");
    EXPECT_EQ(options.deploy.http_url, "http://192.0.2.7:8088");
    EXPECT_EQ(options.deploy.erase_devices_priority, 0);
    EXPECT_EQ(options.conductor.clean_step_priority_override.size(), 2u);
    EXPECT_EQ(options.fake.vendor_delay, (FakeDelay{2, 6}));
    EXPECT_EQ(options.boot.dhcp_range->last.to_text(), "10.77.0.199");
    EXPECT_TRUE(options.boot.active());
}

TEST_F(Options, RefusesWhatCannotBe) {
    auto report = load(R"(
[DEFAULT]
auth_strategy = keystone
[api]
enable_ssl_api = true
[database]
connection = oracle://ironic:hunter2@db/ironic
[conductor]
heartbeat_timeout = 10
conductor_cleanup_timeout = 60
sync_power_state_workers = 0
[fake]
power_delay = 6,2
[ferrite_boot]
dhcp_range = 10.0.0.9-10.0.0.1
)")
                      .report;
    EXPECT_THAT(
        report.errors,
        testing::UnorderedElementsAre(
            HasSubstr("auth_strategy"), HasSubstr("cert_file"), HasSubstr("heartbeat_interval"),
            HasSubstr("[database]connection = [secret]"), HasSubstr("power_delay"),
            HasSubstr("sync_power_state_workers = 0: must be a whole number of at least 1"),
            HasSubstr("dhcp_range")));
    EXPECT_THAT(describe(report), testing::Not(HasSubstr("hunter2")));
}

TEST_F(Options, ReadsWhatBelongsToTheWeb) {
    auto [options, report] = load(R"(
[ssl]
cert_file = /etc/api.pem
key_file = /etc/api.key
ca_file = /etc/clients.pem
[api]
enable_ssl_api = true
unix_socket_mode = 0660
[cors]
allowed_origin = https://a, https://b
allow_credentials = false
max_age = 60
[healthcheck]
enabled = true
disable_by_file_paths = 6385:/run/off,6386:/run/other
allowed_source_ranges = 10.0.0.0/8, ::1
[ferrite_api]
client_certificates = optional
access_log = access.log
[DEFAULT]
log_dir = /var/log/ferrite
)");
    EXPECT_THAT(report.errors, IsEmpty());
    EXPECT_EQ(options.api.cert_file, "/etc/api.pem");
    EXPECT_EQ(options.serving.client_ca_file, "/etc/clients.pem");
    EXPECT_EQ(options.serving.client_certificates, ClientCertificates::optional);
    EXPECT_EQ(options.serving.access_log, "/var/log/ferrite/access.log");
    EXPECT_EQ(options.api.unix_socket_mode, 0660u);
    EXPECT_THAT(options.cors.allowed_origin, ElementsAre("https://a", "https://b"));
    EXPECT_FALSE(options.cors.allow_credentials);
    EXPECT_THAT(options.healthcheck.disable_by_file_paths,
                ElementsAre(std::pair<std::uint16_t, std::string>(6385, "/run/off"),
                            std::pair<std::uint16_t, std::string>(6386, "/run/other")));
    for (std::string bad : {"disable_by_file_paths = /run/off", "disable_by_file_paths = 99999:/x",
                            "disable_by_file_paths = 1:", "allowed_source_ranges = here"})
        EXPECT_EQ(load("[healthcheck]\n" + bad + "\n").report.errors.size(), 1u) << bad;
}

TEST_F(Options, EachStrategyNeedsItsOwn) {
    auto basic = load(
        "[DEFAULT]\nauth_strategy = http_basic\n"
        "http_basic_auth_user_file = /nonexistent/htpasswd\n");
    EXPECT_THAT(basic.report.errors, ElementsAre(HasSubstr("/nonexistent/htpasswd: there is no")));
    auto here = load("[DEFAULT]\nauth_strategy = http_basic\nhttp_basic_auth_user_file = " + path_);
    EXPECT_THAT(here.report.errors, IsEmpty());
    const std::string keystone =
        "[DEFAULT]\nauth_strategy = keystone\n[keystone_authtoken]\n"
        "auth_url = http://keystone:5000\npassword = hunter2\n";
    EXPECT_THAT(load(keystone).report.errors, ElementsAre(HasSubstr("username and password")));
    EXPECT_THAT(load(keystone + "username = ironic\n").report.errors, IsEmpty());
    EXPECT_THAT(
        load(keystone + "username = ironic\nauth_type = v3applicationcredential\n").report.errors,
        ElementsAre(HasSubstr("application_credential_id")));
    EXPECT_THAT(load(keystone + "user-name = ironic\nauth_plugin = password\n").report.errors,
                IsEmpty());
}

TEST_F(Options, NotificationsNeedAWayThatThereIs) {
    const std::string section = "[oslo_messaging_notifications]\n";
    EXPECT_THAT(load(section + "driver = noop\ndriver = log\n").report.errors, IsEmpty());
    EXPECT_THAT(load(section + "driver = messagingv2\n").report.errors,
                ElementsAre(HasSubstr("no message bus")));
    EXPECT_THAT(load(section + "driver = webhook\n").report.errors,
                ElementsAre(HasSubstr("needs [notifications]webhook_url")));
    EXPECT_THAT(
        load(section + "driver = webhook\n[notifications]\nwebhook_url = ftp://x\n").report.errors,
        ElementsAre(AllOf(HasSubstr("http://"), Not(HasSubstr("ftp")))))
        << "the URL may be a secret";
    auto good = load("[DEFAULT]\nnotification_level = warning\n" + section +
                     "driver = webhook\n[notifications]\nwebhook_url = https://hooks.example/f\n"
                     "webhook_secret = hunter2\n");
    EXPECT_THAT(good.report.errors, IsEmpty());
    EXPECT_EQ(good.options.notifications.notification_level, model::NotificationLevel::warning);
    EXPECT_THAT(load("[DEFAULT]\nnotification_level = loud\n").report.errors, SizeIs(1));
}

TEST_F(Options, WarnsOfAKeystoneThatNobodyAsks) {
    auto report = load("[keystone_authtoken]\nauth_url = http://keystone:5000\n").report;
    EXPECT_THAT(report.warnings, ElementsAre(HasSubstr("auth_strategy is noauth")));
}

TEST_F(Options, ThePolicyLiesBesideTheConfiguration) {
    auto directory = std::filesystem::path(path_).parent_path().string();
    EXPECT_EQ(load("").options.policy.policy_file, directory + "/policy.yaml");
    EXPECT_EQ(load("").options.policy.policy_dirs,
              std::vector<std::string>{directory + "/policy.d"});
    EXPECT_EQ(load("[oslo_policy]\npolicy_file =\n").options.policy.policy_file, "");
    auto report = load("[oslo_policy]\npolicy_file = /nonexistent.yaml\n").report;
    EXPECT_THAT(report.errors, ElementsAre(HasSubstr("/nonexistent.yaml: there is no such file")));
}

TEST_F(Options, EveryRowIsWellMade) {
    std::set<std::string> seen;
    for (const auto& option : option_table().rows()) {
        auto name = "[" + option.section + "]" + option.name;
        EXPECT_TRUE(seen.insert(name).second) << name << " is declared twice";
        EXPECT_TRUE(option.help.ends_with(".")) << name;
        EXPECT_FALSE(option.allowed.empty()) << name;
        EXPECT_EQ(option.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"),
                  std::string::npos)
            << name;
    }
    for (const auto& [section, names] : accepted_options()) {
        std::istringstream words{std::string(names)};
        for (std::string word; words >> word;)
            EXPECT_FALSE(seen.contains("[" + std::string(section) + "]" + word))
                << "[" << section << "]" << word << " is implemented and accepted without effect";
    }
}

TEST_F(Options, TheSampleFileIsAValidConfiguration) {
    std::istringstream sample(sample_config(option_table().rows()));
    std::string content;
    for (std::string line; std::getline(sample, line);) {
        bool is_value =
            line.starts_with('#') && !line.starts_with("# ") && line.find("= <") == line.npos;
        content += (is_value ? line.substr(1) : line) + "\n";
    }
    auto report = load(content).report;
    EXPECT_THAT(report.errors, IsEmpty());
    EXPECT_THAT(report.warnings, IsEmpty());
}

TEST_F(Options, FindingsAreWrittenForPeople) {
    EXPECT_EQ(describe(load("").report), "no problems\n");
    EXPECT_EQ(describe(load("[api]\nprt = 1\n").report),
              "warning: " + path_ + ":2: there is no option [api]prt; did you mean [api]port?\n");
}

}  // namespace
}  // namespace ferrite::daemon
