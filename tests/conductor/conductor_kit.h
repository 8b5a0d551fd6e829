#pragma once

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/circuit_breaker.h"
#include "base/runtime.h"
#include "base/uuid.h"
#include "conductor/conductor.h"
#include "hardware/agent_client.h"
#include "hardware/fake.h"
#include "model/states.h"
#include "store/nodes.h"
#include "store/ports.h"
#include "store/store.h"

namespace ferrite::conductor {

using namespace std::chrono_literals;
using hardware::AgentProgress;
using hardware::NodeContext;
using hardware::Step;
using hardware::StepKind;
using hardware::StepOutcome;
namespace states = model::states;
namespace power = model::power;

/// What the hardware of a test does: every call of a scripted interface goes through act(), under a
/// name such as "prepare" or "step deploy.write_image". Any thread.
class Script {
public:
    /// Records the call; waits at its gate; throws what it was told to.
    Task<> act(std::string call) {
        std::shared_ptr<Signal> gate;
        {
            std::lock_guard lock(mutex_);
            calls_.push_back(call);
            if (auto found = gates_.find(call); found != gates_.end()) gate = found->second;
        }
        if (gate) co_await gate->wait_for(60s);
        std::lock_guard lock(mutex_);
        if (busy_.contains(call)) throw hardware::AgentBusy("The agent is busy.");
        if (auto rest = rests_.find(call); rest != rests_.end())
            throw CircuitOpen("The BMC", rest->second);
        if (auto bad = failures_.find(call); bad != failures_.end())
            throw Error(500, "scripted", bad->second);
        if (auto bad = surprises_.find(call); bad != surprises_.end())
            throw std::runtime_error(bad->second);
    }

    void fail(const std::string& call, std::string message) {
        std::lock_guard lock(mutex_);
        failures_[call] = std::move(message);
    }
    /// The device is not asked, because it was silent.
    void rest(const std::string& call, std::chrono::milliseconds retry_after) {
        std::lock_guard lock(mutex_);
        rests_[call] = retry_after;
    }
    /// Fails with an exception that is none of ours.
    void surprise(const std::string& call, std::string message) {
        std::lock_guard lock(mutex_);
        surprises_[call] = std::move(message);
    }
    void busy(const std::string& call) {
        std::lock_guard lock(mutex_);
        busy_.insert(call);
    }
    void mend(const std::string& call) {
        std::lock_guard lock(mutex_);
        rests_.erase(call);
        failures_.erase(call);
        surprises_.erase(call);
        busy_.erase(call);
    }
    /// The call hangs until open().
    void close(const std::string& call) {
        std::lock_guard lock(mutex_);
        gates_[call] = std::make_shared<Signal>();
    }
    void open(const std::string& call) {
        std::lock_guard lock(mutex_);
        if (gates_.contains(call)) gates_[call]->set();
    }

    /// The gate that the call hangs at, for the one that is there: later ones pass.
    std::shared_ptr<Signal> take_gate(const std::string& call) {
        std::lock_guard lock(mutex_);
        auto gate = gates_.at(call);
        gates_.erase(call);
        return gate;
    }

    std::vector<std::string> calls() const {
        std::lock_guard lock(mutex_);
        return calls_;
    }
    bool called(const std::string& call) const {
        auto all = calls();
        return std::ranges::find(all, call) != all.end();
    }
    void forget_calls() {
        std::lock_guard lock(mutex_);
        calls_.clear();
    }

    std::optional<std::string> power_of(const std::string& uuid) const {
        std::lock_guard lock(mutex_);
        auto found = power_.find(uuid);
        return found == power_.end() ? std::string(power::off) : found->second;
    }
    void set_power(const std::string& uuid, std::optional<std::string> state) {
        std::lock_guard lock(mutex_);
        power_[uuid] = std::move(state);
    }

    std::vector<Step> steps(StepKind kind) const {
        std::lock_guard lock(mutex_);
        auto found = steps_.find(kind);
        return found == steps_.end() ? std::vector<Step>() : found->second;
    }
    void set_steps(StepKind kind, std::vector<Step> steps) {
        std::lock_guard lock(mutex_);
        steps_[kind] = std::move(steps);
    }
    void set_agent_steps(StepKind kind, std::vector<Step> steps) {
        std::lock_guard lock(mutex_);
        agent_steps_[kind] = std::move(steps);
    }
    void agent_came_up(StepKind kind) {
        std::lock_guard lock(mutex_);
        if (auto found = agent_steps_.find(kind); found != agent_steps_.end())
            steps_[kind] = found->second;
    }

    /// The step of that id goes on elsewhere.
    void let_wait(const std::string& id) {
        std::lock_guard lock(mutex_);
        waits_.insert(id);
    }
    bool waits(const std::string& id) const {
        std::lock_guard lock(mutex_);
        return waits_.contains(id);
    }
    void set_progress(AgentProgress progress) {
        std::lock_guard lock(mutex_);
        progress_ = std::move(progress);
    }
    AgentProgress progress() const {
        std::lock_guard lock(mutex_);
        return progress_;
    }

    std::atomic<bool> has_virtual_media = false;
    JsonObject sensors;  ///< Set before anything runs.

private:
    mutable std::mutex mutex_;
    std::vector<std::string> calls_;
    std::map<std::string, std::string> failures_, surprises_;
    std::map<std::string, std::chrono::milliseconds> rests_;
    std::set<std::string> busy_, waits_;
    std::map<std::string, std::shared_ptr<Signal>> gates_;
    std::map<std::string, std::optional<std::string>> power_;
    std::map<StepKind, std::vector<Step>> steps_, agent_steps_;
    AgentProgress progress_;
};

class ScriptedPower : public hardware::PowerInterface {
public:
    explicit ScriptedPower(Script& script) : script_(script) {}
    void validate(const NodeContext& context) const override {
        if (context.node.driver_info.get("bmc") == Json("missing"))
            throw InvalidValue("driver_info says nothing of a BMC.");
    }
    Task<std::optional<std::string>> power_state(NodeContext* context) override {
        co_await script_.act("power?");
        co_return script_.power_of(context->node.uuid);
    }
    Task<> set_power_state(NodeContext* context, std::string target,
                           std::chrono::seconds timeout) override {
        last_timeout = timeout.count();
        co_await script_.act(target);
        script_.set_power(context->node.uuid,
                          target == power::on ? std::string(power::on) : std::string(power::off));
    }
    Task<> reboot(NodeContext* context, bool soft, std::chrono::seconds timeout) override {
        last_timeout = timeout.count();
        co_await script_.act(std::string(soft ? power::soft_reboot : power::reboot));
        script_.set_power(context->node.uuid, std::string(power::on));
    }

    std::atomic<std::int64_t> last_timeout = 0;

private:
    Script& script_;
};

class ScriptedDeploy : public hardware::DeployInterface {
public:
    explicit ScriptedDeploy(Script& script) : script_(script) {}
    void validate(const NodeContext& context) const override {
        if (context.node.instance_info.get("image_source") == Json("bad"))
            throw InvalidValue("The image_source is bad.");
    }
    std::vector<Step> steps(const NodeContext&, StepKind kind) const override {
        return script_.steps(kind);
    }
    Task<StepOutcome> run_step(NodeContext*, StepKind, Step step) override {
        co_await script_.act("step " + step.id());
        co_return script_.waits(step.id()) ? StepOutcome::wait : StepOutcome::done;
    }
    Task<> prepare(NodeContext*) override { co_await script_.act("prepare"); }
    Task<> clean_up(NodeContext*) override { co_await script_.act("clean_up"); }
    Task<> tear_down(NodeContext*) override { co_await script_.act("tear_down"); }
    Task<StepOutcome> prepare_cleaning(NodeContext*) override {
        co_await script_.act("prepare_cleaning");
        co_return script_.waits("prepare_cleaning") ? StepOutcome::wait : StepOutcome::done;
    }
    Task<> tear_down_cleaning(NodeContext*) override { co_await script_.act("tear_down_cleaning"); }
    Task<StepOutcome> prepare_service(NodeContext*) override {
        co_await script_.act("prepare_service");
        co_return script_.waits("prepare_service") ? StepOutcome::wait : StepOutcome::done;
    }
    Task<> tear_down_service(NodeContext*) override { co_await script_.act("tear_down_service"); }
    Task<> refresh_steps(NodeContext*, StepKind kind) override {
        co_await script_.act("refresh_steps");
        script_.agent_came_up(kind);
    }
    Task<AgentProgress> progress(NodeContext*, StepKind) override {
        co_await script_.act("progress");
        co_return script_.progress();
    }

private:
    Script& script_;
};

/// A fake one whose BMC has virtual media when the script says so.
class ScriptedManagement : public hardware::FakeManagement {
public:
    explicit ScriptedManagement(Script& script)
        : FakeManagement(hardware::FakeDelays{}), script_(script) {}
    bool has_virtual_media() const override { return script_.has_virtual_media; }
    Task<> attach_virtual_media(NodeContext*, hardware::VirtualMediaImage image) override {
        co_await script_.act("insert " + image.device_type + " " + image.url +
                             (image.serve_copy ? " copied" : ""));
    }
    Task<> detach_virtual_media(NodeContext*, std::vector<std::string> types) override {
        for (const auto& type : types) co_await script_.act("eject " + type);
    }
    Task<JsonObject> sensors(NodeContext*) override {
        co_await script_.act("sensors");
        co_return script_.sensors;
    }
    Task<JsonObject> virtual_media(NodeContext* context) override {
        if (!script_.has_virtual_media) throw hardware::unsupported(*context, "virtual media");
        co_return JsonObject{{"Cd", JsonObject{{"inserted", false}}}};
    }

private:
    Script& script_;
};

class ScriptedInspect : public hardware::InspectInterface {
public:
    explicit ScriptedInspect(Script& script) : script_(script) {}
    Task<StepOutcome> inspect(NodeContext*) override {
        co_await script_.act("inspect");
        co_return script_.waits("inspect") ? StepOutcome::wait : StepOutcome::done;
    }

    Task<> clean_up(NodeContext*) override { co_await script_.act("inspect clean_up"); }

private:
    Script& script_;
};

class ScriptedRescue : public hardware::RescueInterface {
public:
    explicit ScriptedRescue(Script& script) : script_(script) {}
    Task<StepOutcome> rescue(NodeContext*) override {
        co_await script_.act("rescue");
        co_return script_.waits("rescue") ? StepOutcome::wait : StepOutcome::done;
    }
    Task<> unrescue(NodeContext*) override { co_await script_.act("unrescue"); }
    Task<> clean_up(NodeContext*) override { co_await script_.act("rescue clean_up"); }

private:
    Script& script_;
};

/// Offers the steps `vendor.NAME` that the test names; they run in the conductor.
class ScriptedVendor : public hardware::VendorInterface {
public:
    explicit ScriptedVendor(Script& script) : script_(script) {}
    std::vector<Step> steps(const NodeContext& context, StepKind kind) const override {
        if (kind != StepKind::clean || context.node.driver_info.get("vendor_step").is_null())
            return {};
        return {{.interface = "vendor", .name = "poke", .requires_ramdisk = false}};
    }
    Task<StepOutcome> run_step(NodeContext*, StepKind, Step step) override {
        co_await script_.act("step " + step.id());
        co_return StepOutcome::done;
    }

    std::span<const hardware::VendorMethod> methods() const override {
        using enum hardware::VendorMethod::Answer;
        using enum hardware::VendorMethod::Lock;
        static constexpr hardware::VendorMethod kMethods[] = {
            {"later", "POST", "Goes on in the background."},
            {"later_beside", "PUT", "The same without the lock.", later, none},
            {"ask", "GET", "Answers at once.", value},
            {"ask_beside", "GET", "The same without the lock.", value, none},
        };
        return kMethods;
    }
    void validate_call(const NodeContext&, const hardware::VendorMethod&,
                       const JsonObject& arguments) const override {
        if (arguments.contains("bad")) throw InvalidValue("Bad arguments.");
    }
    Task<Json> call(NodeContext*, std::string method, JsonObject arguments) override {
        co_await script_.act("call " + method);
        co_return Json(std::move(arguments));
    }

private:
    Script& script_;
};

inline hardware::Drivers::Implementations scripted(Script& script) {
    hardware::Drivers::Implementations all;
    for (const auto& kind : model::interface_kinds())
        all[std::string(kind.name)]["fake"] = std::make_unique<hardware::Noop>();
    all["power"]["fake"] = std::make_unique<ScriptedPower>(script);
    all["management"]["fake"] = std::make_unique<ScriptedManagement>(script);
    for (auto name : {"fake", "ipxe"})
        all["boot"][name] = std::make_unique<hardware::FakeBoot>(hardware::FakeDelays{});
    all["deploy"]["fake"] = std::make_unique<ScriptedDeploy>(script);
    all["inspect"]["fake"] = std::make_unique<ScriptedInspect>(script);
    all["rescue"]["fake"] = std::make_unique<ScriptedRescue>(script);
    all["network"]["fake"] = std::make_unique<hardware::NoopNetwork>();
    all["vendor"]["fake"] = std::make_unique<ScriptedVendor>(script);
    all["bios"]["fake"] = std::make_unique<hardware::BiosInterface>();
    all["firmware"]["fake"] = std::make_unique<hardware::FirmwareInterface>();
    all["raid"]["fake"] = std::make_unique<hardware::RaidInterface>();
    all["console"]["fake"] = std::make_unique<hardware::NoConsole>();
    return all;
}

inline hardware::Drivers::Options only_fake() {
    hardware::Drivers::Options options;
    options.enabled_hardware_types = {"fake-hardware"};
    for (const auto& kind : model::interface_kinds())
        options.enabled_interfaces[std::string(kind.name)] = {"fake"};
    options.enabled_interfaces["boot"].push_back("ipxe");
    return options;
}

/// A conductor over a database in a directory of its own, with scripted hardware. It can be
/// stopped as by kill -9 and started again.
class ConductorTest : public testing::Test {
protected:
    ConductorTest() {
        options.host = "here";
        options.locked_retry_attempts = 2;
        options.locked_retry_interval = 5ms;
        options.require_tls = false;
        options.sync_power_state_interval = 0s;
        script.set_steps(StepKind::deploy,
                         {{.interface = "deploy", .name = "deploy", .priority = 100}});
        store.emplace(store::Store::Options{.path = directory + "/db.sqlite"});
    }
    ~ConductorTest() override {
        kill();
        store.reset();
        std::filesystem::remove_all(directory);
    }

    /// Ends the conductor as it stands: what is under way goes no further.
    void kill() {
        if (runtime) runtime->stop();
        conductor.reset();
        store.reset();
        runtime.reset();
        store.emplace(store::Store::Options{.path = directory + "/db.sqlite"});
    }
    /// Builds what calls need, without the work of a start.
    void make() {
        runtime.emplace(Runtime::Options{.threads = 2, .name = "test"});
        conductor.emplace(*runtime, *store, drivers, options);
    }
    void start() {
        if (!conductor) make();
        conductor->start();
    }

    /// Stores a node in `state`; its uuid.
    std::string add(std::string_view state, const std::function<void(model::Node&)>& more = {}) {
        model::Node node;
        node.uuid = new_uuid();
        node.driver = "fake-hardware";
        node.provision_state = std::string(state);
        drivers.settle_interfaces(node);
        if (more) more(node);
        store->write_now([&](store::Sql& db) { store::nodes::insert(db, node); });
        return node.uuid;
    }
    /// The same, in the state that a conductor leaves behind when it is killed at work.
    std::string add_busy(std::string_view state,
                         const std::function<void(model::Node&)>& more = {}) {
        return add(state, [&](model::Node& node) {
            node.reservation = options.host;
            node.target_provision_state = std::string(states::find(state)->target);
            if (more) more(node);
        });
    }

    model::Node node(const std::string& uuid) {
        return store->read([&](store::Sql& db) { return store::nodes::get(db, uuid); });
    }
    std::string state(const std::string& uuid) { return node(uuid).provision_state.value_or(""); }
    std::string last_error(const std::string& uuid) { return node(uuid).last_error.value_or(""); }
    /// How many errors the histories of all nodes have.
    std::int64_t errors_in_history() {
        std::int64_t rows = 0;
        store->read([&](store::Sql& db) {
            store::Query count(db, "SELECT count(*) FROM node_history WHERE severity='ERROR'");
            if (count.step()) rows = count.integer(0);
        });
        return rows;
    }
    void change(const std::string& uuid, const std::function<void(model::Node&)>& edit) {
        store->write_now([&](store::Sql& db) {
            auto before = store::nodes::get(db, uuid);
            auto after = before;
            edit(after);
            store::nodes::save(db, before, after);
        });
    }

    /// Waits, with a deadline that no slow machine misses.
    bool eventually(const std::function<bool()>& condition) {
        for (auto end = std::chrono::steady_clock::now() + 60s;
             std::chrono::steady_clock::now() < end; std::this_thread::sleep_for(2ms))
            if (condition()) return true;
        return condition();
    }
    /// Waits until the node is in `wanted` and nobody works on it.
    testing::AssertionResult reaches(const std::string& uuid, std::string_view wanted) {
        bool there = eventually([&] {
            auto now = node(uuid);
            return now.in_state(wanted) && !now.reservation;
        });
        if (there) return testing::AssertionSuccess();
        auto now = node(uuid);
        return testing::AssertionFailure()
               << "state " << now.provision_state.value_or("") << " instead of " << wanted
               << ", reservation " << now.reservation.value_or("none") << ", last_error "
               << now.last_error.value_or("none");
    }
    testing::AssertionResult is_released(const std::string& uuid) {
        if (eventually([&] { return !node(uuid).reservation; })) return testing::AssertionSuccess();
        return testing::AssertionFailure() << "the lock is still held";
    }

    void run(Task<> task) { runtime->run(std::move(task)); }
    /// The HTTP status of what `task` throws; 0 when it throws nothing.
    int status_of(Task<> task) {
        try {
            run(std::move(task));
        } catch (const Error& error) {
            message = error.message();
            return error.http_status();
        }
        return 0;
    }
    Task<> provision(std::string uuid, ProvisionRequest request) {
        return conductor->provision({}, std::move(uuid), std::move(request));
    }
    int verb(const std::string& uuid, std::string verb) {
        ProvisionRequest request;
        request.verb = std::move(verb);
        if (request.verb == "clean")
            request.clean_steps = {Json{{"interface", "deploy"}, {"step", "wipe"}}};
        request.rescue_password = "secret";
        return status_of(provision(uuid, std::move(request)));
    }
    std::string token(const std::string& uuid) {
        std::string result;
        run(keep(conductor->agent_token({}, uuid), &result));
        return result;
    }
    template <class T>
    static Task<> keep(Task<T> task, T* result) {
        *result = co_await std::move(task);
    }
    Heartbeat beat_of(const std::string& uuid) {
        Heartbeat beat;
        beat.callback_url = "http://192.0.2.9:9999";
        beat.agent_version = "9.0";
        beat.agent_token = node(uuid).driver_internal_info.get_text("agent_secret_token");
        return beat;
    }
    int heartbeat(const std::string& uuid) {
        return status_of(conductor->heartbeat({}, uuid, beat_of(uuid)));
    }

    std::string directory = make_directory();
    Script script;
    hardware::Drivers drivers{only_fake(), scripted(script)};
    Options options;
    std::optional<store::Store> store;
    std::optional<Runtime> runtime;
    std::optional<Conductor> conductor;
    std::string message;  ///< Of the last error that status_of() saw.

private:
    static std::string make_directory() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "ferrite-conductor-XXXXXX").string();
        return ::mkdtemp(pattern.data());
    }
};

}  // namespace ferrite::conductor
