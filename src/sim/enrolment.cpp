#include "sim/enrolment.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "base/error.h"
#include "base/log.h"

namespace ferrite::sim {
namespace {

constexpr unsigned kVersion = 81;
constexpr int kAttempts = 60;  // at a service that is busy or not up yet
constexpr Duration kFirstPause{100};
constexpr Duration kLongestPause{2'000};

/// Where a node can be led on from, and by which verb; others are waited for.
struct Way {
    std::string_view state;
    std::string_view verb;
    Until until;  ///< The verb is for those who want to get at least there.
};
constexpr Way kWays[] = {
    {"enroll", "manage", Until::manageable},
    {"manageable", "provide", Until::available},
};
constexpr std::array<std::string_view, 5> kFailed = {"clean failed", "inspect failed", "error",
                                                     "adopt failed", "deploy failed"};

std::string_view state_of(Until until) {
    return until == Until::enroll       ? "enroll"
           : until == Until::manageable ? "manageable"
                                        : "available";
}

/// Whether a node in `state` is as far as asked for, or further.
bool has_reached(std::string_view state, Until until) {
    if (state == state_of(until) || state == "available" || state == "active") return true;
    return until == Until::enroll;
}

/// Worth another attempt: no answer, locked, or too busy.
bool passes(const ServiceClient::Reply& reply, bool locked_passes) {
    return reply.status == 0 || reply.status == 503 || (locked_passes && reply.status == 409);
}

[[noreturn]] void refuse(std::string_view what, const ServiceClient::Reply& reply) {
    throw Error(500, "enrolment", fmt::format("{}: {}", what, reply.problem));
}

/// The call, repeated while the service is busy, locked or away.
Task<ServiceClient::Reply> insist(ServiceClient* service, std::string method, std::string path,
                                  Json body, bool locked_passes) {
    auto pause = kFirstPause;
    for (int attempt = 1;; ++attempt) {
        auto reply = co_await service->call(method, path, body, kVersion);
        if (attempt == kAttempts || !passes(reply, locked_passes)) co_return reply;
        co_await sleep_for(pause);
        pause = std::min(pause * 2, kLongestPause);
    }
}

}  // namespace

Enrolment::Enrolment(Runtime& runtime, Fleet& fleet, ServiceClient& service, Options options)
    : runtime_(runtime), fleet_(fleet), service_(service), options_(std::move(options)) {}

Task<Enrolment::Summary> Enrolment::run() {
    auto workers = std::min<std::size_t>(options_.jobs, fleet_.machines().size());
    {
        MutexLock lock(mutex_);
        working_ = static_cast<unsigned>(workers);
    }
    for (std::size_t i = 0; i < workers; ++i) runtime_.spawn("enrolment", work(this));
    while (workers > 0 && !co_await done_.wait_for(std::chrono::hours(1))) {
    }
    MutexLock lock(mutex_);
    co_return summary_;
}

Task<> Enrolment::work(Enrolment* self) {
    while (auto* machine = self->next()) {
        std::string failure;
        try {
            co_await self->enrol(machine);
        } catch (const std::exception& error) {
            failure = error.what();
        }
        if (!failure.empty()) self->fail(*machine, failure);
    }
    self->leave();
}

Task<> Enrolment::enrol(Machine* machine) {
    bool fresh = co_await add_node(machine);
    count(fresh ? &Summary::enrolled : &Summary::existed);
    co_await take_on(machine);
    count(&Summary::reached);
}

/// False when there was one of that name.
Task<bool> Enrolment::add_node(Machine* machine) {
    const auto& who = machine->identity();
    JsonObject info{
        {"ipmi_address", who.bmc.to_text()},       {"ipmi_port", fleet_.bmc_port()},
        {"ipmi_username", options_.user},          {"ipmi_password", options_.password},
        {"deploy_kernel", options_.deploy_kernel}, {"deploy_ramdisk", options_.deploy_ramdisk}};
    JsonObject properties{{"cpus", 16},
                          {"memory_mb", 65536},
                          {"local_gb", 480},
                          {"cpu_arch", "x86_64"},
                          {"capabilities", "boot_mode:uefi"}};
    JsonObject node{{"name", who.name},
                    {"driver", "ipmi"},
                    {"driver_info", std::move(info)},
                    {"properties", std::move(properties)},
                    {"resource_class", options_.resource_class}};
    auto reply = co_await insist(&service_, "POST", "/v1/nodes", std::move(node), false);
    bool fresh = reply.status != 409;
    if (fresh && !reply.ok()) refuse("creating the node", reply);
    if (!fresh)
        reply = co_await insist(&service_, "GET", "/v1/nodes/" + percent_encode(who.name), Json(),
                                false);
    if (!reply.ok()) refuse("looking for the node", reply);
    // Also for one that exists: an earlier run may have ended between the two.
    co_await add_port(machine, string_member(reply.body, "uuid"));
    co_return fresh;
}

Task<> Enrolment::add_port(Machine* machine, std::string node) {
    const auto& mac = machine->identity().mac;
    JsonObject port{{"node_uuid", node}, {"address", mac}, {"pxe_enabled", true}};
    auto reply = co_await insist(&service_, "POST", "/v1/ports", std::move(port), false);
    if (reply.ok()) co_return;
    if (reply.status != 409) refuse("creating the port", reply);
    auto path = fmt::format("/v1/nodes/{}/ports", node);
    auto own = co_await insist(&service_, "GET", path, Json(), false);
    const auto& ports = member(own.body, "ports");
    if (ports.is_array())
        for (const auto& item : ports.as_array())
            if (string_member(item, "address") == mac) co_return;
    refuse("creating the port", reply);
}

/// Leads the node on, verb by verb, and waits for where each leads to.
Task<> Enrolment::take_on(Machine* machine) {
    auto path = "/v1/nodes/" + percent_encode(machine->identity().name);
    auto query = path + "?fields=provision_state,target_provision_state,last_error";
    auto deadline = std::chrono::steady_clock::now() + options_.patience;
    auto pause = kFirstPause;
    std::string asked_in;
    while (options_.until != Until::enroll) {
        auto node = co_await insist(&service_, "GET", query, Json(), false);
        if (!node.ok()) refuse("looking at the node", node);
        auto state = string_member(node.body, "provision_state");
        if (has_reached(state, options_.until)) co_return;
        auto why = string_member(node.body, "last_error", "no reason given");
        bool failed = std::ranges::find(kFailed, state) != kFailed.end();
        if (failed) throw Conflict(fmt::format("the node is in {}: {}", state, why));
        if (std::chrono::steady_clock::now() > deadline)
            throw Conflict(fmt::format("the node is still in {}", state));
        const auto* way = std::ranges::find(kWays, state, &Way::state);
        if (way != std::end(kWays)) {
            if (state == asked_in)
                throw Conflict(fmt::format("{} led nowhere: {}", way->verb, why));
            JsonObject target{{"target", way->verb}};
            auto reply = co_await insist(&service_, "PUT", path + "/states/provision",
                                         std::move(target), true);
            if (!reply.ok()) refuse(way->verb, reply);
            asked_in = state;
            pause = kFirstPause;
        }
        co_await sleep_for(pause);
        pause = std::min(pause * 2, kLongestPause);
    }
}

Machine* Enrolment::next() {
    MutexLock lock(mutex_);
    const auto& machines = fleet_.machines();
    return next_ < machines.size() ? machines[next_++].get() : nullptr;
}

void Enrolment::count(unsigned Summary::* what) {
    MutexLock lock(mutex_);
    ++(summary_.*what);
}

void Enrolment::fail(const Machine& machine, const std::string& why) {
    log_warning("SIM_ENROLMENT_FAILED", "machine={} cause=\"{}\"", machine.identity().name, why);
    MutexLock lock(mutex_);
    summary_.failures.push_back(fmt::format("{}: {}", machine.identity().name, why));
}

void Enrolment::leave() {
    bool last = false;
    {
        MutexLock lock(mutex_);
        last = --working_ == 0;
    }
    if (last) done_.set();
}

}  // namespace ferrite::sim
