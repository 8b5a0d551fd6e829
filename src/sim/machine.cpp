#include "sim/machine.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "sim/sensors.h"

namespace ferrite::sim {
namespace {

using ipmi::BootDevice;
using ipmi::PowerAction;
using ipmi::PowerState;

constexpr std::uint8_t kChassisControl = 0x02;
constexpr std::uint8_t kSetBootOptions = 0x08;

bool changes_something(const ipmi::Request& request) {
    return request.net_fn == ipmi::kNetFnChassis &&
           (request.command == kChassisControl || request.command == kSetBootOptions);
}

void add(JsonObject& totals, std::string_view key, std::int64_t count) {
    auto& value = totals[key];
    value = (value.is_int64() ? value.as_int64() : 0) + count;
}

}  // namespace

std::string_view to_text(Running running) {
    switch (running) {
        case Running::nothing:
            return "nothing";
        case Running::firmware:
            return "firmware";
        case Running::agent:
            return "agent";
        case Running::instance:
            return "instance";
    }
    return "";
}

Machine::Machine(Identity identity, const Timings& timings, Faults faults, std::uint64_t seed)
    : identity_(std::move(identity)), timings_(timings), faults_(faults), random_(seed) {
    chassis_.guid = identity_.guid;
}

Faults Machine::faults() {
    MutexLock lock(mutex_);
    return faults_;
}

void Machine::set_faults(Faults faults) {
    MutexLock lock(mutex_);
    faults_ = faults;
}

// The BMC.

std::pair<ipmi::CommandReply, std::optional<Coming>> Machine::handle(const ipmi::Request& request,
                                                                     std::string_view driver) {
    MutexLock lock(mutex_);
    ++bmc_commands_;
    if (changes_something(request)) note_driver(driver);
    if (auto reply = answer_about_sensors(request, chassis_.power, identity_.number))
        return {*reply, std::nullopt};
    bool controls = request.net_fn == ipmi::kNetFnChassis && request.command == kChassisControl;
    if (!controls) return {chassis_.handle(request), std::nullopt};
    if (faults_.has(Fault::stuck_bmc)) return {};
    std::optional<PowerAction> action;
    chassis_.on_control = [&](PowerAction taken) { action = taken; };
    auto before = chassis_.power;
    auto reply = chassis_.handle(request);
    chassis_.on_control = nullptr;
    // The machine decides when its power changes: a soft off takes its time.
    auto after = std::exchange(chassis_.power, before);
    if (!action || (after == before && *action == PowerAction::on)) return {reply, std::nullopt};
    return {reply, on_control(*action)};
}

std::optional<Coming> Machine::on_control(PowerAction action) {
    switch (action) {
        case PowerAction::on:
            return power_on();
        case PowerAction::cycle:
        case PowerAction::reset:
            power_off();
            return power_on();
        case PowerAction::soft: {
            // Without an operating system there is nobody to take leave of.
            bool listens = running_ == Running::agent || running_ == Running::instance;
            if (listens)
                return Coming{.kind = Coming::Kind::shut_down,
                              .episode = episode_,
                              .delay = timings_.shutdown.draw(random_)};
            power_off();
            return std::nullopt;
        }
        case PowerAction::off:
            power_off();
            return std::nullopt;
        default:
            return std::nullopt;
    }
}

std::optional<Coming> Machine::power_on() {
    begin_episode();
    chassis_.power = PowerState::on;
    running_ = Running::firmware;
    ++boots_;
    if (faults_.has(Fault::no_boot)) return std::nullopt;
    return Coming{
        .kind = Coming::Kind::booted, .episode = episode_, .delay = timings_.boot.draw(random_)};
}

void Machine::power_off() {
    begin_episode();
    chassis_.power = PowerState::off;
    running_ = Running::nothing;
}

/// Whatever was under way on the machine is over.
void Machine::begin_episode() {
    ++episode_;
    agent_.reset();
    wake();
    wake_.reset();
}

void Machine::note_driver(std::string_view endpoint) {
    auto known = std::ranges::find(drivers_, endpoint, &Driver::endpoint);
    if (known == drivers_.end()) {
        drivers_.push_back({std::string(endpoint), 1});
        return;
    }
    ++known->changes;
    if (known + 1 == drivers_.end()) return;
    // Another had taken over in between: two drive the machine.
    ++driver_returns_;
    std::rotate(known, known + 1, drivers_.end());
}

void Machine::wake() {
    if (wake_) wake_->set();
}

// Booting.

Machine::Change Machine::complete(const Coming& coming) {
    MutexLock lock(mutex_);
    if (coming.episode != episode_) return {};
    switch (coming.kind) {
        case Coming::Kind::booted:
            running_ = boot();
            return {.agent_boots = running_ == Running::agent, .coming = std::nullopt};
        case Coming::Kind::shut_down:
            power_off();
            break;
        case Coming::Kind::agent_crashed:
            if (agent_) agent_->crashed = true;
            wake();
            break;
        case Coming::Kind::command_ended:
            return {.coming = end_command(coming.command)};
    }
    return {};
}

Running Machine::boot() {
    auto device = take_boot_device();
    if (device == BootDevice::pxe) {
        ++network_boots_;
        return Running::agent;
    }
    if (device == BootDevice::disk && disk_) return Running::instance;
    return Running::nothing;
}

/// As firmware does: an order for this boot alone goes first and is used up, then the lasting one,
/// then the disk if there is something on it, then the network.
BootDevice Machine::take_boot_device() {
    constexpr std::uint8_t kBootFlags = 5;
    ByteWriter flags;
    flags.u8(1).u8(kBootFlags).raw(chassis_.boot_option(kBootFlags));
    auto wanted = ipmi::parse_boot_flags(flags.bytes());
    if (wanted && wanted->valid && wanted->device != BootDevice::none) {
        if (wanted->persistence == ipmi::Persistence::next_boot) {
            chassis_.handle({ipmi::kNetFnChassis, kSetBootOptions, {kBootFlags, 0, 0, 0, 0, 0}});
            return wanted->device;
        }
        lasting_device_ = wanted->device;
    }
    if (lasting_device_) return *lasting_device_;
    return disk_ ? BootDevice::disk : BootDevice::pxe;
}

std::uint64_t Machine::episode() {
    MutexLock lock(mutex_);
    return episode_;
}

// The agent.

void Machine::begin_agent(std::uint64_t episode, std::string node, std::string token) {
    MutexLock lock(mutex_);
    if (episode != episode_) return;
    agent_ = std::make_unique<Agent>();
    agent_->node = std::move(node);
    agent_->token = std::move(token);
}

std::shared_ptr<Signal> Machine::next_report(std::uint64_t episode) {
    MutexLock lock(mutex_);
    if (episode != episode_ || !agent_ || agent_->silent || agent_->crashed) return nullptr;
    if (faults_.has(Fault::agent_hang) && agent_->heartbeats > 0) return nullptr;
    if (!wake_ || wake_->is_set()) wake_ = std::make_shared<Signal>();
    return wake_;
}

void Machine::count_heartbeat(std::uint64_t episode) {
    MutexLock lock(mutex_);
    if (episode == episode_ && agent_) ++agent_->heartbeats;
}

bool Machine::has_unread_result(std::uint64_t episode) {
    MutexLock lock(mutex_);
    return episode == episode_ && agent_ && agent_->commands.has_unread_result();
}

Machine::Admission Machine::admit(std::string_view token) {
    MutexLock lock(mutex_);
    if (!agent_ || agent_->crashed) return Admission::no_agent;
    return agent_->token == token ? Admission::admitted : Admission::wrong_token;
}

std::pair<AgentCommands::Answer, std::optional<Coming>> Machine::give_command(
    std::string_view name, const JsonObject& parameters) {
    MutexLock lock(mutex_);
    if (!agent_) return {{.status = 503, .body = JsonObject()}, std::nullopt};
    auto answer = agent_->commands.give(name, parameters);
    if (answer.status == 409) ++busy_refusals_;
    if (answer.work == AgentCommands::Work::lock_down) agent_->silent = true;
    if (answer.id.empty()) return {std::move(answer), std::nullopt};
    auto coming = work_for(answer);
    agent_->work.emplace(answer.id, answer);
    return {std::move(answer), std::move(coming)};
}

/// When the command will have ended; nothing for one that never will.
std::optional<Coming> Machine::work_for(const AgentCommands::Answer& answer) {
    Coming coming{.kind = Coming::Kind::command_ended, .episode = episode_, .command = answer.id};
    using Work = AgentCommands::Work;
    if (answer.work == Work::write) ++writes_begun_;
    bool is_step = !answer.step.empty();
    if (is_step && faults_.has(Fault::agent_hang)) return std::nullopt;
    coming.delay = answer.work == Work::write  ? timings_.write.draw(random_)
                   : answer.work == Work::step ? timings_.step.draw(random_)
                                               : timings_.shutdown.draw(random_);
    if (is_step && faults_.has(Fault::agent_crash)) {
        coming.kind = Coming::Kind::agent_crashed;
        coming.delay /= 2;
    }
    return coming;
}

std::optional<Coming> Machine::end_command(const std::string& id) {
    if (!agent_) return std::nullopt;
    auto found = agent_->work.find(id);
    if (found == agent_->work.end()) return std::nullopt;
    auto done = std::move(found->second);
    agent_->work.erase(found);
    using Work = AgentCommands::Work;
    Json error;
    if (done.work == Work::write && faults_.has(Fault::bad_checksum)) {
        error = agent_error("ImageChecksumError", "Error verifying image checksum",
                            "The image has another checksum than it should have.");
    } else if (done.image) {
        ++images_written_;
        disk_ = last_image_ = done.image;
    }
    if (done.step.starts_with("erase_devices")) disk_.reset();
    if (!done.step.empty() && error.is_null()) ++steps_done_;
    agent_->commands.finish(id, std::move(error));
    wake();
    if (done.work == Work::power_off || done.work == Work::reboot) power_off();
    return done.work == Work::reboot ? power_on() : std::nullopt;
}

Json Machine::list_commands() {
    MutexLock lock(mutex_);
    return agent_ ? agent_->commands.list() : Json(JsonObject());
}

std::optional<Json> Machine::find_command(std::string_view id) {
    MutexLock lock(mutex_);
    return agent_ ? agent_->commands.find(id) : std::nullopt;
}

std::shared_ptr<Signal> Machine::command_end(std::string_view id) {
    MutexLock lock(mutex_);
    if (!agent_ || agent_->crashed || !agent_->commands.is_running(id)) return nullptr;
    if (!wake_ || wake_->is_set()) wake_ = std::make_shared<Signal>();
    return wake_;
}

// What is told of it.

Json Machine::image_json() const {
    if (!last_image_) return nullptr;
    return JsonObject{
        {"id", last_image_->id}, {"url", last_image_->url}, {"checksum", last_image_->checksum}};
}

JsonObject Machine::to_json() {
    MutexLock lock(mutex_);
    JsonArray faults;
    for (const auto& word : faults_.words()) faults.emplace_back(word);
    JsonArray drivers;
    for (const auto& driver : drivers_)
        drivers.push_back(JsonObject{{"console", driver.endpoint}, {"changes", driver.changes}});
    Json agent;
    if (agent_)
        agent = JsonObject{{"node", agent_->node},
                           {"heartbeats", agent_->heartbeats},
                           {"commands", agent_->commands.count()},
                           {"runs", agent_->commands.running()},
                           {"crashed", agent_->crashed}};
    return {{"number", identity_.number},
            {"name", identity_.name},
            {"mac", identity_.mac},
            {"bmc_address", identity_.bmc.to_text()},
            {"power", chassis_.power == PowerState::on ? "on" : "off"},
            {"running", to_text(running_)},
            {"boots", boots_},
            {"network_boots", network_boots_},
            {"disk", disk_ ? Json(disk_->id) : Json()},
            {"writes_begun", writes_begun_},
            {"images_written", images_written_},
            {"last_image", image_json()},
            {"steps_done", steps_done_},
            {"commands_refused_as_busy", busy_refusals_},
            {"bmc_commands", bmc_commands_},
            {"drivers", std::move(drivers)},
            {"driver_returns", driver_returns_},
            {"agent", std::move(agent)},
            {"faults", std::move(faults)}};
}

void Machine::add_to(JsonObject& totals) {
    MutexLock lock(mutex_);
    add(totals, "machines", 1);
    add(totals, "on", chassis_.power == PowerState::on);
    add(totals, "agents", running_ == Running::agent);
    add(totals, "instances", running_ == Running::instance);
    add(totals, "boots", boots_);
    add(totals, "writes_begun", writes_begun_);
    add(totals, "images_written", images_written_);
    add(totals, "steps_done", steps_done_);
    add(totals, "bmc_commands", bmc_commands_);
    add(totals, "read_by_bmc", bmc_commands_ > 0);
    add(totals, "driver_returns", driver_returns_);
    add(totals, "faulty", !faults_.words().empty());
}

}  // namespace ferrite::sim
