// ferrite-sim: plays a fleet of machines over the protocols that real ones speak.

#include <cstdio>
#include <exception>
#include <map>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"
#include "base/http_server.h"
#include "base/log.h"
#include "base/runtime.h"
#include "sim/enrolment.h"
#include "sim/fleet.h"
#include "sim/web.h"

namespace {

using namespace ferrite;
using namespace ferrite::sim;

/// What the enrolment tells the main thread, which waits for signals, when it is over.
constexpr int kEnrolled = SIGUSR1;

/// The command line as it was typed.
struct Arguments {
    unsigned machines = 10;
    std::string prefix = "sim-";
    std::string addresses = "127.1.0.0/16";
    std::uint16_t bmc_port = 6230;
    std::string user = "admin", password = "simulated";
    std::string listen = "127.0.0.1";
    std::uint16_t port = 6231;
    std::string api;
    std::uint64_t seed = 1;
    std::string boot = "5s..20s", shutdown = "1s..5s", step = "1s..3s", write = "10s..60s";
    std::string report_retry = "2s";
    std::vector<std::string> faults;
    std::string enrol;
    Until until = Until::manageable;
    Enrolment::Options enrolment;
    bool exit_when_enrolled = false;
    bool debug = false;
};

std::string fault_help() {
    std::string text =
        "What is wrong with which machines: KIND=SHARE% or KIND=NUMBERS (3,10-19), slow-bmc with a "
        "delay behind a colon (slow-bmc=5%:3s). May be given several times. Kinds:";
    for (const auto& row : fault_rows()) text += fmt::format("\n  {}: {}", row.word, row.effect);
    return text;
}

void add_fleet_options(CLI::App& app, Arguments& a) {
    auto* group = app.add_option_group("Fleet");
    group->add_option("-n,--machines", a.machines, "How many machines")
        ->check(CLI::Range(1u, 1'000'000u))
        ->capture_default_str();
    group->add_option("--name-prefix", a.prefix, "What their names begin with")
        ->capture_default_str();
    group
        ->add_option("--bmc-addresses", a.addresses,
                     "Where their BMCs answer: one address each of this range")
        ->capture_default_str();
    group->add_option("--bmc-port", a.bmc_port, "UDP port of all BMCs; 0: any free one")
        ->capture_default_str();
    group->add_option("--bmc-user", a.user, "User of the BMCs")->capture_default_str();
    group->add_option("--bmc-password", a.password, "Password of that user")->capture_default_str();
    group->add_option("--listen", a.listen, "Address of the agents and of the control API")
        ->capture_default_str();
    group->add_option("--port", a.port, "TCP port of the same; 0: any free one")
        ->capture_default_str();
    group->add_option("--api", a.api,
                      "URL of the service that agents report to; that of --enrol unless given");
}

void add_behaviour_options(CLI::App& app, Arguments& a) {
    auto* group =
        app.add_option_group("Behaviour", "Times are durations (50ms, 1.5s, 2m) or ranges");
    group->add_option("--seed", a.seed, "What all chance is drawn from")->capture_default_str();
    group->add_option("--boot-time", a.boot, "Power on to agent or instance")
        ->capture_default_str();
    group->add_option("--shutdown-time", a.shutdown, "Soft power off to off")
        ->capture_default_str();
    group->add_option("--step-time", a.step, "A cleaning, deploy or service step")
        ->capture_default_str();
    group->add_option("--write-time", a.write, "Writing an image")->capture_default_str();
    group
        ->add_option("--report-retry", a.report_retry,
                     "Until an agent first repeats a look-up or a report")
        ->capture_default_str();
    group->add_option("--fault", a.faults, fault_help());
}

void add_enrolment_options(CLI::App& app, Arguments& a) {
    static const std::map<std::string, Until> kUntil = {{"enroll", Until::enroll},
                                                        {"manageable", Until::manageable},
                                                        {"available", Until::available}};
    auto* group = app.add_option_group("Enrolment");
    group->add_option("--enrol", a.enrol,
                      "URL of a service (http://127.0.0.1:6385) to enrol the machines at, over its "
                      "public API; nodes that exist are left as they are");
    group
        ->add_option("--until", a.until, "How far to take the nodes: enroll, manageable, available")
        ->transform(CLI::CheckedTransformer(kUntil).description(""))
        ->default_str("manageable");
    group->add_option("--jobs", a.enrolment.jobs, "Machines to enrol at one time")
        ->check(CLI::Range(1u, 10'000u))
        ->capture_default_str();
    group->add_option("--deploy-kernel", a.enrolment.deploy_kernel, "The nodes' deploy_kernel")
        ->capture_default_str();
    group->add_option("--deploy-ramdisk", a.enrolment.deploy_ramdisk, "The nodes' deploy_ramdisk")
        ->capture_default_str();
    group->add_option("--resource-class", a.enrolment.resource_class, "The nodes' resource_class")
        ->capture_default_str();
    group->add_flag("--exit-when-enrolled", a.exit_when_enrolled,
                    "End when all are enrolled, with status 1 if some could not be");
}

Fleet::Options fleet_options(const Arguments& a) {
    Fleet::Options options;
    options.machines = a.machines;
    options.name_prefix = a.prefix;
    options.addresses = parse_address_range(a.addresses);
    options.bmc = {.port = a.bmc_port, .user = a.user, .password = Secret(a.password)};
    options.timings = {.boot = parse_duration_range(a.boot),
                       .shutdown = parse_duration_range(a.shutdown),
                       .step = parse_duration_range(a.step),
                       .write = parse_duration_range(a.write)};
    for (const auto& text : a.faults) options.faults.push_back(parse_fault_rule(text));
    options.seed = a.seed;
    options.report_retry = parse_duration(a.report_retry);
    return options;
}

/// Signals are taken by the main thread alone; every other thread is started with them blocked.
sigset_t block_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (int number : {SIGTERM, SIGINT, kEnrolled}) sigaddset(&signals, number);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    return signals;
}

/// BMCs share one socket, but each agent that is spoken to costs a connection or two.
void raise_file_limit(unsigned machines) {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    auto wanted = 2ull * machines + 256;
    if (limit.rlim_cur < wanted)
        fmt::print(
            stderr,
            "ferrite-sim: at most {} files may be open (ulimit -Hn); {} machines whose agents "
            "all run at once want {}.\n",
            limit.rlim_cur, machines, wanted);
}

void report(const Enrolment::Summary& summary) {
    fmt::print(
        "ferrite-sim enrolled {} machines, {} were there before, {} have got where they were "
        "to be taken, {} have not\n",
        summary.enrolled, summary.existed, summary.reached, summary.failures.size());
    constexpr std::size_t kShown = 10;
    for (std::size_t i = 0; i < summary.failures.size() && i < kShown; ++i)
        fmt::print("  {}\n", summary.failures[i]);
    std::fflush(stdout);
}

Task<> enrol(Enrolment* enrolment, int* status) {
    auto summary = co_await enrolment->run();
    report(summary);
    *status = summary.failures.empty() ? 0 : 1;
    kill(getpid(), kEnrolled);
}

int run(const Arguments& a) {
    configure_log(a.debug ? LogLevel::debug : LogLevel::warning);
    auto options = fleet_options(a);
    auto api = a.api.empty() ? a.enrol.empty() ? "http://127.0.0.1:6385" : a.enrol : a.api;
    raise_file_limit(a.machines);
    auto signals = block_signals();

    Runtime runtime({.threads = 2, .name = "sim"});
    HttpClient client(runtime.executor());
    ServiceClient agents_service(client, api);
    ServiceClient enrolment_service(client, a.enrol);
    Fleet fleet(runtime, agents_service, std::move(options));
    Web web(fleet);
    HttpServer server(runtime.executor(),
                      {.address = a.listen, .port = a.port, .max_body_bytes = 64 * 1024 * 1024},
                      [&web](HttpRequest request) { return web.answer(std::move(request)); });
    server.start();
    auto url = fmt::format("http://{}:{}", a.listen, server.port());
    fleet.start(url + "/agents");
    fmt::print(
        "ferrite-sim ready: {} machines, BMCs at {} to {} UDP port {}, agents and control at "
        "{}, reporting to {}\n",
        a.machines, fleet.machines().front()->identity().bmc.to_text(),
        fleet.machines().back()->identity().bmc.to_text(), fleet.bmc_port(), url, api);
    std::fflush(stdout);

    auto enrolment_options = a.enrolment;
    enrolment_options.until = a.until;
    enrolment_options.user = a.user;
    enrolment_options.password = a.password;
    Enrolment enrolment(runtime, fleet, enrolment_service, enrolment_options);
    int enrolled = 0;
    if (!a.enrol.empty()) runtime.spawn("enrolment", enrol(&enrolment, &enrolled));
    int number = 0;
    do sigwait(&signals, &number);
    while (number == kEnrolled && !a.exit_when_enrolled);
    runtime.stop();
    return number == kEnrolled ? enrolled : 0;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{
        "Plays machines over the protocols that real ones speak: an IPMI BMC each, power, boot "
        "order, and a deploy agent that looks itself up, reports and 'writes' images.",
        "ferrite-sim"};
    Arguments arguments;
    add_fleet_options(app, arguments);
    add_behaviour_options(app, arguments);
    add_enrolment_options(app, arguments);
    app.add_flag("--debug", arguments.debug, "Log what agents try");
    app.set_version_flag("--version", "ferrite-sim " FERRITE_VERSION);
    CLI11_PARSE(app, argc, argv);
    try {
        if (arguments.exit_when_enrolled && arguments.enrol.empty())
            throw InvalidValue("--exit-when-enrolled needs --enrol URL.");
        return run(arguments);
    } catch (const std::exception& error) {
        fmt::print(stderr, "ferrite-sim: {}\n", error.what());
        return 1;
    }
}
