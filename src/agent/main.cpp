// The deploy agent's program: reads what the boot loader said, refuses to touch a machine that was
// not booted for it, and runs the agent.

#include <cstdio>
#include <filesystem>

#include <CLI/CLI.hpp>

#include "agent/agent.h"
#include "base/error.h"
#include "base/log.h"

namespace {

/// Only the ramdisk has this file. Elsewhere the agent would take the disk of whoever tried it.
constexpr auto kRamdiskMarker = "/etc/ferrite-agent-ramdisk";

struct Arguments {
    std::string sys, dev, proc;
    std::string parameters;
    std::string state_directory = "/run/ferrite-agent";
    std::vector<std::string> logs;
};

/// True when all three roots are given and none of them is the kernel's own, by whatever path.
bool has_made_up_machine(const Arguments& arguments) {
    const std::pair<const std::string&, const char*> roots[] = {
        {arguments.sys, "/sys"}, {arguments.dev, "/dev"}, {arguments.proc, "/proc"}};
    for (const auto& [given, real] : roots) {
        std::error_code error;
        if (given.empty() || std::filesystem::equivalent(given, real, error) || error) return false;
    }
    return true;
}

ferrite::agent::Agent::Settings read_settings(const Arguments& arguments) {
    using namespace ferrite::agent;
    Agent::Settings settings;
    bool made_up = has_made_up_machine(arguments);
    settings.roots = made_up ? MachineFiles::Roots{arguments.sys, arguments.dev, arguments.proc}
                             : MachineFiles::Roots{"/sys", "/dev", "/proc"};
    auto parameters =
        BootParameters::parse(read_text(settings.roots.proc / "cmdline").value_or(""));
    // Virtual media brings its own parameters, which are closer to this very boot.
    if (!arguments.parameters.empty())
        parameters.overlay(BootParameters::parse(read_text(arguments.parameters).value_or("")));
    settings.options = read_options(parameters);
    settings.state_directory = arguments.state_directory;
    settings.log_files.assign(arguments.logs.begin(), arguments.logs.end());
    settings.version = FERRITE_VERSION;
    return settings;
}

int run(const Arguments& arguments) {
    if (!has_made_up_machine(arguments) && !std::filesystem::exists(kRamdiskMarker)) {
        std::fprintf(stderr,
                     "ferrite-agent erases and writes the disks of the machine it runs on. This is "
                     "not its ramdisk (no %s), so it does nothing.\nTo try it, give a made-up "
                     "machine with --sys, --dev and --proc.\n",
                     kRamdiskMarker);
        return 2;
    }
    auto settings = read_settings(arguments);
    ferrite::configure_log(settings.options.debug ? ferrite::LogLevel::debug
                                                  : ferrite::LogLevel::info);
    ferrite::log_info("AGENT_STARTED", "version={}", settings.version);
    ferrite::agent::Agent(std::move(settings)).run();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app(
        "Deploy agent of a provisioning ramdisk: speaks the protocol of the "
        "ironic-python-agent.");
    Arguments arguments;
    app.add_option("--sys", arguments.sys, "A tree in place of /sys (with --dev and --proc)");
    app.add_option("--dev", arguments.dev, "A directory in place of /dev");
    app.add_option("--proc", arguments.proc, "A directory in place of /proc");
    app.add_option("--parameters", arguments.parameters,
                   "More key=value parameters, over those of the kernel command line");
    app.add_option("--state", arguments.state_directory,
                   "Where token and certificate outlive a restart of this program");
    app.add_option("--log", arguments.logs, "A log file to include in collected logs");
    app.set_version_flag("--version", FERRITE_VERSION);
    CLI11_PARSE(app, argc, argv);
    try {
        return run(arguments);
    } catch (const std::exception& error) {
        ferrite::log_error("AGENT_STOPPED", "cause=\"{}\"", error.what());
        return 1;
    }
}
