#include "sim/fleet.h"

#include <charconv>

#include <fmt/core.h>

#include "base/error.h"
#include "base/log.h"
#include "sim/agent_life.h"

namespace ferrite::sim {
namespace {

/// As wide as the largest number, so that names sort like numbers.
int digits_of(unsigned machines) {
    return static_cast<int>(std::to_string(machines).size());
}

/// Locally administered, and different for BMCs of different addresses: fleets beside each other
/// have no MAC in common.
std::string mac_for(std::uint32_t bmc) {
    return fmt::format("02:f0:{:02x}:{:02x}:{:02x}:{:02x}", bmc >> 24, bmc >> 16 & 0xFF,
                       bmc >> 8 & 0xFF, bmc & 0xFF);
}

std::vector<std::unique_ptr<Machine>> make_machines(const Fleet::Options& options) {
    if (options.machines > options.addresses.count)
        throw InvalidValue(
            fmt::format("{} machines need as many BMC addresses, and --bmc-addresses has {}.",
                        options.machines, options.addresses.count));
    auto faults = draw_faults(options.faults, options.machines, options.seed);
    std::vector<std::unique_ptr<Machine>> machines;
    machines.reserve(options.machines);
    for (unsigned number = 1; number <= options.machines; ++number) {
        auto address = options.addresses.first + number - 1;
        auto seed = mixed_seed(options.seed, number);
        Random random(seed);
        Machine::Identity identity{.number = number,
                                   .name = fmt::format("{}{:0{}}", options.name_prefix, number,
                                                       digits_of(options.machines)),
                                   .mac = mac_for(address),
                                   .bmc = IpAddress::v4(address)};
        for (auto& byte : identity.guid) byte = static_cast<std::uint8_t>(random.next());
        machines.push_back(std::make_unique<Machine>(std::move(identity), options.timings,
                                                     faults[number - 1], random.next()));
    }
    return machines;
}

}  // namespace

AddressRange parse_address_range(std::string_view text) {
    auto slash = text.find('/');
    auto network = IpAddress::parse(text.substr(0, slash));
    unsigned bits = 0;
    auto length = slash == text.npos ? std::string_view() : text.substr(slash + 1);
    auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), bits);
    bool good = network && network->is_v4() && error == std::errc() &&
                end == length.data() + length.size() && bits >= 8 && bits <= 30;
    if (!good)
        throw InvalidValue(
            fmt::format("'{}' is no range of IPv4 addresses: write it as 127.1.0.0/16.", text));
    auto size = std::uint32_t(1) << (32 - bits);
    auto first = network->to_v4() & ~(size - 1);
    return {.first = first + 1, .count = size - 2};
}

Fleet::Fleet(Runtime& runtime, ServiceClient& service, Options options)
    : runtime_(runtime),
      service_(service),
      options_(std::move(options)),
      machines_(make_machines(options_)),
      bmcs_(runtime, machines_, options_.bmc,
            [this](Machine& machine, Coming coming) { follow(machine, std::move(coming)); }) {}

Fleet::~Fleet() = default;

void Fleet::start(std::string agent_base_url) {
    options_.agent_base_url = std::move(agent_base_url);
    bmcs_.start();
}

Machine* Fleet::find(unsigned number) const {
    return number >= 1 && number <= machines_.size() ? machines_[number - 1].get() : nullptr;
}

void Fleet::follow(Machine& machine, Coming coming) {
    runtime_.spawn("machine", wait(this, &machine, std::move(coming)));
}

Task<> Fleet::wait(Fleet* fleet, Machine* machine, Coming coming) {
    co_await sleep_for(coming.delay);
    auto change = machine->complete(coming);
    if (change.coming) fleet->follow(*machine, std::move(*change.coming));
    if (change.agent_boots) co_await live(fleet, machine, coming.episode);
}

Task<> Fleet::live(Fleet* fleet, Machine* machine, std::uint64_t episode) {
    AgentLife::Options options{.callback_url = fmt::format("{}/{}", fleet->options_.agent_base_url,
                                                           machine->identity().number),
                               .retry = fleet->options_.report_retry,
                               .seed = mixed_seed(episode, machine->identity().number)};
    co_await live_as_agent(machine, &fleet->service_, episode, std::move(options));
}

}  // namespace ferrite::sim
