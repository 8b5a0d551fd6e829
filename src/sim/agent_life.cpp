#include "sim/agent_life.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "base/log.h"

namespace ferrite::sim {
namespace {

constexpr unsigned kLookupVersion = 62;  // the first that hands out tokens
constexpr unsigned kHeartbeatVersion = 68;
constexpr Duration kLongestPause{60'000};
constexpr Duration kGivesUpAfter{600'000};
constexpr const char* kMasked = "******";

struct Found {
    std::string node;
    std::string token;
    Duration timeout{300'000};
};

/// Pauses that double, for what is tried again.
class Pause {
public:
    explicit Pause(Duration first) : first_(first), next_(first) {}
    Duration next() { return std::exchange(next_, std::min(next_ * 2, kLongestPause)); }
    void reset() { next_ = first_; }

private:
    Duration first_;
    Duration next_;
};

std::optional<Found> read_lookup(const ServiceClient::Reply& reply) {
    const auto& config = member(reply.body, "config");
    Found found{.node = string_member(member(reply.body, "node"), "uuid"),
                .token = string_member(config, "agent_token")};
    // A token is handed out once; the agent that lost it can only wait for the next power cycle.
    if (!reply.ok() || found.node.empty() || found.token == kMasked) return std::nullopt;
    if (const auto& timeout = member(config, "heartbeat_timeout"); timeout.is_int64())
        found.timeout = std::chrono::seconds(std::max<std::int64_t>(timeout.as_int64(), 1));
    return found;
}

Task<std::optional<Found>> look_up(Machine* machine, ServiceClient* service, std::uint64_t episode,
                                   Duration retry) {
    Pause pause(retry);
    auto path = "/v1/lookup?addresses=" + percent_encode(machine->identity().mac);
    Duration waited{0};
    while (machine->episode() == episode && waited < kGivesUpAfter) {
        auto reply = co_await service->call("GET", path, Json(), kLookupVersion);
        if (auto found = read_lookup(reply)) co_return found;
        log_debug("SIM_LOOKUP_FAILED", "machine={} cause=\"{}\"", machine->identity().name,
                  reply.problem);
        auto wait = pause.next();
        co_await sleep_for(wait);
        waited += wait;
    }
    co_return std::nullopt;
}

Json heartbeat_body(const std::string& callback_url, const std::string& token) {
    return JsonObject{
        {"callback_url", callback_url}, {"agent_version", "ferrite-sim"}, {"agent_token", token}};
}

}  // namespace

Task<> live_as_agent(Machine* machine, ServiceClient* service, std::uint64_t episode,
                     AgentLife::Options options) {
    auto found = co_await look_up(machine, service, episode, options.retry);
    if (!found) co_return;
    machine->begin_agent(episode, found->node, found->token);
    const auto path = "/v1/heartbeat/" + found->node;
    const auto body = heartbeat_body(options.callback_url, found->token);
    Random random(options.seed);
    Pause pause(options.retry);
    for (;;) {
        // Armed before the report: what ends while it is under way wakes the next one.
        auto woken = machine->next_report(episode);
        if (!woken) co_return;
        auto reply = co_await service->call("POST", path, body, kHeartbeatVersion);
        if (reply.ok()) machine->count_heartbeat(episode);
        if (!reply.ok())
            log_debug("SIM_HEARTBEAT_FAILED", "machine={} cause=\"{}\"", machine->identity().name,
                      reply.problem);
        auto beat = Duration(static_cast<Duration::rep>(
            static_cast<double>(found->timeout.count()) * (0.3 + 0.3 * random.unit())));
        // The service drops a report while it still has the node locked, without a word; so one
        // that matters is repeated until its result was read.
        bool again = !reply.ok() || machine->has_unread_result(episode);
        if (!again) pause.reset();
        auto wait = again ? std::min(pause.next(), beat) : beat;
        if (co_await woken->wait_for(wait)) pause.reset();
    }
}

}  // namespace ferrite::sim
