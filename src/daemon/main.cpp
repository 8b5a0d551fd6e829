#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <fmt/ranges.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "api/openapi.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "daemon/options.h"
#include "daemon/server.h"
#include "store/schema.h"

namespace {

using namespace ferrite;

/// Signals are taken by the main thread alone; every other thread is started with them blocked.
sigset_t block_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR2}) sigaddset(&signals, number);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    signal(SIGPIPE, SIG_IGN);
    return signals;
}

/// Every connection is a file: the soft limit that shells set is far below what the service may
/// have.
void raise_file_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

void tell(const ConfigReport& report) {
    for (const auto& line : report.warnings) log_warning("CONFIG_WARNING", "{}", line);
    for (const auto& line : report.notes) log_info("CONFIG_NO_EFFECT", "{}", line);
}

LogLevel log_level(const daemon::Options& options) {
    return options.general.debug ? LogLevel::debug : LogLevel::info;
}

/// What a running service takes up without a restart. Files of policy rules and passwords are not
/// among it: they are watched, and read again without being told.
void reload(const std::vector<std::string>& files, daemon::Server& server) {
    server.reload();
    auto loaded = daemon::load_options(files);
    if (!loaded.report.errors.empty()) {
        for (const auto& line : loaded.report.errors)
            log_error("CONFIG_BAD", "{} (the options stay as they were)", line);
        return;
    }
    set_log_level(log_level(loaded.options));
    log_info("SERVER_RELOADED",
             "debug={} certificate and access log were opened anew; policy and password files are "
             "always watched; other options need a restart",
             loaded.options.general.debug);
}

/// Waits for the signal to end, which it returns, and reloads on each SIGHUP before. A second
/// signal while the service drains ends it at once, which the database is made for.
int wait_for_end(const sigset_t& signals, const std::vector<std::string>& files,
                 daemon::Server& server) {
    for (;;) {
        int number = 0;
        sigwait(&signals, &number);
        if (number != SIGHUP) return number;
        try {
            reload(files, server);
        } catch (const std::exception& failure) {
            log_error("CONFIG_BAD", "{} (the options stay as they were)", failure.what());
        }
    }
}

void let_second_signal_kill(const sigset_t& signals) {
    signal(SIGHUP, SIG_IGN);
    pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
    for (int number : {SIGTERM, SIGINT}) signal(number, SIG_DFL);
}

std::chrono::seconds or_for_ever(std::chrono::seconds timeout) {
    constexpr std::chrono::years kForEver{1};
    return timeout.count() > 0 ? timeout : kForEver;
}

int serve(const std::vector<std::string>& files, bool greet) {
    auto loaded = daemon::load_options(files);
    loaded.report.throw_errors();
    const auto& general = loaded.options.general;
    configure_log(log_level(loaded.options), general.log_file);
    tell(loaded.report);

    raise_file_limit();
    auto signals = block_signals();
    daemon::Server server(loaded.options);
    server.start();
    log_info("SERVER_READY", "url={} host={} roles={} version={}", server.url(), general.host,
             fmt::join(loaded.options.roles.roles, ","), FERRITE_VERSION);
    if (greet && !server.url().empty())
        fmt::print(stderr,
                   "\nFerrite answers at {0}\nNext:  baremetal --os-auth-type none --os-endpoint "
                   "{0} driver list\n\n",
                   server.url());
    bool drains = wait_for_end(signals, files, server) == SIGUSR2;
    log_info("SERVER_STOPPING", "drain={} a second signal ends it at once", drains);
    let_second_signal_kill(signals);
    server.stop(or_for_ever(drains ? general.drain_shutdown_timeout
                                   : loaded.options.conductor.graceful_shutdown_timeout));
    log_info("SERVER_STOPPED", "host={}", general.host);
    return 0;
}

int check(const std::vector<std::string>& files) {
    auto loaded = daemon::load_options(files);
    fmt::print("{}", daemon::describe(loaded.report));
    return loaded.report.errors.empty() ? 0 : 1;
}

/// `db status` and `db upgrade`: of the database that the configuration names.
struct DatabaseCommand {
    CLI::App* status = nullptr;
    CLI::App* upgrade = nullptr;
    bool dry_run = false;

    bool is_asked_for() const { return status->parsed() || upgrade->parsed(); }
};

void add_to(CLI::App& app, DatabaseCommand& command) {
    auto* database = app.add_subcommand("db", "Look after the database's schema");
    database->require_subcommand(1);
    database->fallthrough();
    command.status = database->add_subcommand(
        "status",
        "Say which schema there is; status 0: this program's, 1: an older one, 2: a "
        "newer one, 3: it can not be told");
    command.upgrade = database->add_subcommand("upgrade", "Bring the schema to this program's");
    command.upgrade->add_flag("--dry-run", command.dry_run, "Print what would be run, and end");
    for (auto* each : {command.status, command.upgrade}) each->fallthrough();
}

int tell_status(const store::SchemaStatus& status) {
    fmt::print("schema {}; this program's is {}; {} changes are pending\n", status.version,
               status.newest, status.pending.size());
    return status.is_newer() ? 2 : status.up_to_date() ? 0 : 1;
}

int look_after_database(const DatabaseCommand& command, const std::vector<std::string>& files) {
    auto loaded = daemon::load_options(files);
    loaded.report.throw_errors();
    const auto database = daemon::store_settings(loaded.options.database).database;
    auto db = store::open_database(database, store::Sql::Mode::read_write);
    fmt::print("database: {}\n", database.label());
    if (command.status->parsed()) return tell_status(store::schema_status(*db));
    auto run = command.dry_run ? store::schema_status(*db).pending : store::upgrade_schema(*db);
    for (const auto& statement : run) fmt::print("{};\n", statement);
    if (command.dry_run) return 0;
    return tell_status(store::schema_status(*db));
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Ferrite: the OpenStack Bare Metal service as one small server", "ferrited"};
    std::vector<std::string> files;
    bool sample = false, check_only = false, greet = false, openapi = false;
    app.add_option("--config-file", files,
                   "Configuration file (ferrite.conf or ironic.conf); may be given several times, "
                   "later files win");
    app.add_flag("--sample-config", sample, "Print a configuration file with every option");
    app.add_flag("--check-config", check_only, "Read the configuration, say what is wrong, end");
    app.add_flag("--openapi", openapi, "Print the OpenAPI description of the API");
    app.add_flag("--greet", greet, "Print the URL and the next command to type when ready");
    app.set_version_flag("--version", "ferrited " FERRITE_VERSION);
    DatabaseCommand database;
    add_to(app, database);
    CLI11_PARSE(app, argc, argv);
    try {
        if (sample) {
            fmt::print("{}", sample_config(daemon::option_table().rows()));
            return 0;
        }
        if (openapi) {
            fmt::print("{}\n", to_text(api::openapi_document(model::kLatestVersion)));
            return 0;
        }
        if (files.empty()) files = daemon::default_config_files();
        if (database.is_asked_for()) return look_after_database(database, files);
        return check_only ? check(files) : serve(files, greet);
    } catch (const std::exception& error) {
        fmt::print(stderr, "ferrited: {}\n", error.what());
        return database.is_asked_for() ? 3 : 1;
    }
}
