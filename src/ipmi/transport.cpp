#include "ipmi/transport.h"

#include <algorithm>
#include <deque>
#include <expected>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/circuit_breaker.h"
#include "base/mutex.h"
#include "base/udp_socket.h"
#include "ipmi/error.h"
#include "ipmi/session_protocol.h"

namespace ferrite::ipmi {

using Clock = std::chrono::steady_clock;
using TimePoint = SessionProtocol::TimePoint;

namespace {

constexpr std::size_t kMostWaiting = 64;
constexpr auto kLongSleep = std::chrono::hours(1);

/// What to set once the mutex is released: a set signal may resume its waiter at once.
using Signals = std::vector<std::shared_ptr<Signal>>;

/// A command that a coroutine waits for. `outcome` is written once, before `done` is set.
struct Pending {
    Pending(Request r, Urgency u) : request(std::move(r)), urgency(u) {}
    bool is_poll() const { return urgency == Urgency::poll; }

    const Request request;
    const Urgency urgency;
    Signal done;
    std::optional<SessionProtocol::Outcome> outcome;
};

void settle(const std::shared_ptr<Pending>& pending, SessionProtocol::Outcome outcome,
            Signals& signals) {
    pending->outcome = std::move(outcome);
    signals.emplace_back(pending, &pending->done);
}

SessionProtocol::Outcome failed(Reason reason) {
    return std::unexpected(Failure{.reason = reason});
}

void announce(const Signals& signals) {
    for (const auto& signal : signals) signal->set();
}

/// After these the BMC will not do any better for the commands behind.
bool ends_the_queue(const Failure& failure) {
    return failure.reason != Reason::refused && failure.reason != Reason::protocol;
}

}  // namespace

/// What the transport knows of a session. Touched only under the transport's mutex, but for what is
/// constant.
struct Line::Entry {
    Entry(const SessionOptions& options, std::uint32_t console_id)
        : id(console_id),
          target{options.host, options.port, options.user},
          breaker(options.breaker),
          protocol(options, console_id) {}

    void enqueue(const std::shared_ptr<Pending>& pending);
    SessionProtocol::Output on_timer(TimePoint now);

    const std::uint32_t id;
    const Target target;
    CircuitBreaker breaker;  ///< Has a mutex of its own.
    SessionProtocol protocol;
    std::optional<UdpEndpoint> endpoint;
    std::deque<std::shared_ptr<Pending>> queue;  ///< The first is running.
    std::optional<TimePoint> timer;              ///< As it stands in State::timers.
};

using EntryPtr = std::shared_ptr<Line::Entry>;

/// Behind what runs, before the polls that wait.
void Line::Entry::enqueue(const std::shared_ptr<Pending>& pending) {
    auto place = queue.end();
    if (!pending->is_poll() && !queue.empty())
        place = std::find_if(queue.begin() + 1, queue.end(),
                             [](const auto& other) { return other->is_poll(); });
    queue.insert(place, pending);
}

/// A poll whose answer is late gives way to what somebody waits for.
SessionProtocol::Output Line::Entry::on_timer(TimePoint now) {
    bool poll_in_the_way = queue.size() > 1 && queue[0]->is_poll() && !queue[1]->is_poll();
    if (!poll_in_the_way) return protocol.on_timer(now);
    auto poll = std::move(queue.front());
    queue.pop_front();
    auto out = protocol.replace(queue.front()->request, now);
    queue.push_back(std::move(poll));
    return out;
}

/// Everything happens under one mutex, for some microseconds per packet.
struct Transport::State {
    State(Runtime& r, Options o)
        : runtime(r), options(o), strand(r.strand()), next_id(first_id()) {}

    EntryPtr add(const SessionOptions& session_options);
    void remove(const EntryPtr& entry);
    void close_session(const EntryPtr& entry);
    std::optional<UdpEndpoint> endpoint_of(const EntryPtr& entry);
    void submit(const EntryPtr& entry, const UdpEndpoint& endpoint,
                const std::shared_ptr<Pending>& pending);
    void on_datagram(const Datagram& datagram);
    void stop();
    std::size_t count();

    /// Starts the loops that serve this kind of address and do not run yet.
    static void run_loops(const std::shared_ptr<State>& self, const IpAddress& address);

    /// Runs what is due; then how long to sleep and what ends the sleep. Null when stopped.
    std::pair<std::shared_ptr<Signal>, Clock::duration> fire_timers();

private:
    static std::uint32_t first_id();
    template <typename Step>
    void drive(const EntryPtr& entry, Step step, Signals& signals) FERRITE_REQUIRES(mutex);
    void finish(const EntryPtr& entry, const SessionProtocol::Outcome& outcome, Signals& signals)
        FERRITE_REQUIRES(mutex);
    void set_timer(const EntryPtr& entry, Signals& signals) FERRITE_REQUIRES(mutex);
    void set_endpoint(const EntryPtr& entry, std::optional<UdpEndpoint> endpoint)
        FERRITE_REQUIRES(mutex);
    void send(const EntryPtr& entry, const std::vector<Bytes>& datagrams) FERRITE_REQUIRES(mutex);
    std::shared_ptr<UdpSocket>& socket_for(const IpAddress& address) FERRITE_REQUIRES(mutex);
    std::vector<EntryPtr> receivers(const Datagram& datagram) FERRITE_REQUIRES(mutex);

    Runtime& runtime;
    const Options options;
    const Executor strand;

    Mutex mutex;
    bool stopped FERRITE_GUARDED_BY(mutex) = false;
    bool timing FERRITE_GUARDED_BY(mutex) = false;  ///< The timer loop was started.
    std::uint32_t next_id FERRITE_GUARDED_BY(mutex);
    std::unordered_map<std::uint32_t, EntryPtr> entries FERRITE_GUARDED_BY(mutex);
    std::multimap<UdpEndpoint, EntryPtr> by_endpoint FERRITE_GUARDED_BY(mutex);
    std::set<std::pair<TimePoint, std::uint32_t>> timers FERRITE_GUARDED_BY(mutex);
    std::shared_ptr<Signal> wake FERRITE_GUARDED_BY(mutex);
    TimePoint asleep_until FERRITE_GUARDED_BY(mutex) = TimePoint::max();
    std::shared_ptr<UdpSocket> socket_v4 FERRITE_GUARDED_BY(mutex);
    std::shared_ptr<UdpSocket> socket_v6 FERRITE_GUARDED_BY(mutex);
};

// The coroutines.

namespace {

Task<> receive_packets(std::shared_ptr<Transport::State> state, std::shared_ptr<UdpSocket> socket) {
    try {
        for (;;) state->on_datagram(co_await socket->receive());
    } catch (const ferrite::Error& error) {
        if (error.code() != "closed") throw;
    }
}

Task<> keep_time(std::shared_ptr<Transport::State> state) {
    for (;;) {
        auto [wake, delay] = state->fire_timers();
        if (!wake) co_return;
        co_await wake->wait_for(delay);
    }
}

using Found = std::expected<UdpEndpoint, Failure>;

Task<Found> find_bmc(std::shared_ptr<Transport::State> state, EntryPtr entry) {
    if (auto known = state->endpoint_of(entry)) co_return *known;
    Failure failure{.reason = Reason::no_answer,
                    .remedy = "correct the BMC's address, or this host's name resolution"};
    try {
        co_return UdpEndpoint{co_await resolve_host(entry->target.host), entry->target.port};
    } catch (const ferrite::Error& error) {
        failure.detail = error.message();
    }
    co_return std::unexpected(std::move(failure));
}

Task<SessionProtocol::Outcome> exchange(std::shared_ptr<Transport::State> state, EntryPtr entry,
                                        Request request, Urgency urgency) {
    auto endpoint = co_await find_bmc(state, entry);
    if (!endpoint) co_return std::unexpected(endpoint.error());
    Transport::State::run_loops(state, endpoint->address);
    auto pending = std::make_shared<Pending>(std::move(request), urgency);
    state->submit(entry, *endpoint, pending);
    while (!pending->done.is_set()) co_await pending->done.wait_for(kLongSleep);
    co_return std::move(*pending->outcome);
}

/// Holds the line, so that the session stays registered while somebody waits for it.
Task<Bytes> call_bmc(std::shared_ptr<Transport::State> state,
                     [[maybe_unused]] std::shared_ptr<Line> line, EntryPtr entry, Request request,
                     Urgency urgency) {
    if (request.data.size() > kMostData)
        throw InvalidValue(fmt::format("An IPMI command carries at most {} bytes of data, not {}",
                                       kMostData, request.data.size()));
    entry->breaker.admit(urgency, fmt::format("BMC {}", entry->target.host));
    auto outcome = co_await exchange(std::move(state), entry, std::move(request), urgency);
    bool silent = !outcome && outcome.error().reason == Reason::no_answer;
    bool told_nothing = !outcome && (outcome.error().reason == Reason::closed ||
                                     outcome.error().reason == Reason::busy);
    if (silent) entry->breaker.silent();
    if (!silent && !told_nothing) entry->breaker.answered();
    if (!outcome) throw Error(outcome.error(), entry->target);
    co_return std::move(*outcome);
}

}  // namespace

// Sessions coming and going.

std::uint32_t Transport::State::first_id() {
    // Not the ids of the process before us, to which BMCs may still be answering.
    auto random = system_random(4);
    return ByteReader(random).u32();
}

EntryPtr Transport::State::add(const SessionOptions& session_options) {
    MutexLock lock(mutex);
    while (next_id == 0 || entries.contains(next_id)) ++next_id;
    auto entry = std::make_shared<Line::Entry>(session_options, next_id);
    entries.emplace(next_id++, entry);
    return entry;
}

void Transport::State::remove(const EntryPtr& entry) {
    close_session(entry);
    MutexLock lock(mutex);
    set_endpoint(entry, {});
    entries.erase(entry->id);
}

void Transport::State::close_session(const EntryPtr& entry) {
    Signals signals;
    {
        MutexLock lock(mutex);
        send(entry, entry->protocol.close().datagrams);
        set_timer(entry, signals);
        for (const auto& pending : entry->queue) settle(pending, failed(Reason::closed), signals);
        entry->queue.clear();
    }
    announce(signals);
}

void Transport::State::stop() {
    std::vector<EntryPtr> all;
    {
        MutexLock lock(mutex);
        stopped = true;
        for (const auto& [id, entry] : entries) all.push_back(entry);
    }
    for (const auto& entry : all) close_session(entry);
    Signals signals;
    {
        MutexLock lock(mutex);
        if (wake) signals.push_back(wake);
        for (auto* socket : {&socket_v4, &socket_v6})
            if (*socket) (*socket)->close();
    }
    announce(signals);
}

std::size_t Transport::State::count() {
    MutexLock lock(mutex);
    return entries.size();
}

// Commands, packets and timers.

std::optional<UdpEndpoint> Transport::State::endpoint_of(const EntryPtr& entry) {
    MutexLock lock(mutex);
    return entry->endpoint;
}

void Transport::State::submit(const EntryPtr& entry, const UdpEndpoint& endpoint,
                              const std::shared_ptr<Pending>& pending) {
    Signals signals;
    {
        MutexLock lock(mutex);
        if (stopped) {
            settle(pending, failed(Reason::closed), signals);
        } else if (entry->queue.size() >= kMostWaiting) {
            settle(pending, failed(Reason::busy), signals);
        } else {
            if (!entry->endpoint) set_endpoint(entry, endpoint);
            entry->enqueue(pending);
            if (entry->queue.size() == 1)
                drive(
                    entry, [&] { return entry->protocol.start(pending->request, Clock::now()); },
                    signals);
        }
    }
    announce(signals);
}

void Transport::State::on_datagram(const Datagram& datagram) {
    Signals signals;
    {
        MutexLock lock(mutex);
        for (const auto& entry : receivers(datagram))
            drive(
                entry, [&] { return entry->protocol.on_packet(datagram.bytes, Clock::now()); },
                signals);
    }
    announce(signals);
}

std::vector<EntryPtr> Transport::State::receivers(const Datagram& datagram) {
    auto packet = parse_packet(datagram.bytes);
    if (!packet) return {};
    if (auto id = console_session_id(*packet)) {
        auto found = entries.find(*id);
        if (found == entries.end() || found->second->endpoint != datagram.from) return {};
        return {found->second};
    }
    // Every session with this BMC may look; each knows what it has asked for.
    std::vector<EntryPtr> all;
    auto [first, last] = by_endpoint.equal_range(datagram.from);
    for (; first != last; ++first) all.push_back(first->second);
    return all;
}

std::pair<std::shared_ptr<Signal>, Clock::duration> Transport::State::fire_timers() {
    Signals signals;
    std::shared_ptr<Signal> next_wake;
    Clock::duration delay = kLongSleep;
    {
        MutexLock lock(mutex);
        if (stopped) return {};
        auto now = Clock::now();
        while (!timers.empty() && timers.begin()->first <= now) {
            auto entry = entries.at(timers.begin()->second);
            drive(entry, [&] { return entry->on_timer(now); }, signals);
        }
        if (!timers.empty()) delay = std::min<Clock::duration>(delay, timers.begin()->first - now);
        asleep_until = now + delay;
        next_wake = wake = std::make_shared<Signal>();
    }
    announce(signals);
    return {next_wake, delay};
}

/// Lets the protocol take one step, and does all that follows from it.
template <typename Step>
void Transport::State::drive(const EntryPtr& entry, Step step, Signals& signals) {
    SessionProtocol::Output out;
    try {
        out = step();
    } catch (const ferrite::Error& error) {  // an OpenSSL without MD5, for example
        out = entry->protocol.close();
        out.outcome =
            std::unexpected(Failure{.reason = Reason::protocol, .detail = error.message()});
    }
    send(entry, out.datagrams);
    if (out.outcome) finish(entry, *out.outcome, signals);
    set_timer(entry, signals);
}

void Transport::State::finish(const EntryPtr& entry, const SessionProtocol::Outcome& outcome,
                              Signals& signals) {
    // The name may stand for another address next time.
    if (!outcome && outcome.error().reason == Reason::no_answer) set_endpoint(entry, {});
    bool all = !outcome && ends_the_queue(outcome.error());
    do {
        if (entry->queue.empty()) return;
        settle(entry->queue.front(), outcome, signals);
        entry->queue.pop_front();
    } while (all);
    if (entry->queue.empty()) return;
    auto next = entry->queue.front();
    drive(entry, [&] { return entry->protocol.start(next->request, Clock::now()); }, signals);
}

void Transport::State::set_timer(const EntryPtr& entry, Signals& signals) {
    auto wanted = entry->protocol.next_timer();
    if (wanted == entry->timer) return;
    if (entry->timer) timers.erase({*entry->timer, entry->id});
    entry->timer = wanted;
    if (!wanted) return;
    timers.emplace(*wanted, entry->id);
    if (*wanted >= asleep_until || !wake) return;
    asleep_until = *wanted;
    signals.push_back(wake);
}

// Sockets.

void Transport::State::set_endpoint(const EntryPtr& entry, std::optional<UdpEndpoint> endpoint) {
    if (entry->endpoint) {
        auto [first, last] = by_endpoint.equal_range(*entry->endpoint);
        by_endpoint.erase(
            std::find_if(first, last, [&](const auto& item) { return item.second == entry; }));
    }
    entry->endpoint = endpoint;
    if (endpoint) by_endpoint.emplace(*endpoint, entry);
}

void Transport::State::send(const EntryPtr& entry, const std::vector<Bytes>& datagrams) {
    if (datagrams.empty() || !entry->endpoint) return;
    auto& socket = socket_for(entry->endpoint->address);
    if (!socket) return;
    // What the system does not take is lost like any packet, and sent again.
    for (const auto& datagram : datagrams) socket->send(datagram, *entry->endpoint);
}

std::shared_ptr<UdpSocket>& Transport::State::socket_for(const IpAddress& address) {
    return address.is_v4() ? socket_v4 : socket_v6;
}

void Transport::State::run_loops(const std::shared_ptr<State>& self, const IpAddress& address) {
    bool start_timers = false;
    std::shared_ptr<UdpSocket> fresh;
    {
        MutexLock lock(self->mutex);
        if (self->stopped) return;
        auto& socket = self->socket_for(address);
        if (!socket) {
            auto any = address.is_v4() ? IpAddress() : IpAddress::v6({});
            fresh = socket = std::make_shared<UdpSocket>(
                self->strand,
                UdpSocket::Options{.address = any, .buffer_bytes = self->options.buffer_bytes});
        }
        start_timers = !std::exchange(self->timing, true);
    }
    // Not under the mutex: what is spawned may begin at once.
    if (start_timers) self->runtime.spawn("ipmi timers", self->strand, keep_time(self));
    if (fresh) self->runtime.spawn("ipmi receive", self->strand, receive_packets(self, fresh));
}

// The public face.

Transport::Transport(Runtime& runtime) : Transport(runtime, Options{}) {}

Transport::Transport(Runtime& runtime, Options options)
    : state_(std::make_shared<State>(runtime, options)) {}

Transport::~Transport() {
    state_->stop();
}

std::size_t Transport::session_count() const {
    return state_->count();
}

std::shared_ptr<Line> Transport::connect(SessionOptions options) {
    validate(options);
    return std::make_shared<Line>(state_, state_->add(options));
}

Line::Line(std::shared_ptr<Transport::State> state, std::shared_ptr<Entry> entry)
    : state_(std::move(state)), entry_(std::move(entry)) {}

Line::~Line() {
    state_->remove(entry_);
}

Task<Bytes> Line::call(Request request, Urgency urgency) {
    return call_bmc(state_, shared_from_this(), entry_, std::move(request), urgency);
}

void Line::close() {
    state_->close_session(entry_);
}

}  // namespace ferrite::ipmi
