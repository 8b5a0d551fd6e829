#include "sim/bmc_server.h"

#include <fmt/core.h>

#include "base/error.h"
#include "ipmi/bmc_protocol.h"

namespace ferrite::sim {
namespace {

constexpr int kBufferBytes = 8 * 1024 * 1024;  // a burst of packets for thousands of machines
/// Several conductors, a few of their sessions that were lost, and an operator.
constexpr std::size_t kMostSessions = 16;

/// One BMC as far as it has been spoken to.
struct Bmc {
    ipmi::BmcProtocol protocol;
    bool wrong_password;
    bool at_work = false;  ///< A slow one, which loses what comes meanwhile.
};

std::string endpoint_text(const UdpEndpoint& endpoint) {
    return fmt::format("{}:{}", endpoint.address.to_text(), endpoint.port);
}

}  // namespace

/// Touched on the strand alone.
struct BmcServer::State {
    State(Runtime& r, const std::vector<std::unique_ptr<Machine>>& m, Options o, Follow f)
        : runtime(r),
          machines(m),
          options(std::move(o)),
          follow(std::move(f)),
          strand(r.strand()),
          socket(strand, {.port = options.port, .buffer_bytes = kBufferBytes}),
          bmcs(m.size()) {}

    static Task<> serve(std::shared_ptr<State> self);
    static Task<> answer_late(std::shared_ptr<State> self, std::size_t index, Datagram datagram,
                              Duration delay);

    std::size_t index_of(const IpAddress& address) const;
    Bmc& bmc_of(std::size_t index, const Faults& faults);
    ipmi::CommandReply command(std::size_t index, const ipmi::Request& request);
    void answer(std::size_t index, const Datagram& datagram);

    Runtime& runtime;
    const std::vector<std::unique_ptr<Machine>>& machines;
    const Options options;
    const Follow follow;
    const Executor strand;
    UdpSocket socket;
    std::vector<std::unique_ptr<Bmc>> bmcs;
    std::string console;  ///< Who sent the packet that is being answered.
};

/// The place of the machine with this BMC address, or one past the end.
std::size_t BmcServer::State::index_of(const IpAddress& address) const {
    if (machines.empty() || !address.is_v4()) return machines.size();
    std::size_t offset = address.to_v4() - machines.front()->identity().bmc.to_v4();
    return std::min(offset, machines.size());
}

Bmc& BmcServer::State::bmc_of(std::size_t index, const Faults& faults) {
    auto& bmc = bmcs[index];
    bool wrong = faults.has(Fault::wrong_password);
    if (bmc && bmc->wrong_password == wrong) return *bmc;
    ipmi::BmcProtocol::Options set;
    set.guid = machines[index]->identity().guid;
    set.max_sessions = kMostSessions;
    set.users.push_back({options.user, wrong ? Secret("not the one enrolled") : options.password});
    auto handler = [this, index](const ipmi::Request& request) { return command(index, request); };
    bmc = std::make_unique<Bmc>(ipmi::BmcProtocol(std::move(set), handler), wrong);
    return *bmc;
}

ipmi::CommandReply BmcServer::State::command(std::size_t index, const ipmi::Request& request) {
    auto [reply, coming] = machines[index]->handle(request, console);
    if (coming) follow(*machines[index], std::move(*coming));
    return reply;
}

void BmcServer::State::answer(std::size_t index, const Datagram& datagram) {
    auto faults = machines[index]->faults();
    if (faults.has(Fault::dead_bmc)) return;
    console = endpoint_text(datagram.from);
    auto replies =
        bmc_of(index, faults).protocol.on_packet(datagram.bytes, std::chrono::steady_clock::now());
    for (const auto& reply : replies) socket.send_from(datagram.to, reply, datagram.from);
}

Task<> BmcServer::State::answer_late(std::shared_ptr<State> self, std::size_t index,
                                     Datagram datagram, Duration delay) {
    co_await sleep_for(delay);
    self->answer(index, datagram);
    if (self->bmcs[index]) self->bmcs[index]->at_work = false;
}

Task<> BmcServer::State::serve(std::shared_ptr<State> self) {
    try {
        for (;;) {
            auto datagram = co_await self->socket.receive();
            auto index = self->index_of(datagram.to);
            if (index >= self->machines.size()) continue;
            auto faults = self->machines[index]->faults();
            if (!faults.has(Fault::slow_bmc)) {
                self->answer(index, datagram);
                continue;
            }
            auto& bmc = self->bmc_of(index, faults);
            if (std::exchange(bmc.at_work, true)) continue;
            self->runtime.spawn("slow bmc", self->strand,
                                answer_late(self, index, std::move(datagram), faults.delay()));
        }
    } catch (const Error& error) {
        if (error.code() != "closed") throw;
    }
}

BmcServer::BmcServer(Runtime& runtime, const std::vector<std::unique_ptr<Machine>>& machines,
                     Options options, Follow follow)
    : state_(std::make_shared<State>(runtime, machines, std::move(options), std::move(follow))) {}

BmcServer::~BmcServer() {
    state_->socket.close();
}

void BmcServer::start() {
    state_->runtime.spawn("bmcs", state_->strand, State::serve(state_));
}

std::uint16_t BmcServer::port() const {
    return state_->socket.port();
}

}  // namespace ferrite::sim
