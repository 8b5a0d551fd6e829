#include "daemon/options.h"

#include <array>
#include <filesystem>

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/unique_fd.h"
#include "daemon/cluster.h"
#include "daemon/option_rows.h"

namespace ferrite::daemon {
namespace {

constexpr AcceptedSection kAccepted[] = {
#include "daemon/accepted_options.inc"
};

std::string host_name() {
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
    return name.data();
}

/// The address that packets to the outside would leave from, or 127.0.0.1 when there is no way
/// out. Connecting a UDP socket sends nothing.
std::string own_address() {
    UniqueFd probe(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in outside{};
    outside.sin_family = AF_INET;
    outside.sin_port = htons(53);
    outside.sin_addr.s_addr = htonl(0xC0000201);  // 192.0.2.1, a documentation address
    sockaddr_in own{};
    socklen_t size = sizeof own;
    std::array<char, INET_ADDRSTRLEN> text{};
    if (connect(probe.get(), reinterpret_cast<sockaddr*>(&outside), sizeof outside) != 0 ||
        getsockname(probe.get(), reinterpret_cast<sockaddr*>(&own), &size) != 0 ||
        inet_ntop(AF_INET, &own.sin_addr, text.data(), text.size()) == nullptr)
        return "127.0.0.1";
    return text.data();
}

/// Gives `host` and `my_ip` a value when the entries have none, so that references to them work.
void add_found_out(std::vector<IniEntry>& entries) {
    std::vector<IniEntry> found{{"DEFAULT", "host", host_name(), "host name", 0},
                                {"DEFAULT", "my_ip", own_address(), "address of this host", 0}};
    entries.insert(entries.begin(), found.begin(), found.end());
}

bool exists(const std::string& file) {
    std::error_code ignored;
    return std::filesystem::exists(file, ignored);
}

/// What each authentication strategy needs.
void check_auth(const Options& options, std::vector<std::string>& errors) {
    const auto& general = options.general;
    const auto& token = options.auth_token;
    if (general.auth_strategy == AuthStrategy::http_basic &&
        !exists(general.http_basic_auth_user_file))
        errors.push_back(
            fmt::format("[DEFAULT]http_basic_auth_user_file = {}: there is no such file; make it "
                        "with htpasswd -B -c",
                        general.http_basic_auth_user_file));
    if (general.auth_strategy != AuthStrategy::keystone) return;
    bool by_password = token.auth_type == KeystoneLogin::password;
    bool can_log_in = by_password ? !token.username.empty() && !token.password.empty()
                                  : !token.application_credential_id.empty() &&
                                        !token.application_credential_secret.empty();
    if (token.auth_url.empty() || !can_log_in)
        errors.push_back(fmt::format(
            "[DEFAULT]auth_strategy = keystone: needs auth_url, {} in [keystone_authtoken]",
            by_password ? "username and password"
                        : "application_credential_id and application_credential_secret"));
}

/// Relative policy files and directories lie beside the configuration. A file of another than the
/// usual name must be there.
void settle_policy_file(PolicyOptions& policy, const std::vector<std::string>& files,
                        std::vector<std::string>& errors) {
    auto directory = files.empty() ? std::filesystem::path("/etc/ferrite")
                                   : std::filesystem::absolute(files.front()).parent_path();
    for (auto& place : policy.policy_dirs) place = directory / place;
    if (policy.policy_file.empty()) return;
    bool usual = policy.policy_file == PolicyOptions().policy_file;
    policy.policy_file = directory / policy.policy_file;
    if (!usual && !exists(policy.policy_file))
        errors.push_back(fmt::format("[oslo_policy]policy_file = {}: there is no such file",
                                     policy.policy_file));
}

/// Rules about more than one option.
void check_together(const Options& options, std::vector<std::string>& errors) {
    check_auth(options, errors);
    check_notifications(options.notifications, errors);
    if (options.api.enable_ssl_api &&
        (options.api.cert_file.empty() || options.api.key_file.empty()))
        errors.push_back("[api]enable_ssl_api = true: needs [api]cert_file and [api]key_file");
    if (options.conductor.conductor_cleanup_timeout < 3 * options.conductor.heartbeat_timeout)
        errors.push_back(
            fmt::format("[conductor]conductor_cleanup_timeout = {}: must be at least three times "
                        "[conductor]heartbeat_timeout, which is {}",
                        options.conductor.conductor_cleanup_timeout.count(),
                        options.conductor.heartbeat_timeout.count()));
    if (options.conductor.heartbeat_timeout <= options.conductor.heartbeat_interval)
        errors.push_back(fmt::format(
            "[conductor]heartbeat_timeout = {}: must be more than [conductor]heartbeat_interval, "
            "which is {}",
            options.conductor.heartbeat_timeout.count(),
            options.conductor.heartbeat_interval.count()));
    if (options.auto_discovery.enabled && options.auto_discovery.driver.empty())
        errors.push_back(
            "[auto_discovery]enabled = true: needs [auto_discovery]driver, the hardware type of "
            "the nodes that it makes");
    try {
        store_settings(options.database);
    } catch (const InvalidValue& failure) {
        errors.push_back(failure.message());
    }
}

}  // namespace

const OptionTable<Options>& option_table() {
    static const auto table = [] {
        OptionTable<Options> made;
        add_service_rows(made);
        add_cluster_rows(made);
        add_web_rows(made);
        add_auth_rows(made);
        add_conductor_rows(made);
        add_hardware_rows(made);
        add_notification_rows(made);
        return made;
    }();
    return table;
}

std::span<const AcceptedSection> accepted_options() {
    return kAccepted;
}

LoadedOptions load_options(const std::vector<std::string>& files) {
    LoadedOptions loaded;
    auto entries = read_config_files(files, loaded.report);
    auto environment = environment_entries(option_table().rows());
    entries.insert(entries.end(), environment.begin(), environment.end());
    add_found_out(entries);
    loaded.options = make_options(option_table(), accepted_options(), entries, loaded.report);
    check_together(loaded.options, loaded.report.errors);
    check_cluster(loaded.options, loaded.report.errors, loaded.report.warnings);
    if (loaded.options.general.auth_strategy == AuthStrategy::noauth &&
        !loaded.options.auth_token.auth_url.empty())
        loaded.report.warnings.push_back(
            "[keystone_authtoken]auth_url is set, but [DEFAULT]auth_strategy is noauth: nobody is "
            "asked for a token");
    settle_policy_file(loaded.options.policy, files, loaded.report.errors);
    auto& general = loaded.options.general;
    if (!general.log_file.empty() && !general.log_dir.empty())
        general.log_file = std::filesystem::path(general.log_dir) / general.log_file;
    auto& access_log = loaded.options.serving.access_log;
    if (!access_log.empty() && !general.log_dir.empty())
        access_log = std::filesystem::path(general.log_dir) / access_log;
    return loaded;
}

std::vector<std::string> default_config_files() {
    for (std::string file : {"/etc/ferrite/ferrite.conf", "/etc/ironic/ironic.conf"}) {
        if (exists(file)) return {file};
    }
    return {};
}

std::string describe(const ConfigReport& report) {
    std::string text;
    for (const auto& line : report.errors) text += fmt::format("error: {}\n", line);
    for (const auto& line : report.warnings) text += fmt::format("warning: {}\n", line);
    for (const auto& line : report.notes) text += fmt::format("note: {}\n", line);
    return text.empty() ? "no problems\n" : text;
}

store::Store::Options store_settings(const DatabaseOptions& options) {
    store::Store::Options settings{
        .readers = static_cast<unsigned>(options.max_pool_size),
        .overflow = static_cast<unsigned>(options.max_overflow),
        .pool_timeout = options.pool_timeout,
        .recycle = options.connection_recycle_time,
        .retries = options.max_retries,
        .retry_interval = options.retry_interval,
        .auto_upgrade = options.auto_upgrade,
    };
    try {
        settings.database = store::parse_database_url(options.connection);
    } catch (const InvalidValue& failure) {
        // The URL may hold a password: the message must not show it.
        throw InvalidValue("[database]connection = [secret]: " + failure.message());
    }
    return settings;
}

}  // namespace ferrite::daemon
