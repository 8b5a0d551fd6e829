#include "netboot/tftp_server.h"

#include <atomic>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/log.h"

namespace ferrite::netboot {
namespace {

using Clock = TftpTransfer::Clock;
using Kind = TftpServer::Report::Kind;

constexpr std::chrono::milliseconds kTick{100};  // how late a retransmission may be
constexpr std::chrono::seconds kStopDeadline{5};

/// A transfer and its socket; shared by the loop that receives and the timer.
struct Session {
    Session(UdpSocket bound, TftpTransfer state, const Datagram& first, std::string name)
        : socket(std::move(bound)),
          transfer(std::move(state)),
          client(first.from),
          request(first.bytes),
          file(std::move(name)) {}

    void send(const std::vector<Bytes>& packets) {
        // What the system does not take is like a packet lost: the timer sends it again.
        for (auto& packet : packets) socket.send(packet, client);
    }

    UdpSocket socket;
    TftpTransfer transfer;
    UdpEndpoint client;
    Bytes request;
    std::string file;
};

}  // namespace

/// All of it runs on one strand. Coroutines hold it, so that it outlives the server object.
struct TftpServer::State : std::enable_shared_from_this<State> {
    State(Runtime& r, Options o, Open open_file, std::function<void(Report)> report_to)
        : runtime(r),
          options(std::move(o)),
          open(std::move(open_file)),
          report(std::move(report_to)),
          strand(r.strand()) {}

    void spawn(std::string name, Task<> work) {
        ++running;
        runtime.spawn(std::move(name), strand, std::move(work));
    }
    /// Counts a coroutine that ends, however it does.
    struct Ends {
        State& state;
        ~Ends() {
            if (--state.running == 0) state.all_ended.set();
        }
    };

    Runtime& runtime;
    Options options;
    Open open;
    std::function<void(Report)> report;
    Executor strand;
    std::optional<UdpSocket> socket;
    std::map<UdpEndpoint, std::shared_ptr<Session>> sessions;
    bool ticking = false;
    std::atomic<bool> stopping = false;
    std::atomic<int> running = 0;
    Signal all_ended;

    static Task<> accept(std::shared_ptr<State> self);
    static Task<> serve(std::shared_ptr<State> self, std::shared_ptr<Session> session);
    static Task<> tick(std::shared_ptr<State> self);
    static Task<> close_all(std::shared_ptr<State> self);

    void on_request(const Datagram& packet);
    void begin(const Datagram& packet, const TftpRequest& request,
               std::unique_ptr<TftpSource> source);
    bool is_full(const IpAddress& client) const;
    void end_if_over(const std::shared_ptr<Session>& session);
    void abandon(const std::shared_ptr<Session>& session);
};

Task<> TftpServer::State::accept(std::shared_ptr<State> self) {
    Ends ends{*self};
    for (;;) {
        try {
            auto packet = co_await self->socket->receive();
            self->on_request(packet);
        } catch (const Error& error) {
            if (error.code() == "closed") co_return;
            log_warning("NETBOOT_TFTP_REQUEST_DROPPED", "reason=\"{}\"", error.message());
        } catch (const std::exception& error) {
            log_warning("NETBOOT_TFTP_REQUEST_DROPPED", "reason=\"{}\"", error.what());
        }
    }
}

void TftpServer::State::on_request(const Datagram& packet) {
    if (auto known = sessions.find(packet.from); known != sessions.end()) {
        auto session = known->second;
        if (session->request == packet.bytes) {
            session->send(session->transfer.on_repeated_request(Clock::now()));
            return;
        }
        abandon(session);  // the client began something else from the same port
    }
    auto request = TftpRequest::parse(packet.bytes);
    if (!request) {
        // Only a request may be answered: an error in answer to an error would never end.
        auto opcode = static_cast<TftpOpcode>(ByteReader(packet.bytes).u16());
        if (opcode == TftpOpcode::read || opcode == TftpOpcode::write)
            socket->send(tftp_error_packet(request.error().code, request.error().message),
                         packet.from);
        return;
    }
    if (is_full(packet.from.address)) {
        log_warning("NETBOOT_TFTP_BUSY", "client={} file={} transfers={}",
                    packet.from.address.to_text(), request->file, sessions.size());
        return;
    }
    auto source = open(request->file, packet.from);
    if (!source) {
        socket->send(tftp_error_packet(TftpError::not_found, "file not found"), packet.from);
        report({Kind::failed, packet.from, request->file, 0, "file not found"});
        return;
    }
    begin(packet, *request, std::move(source));
}

void TftpServer::State::begin(const Datagram& packet, const TftpRequest& request,
                              std::unique_ptr<TftpSource> source) {
    auto size = source->size();
    // Bound to the address that was asked, so that the client recognises the answer.
    auto local = packet.to.is_unspecified() ? options.address : packet.to;
    auto session = std::make_shared<Session>(
        UdpSocket(strand, {.address = local, .device = options.device}),
        TftpTransfer(request, std::move(source), options.limits), packet, request.file);
    sessions[packet.from] = session;
    report({Kind::started, packet.from, request.file, size, ""});
    session->send(session->transfer.start(Clock::now()));
    spawn(fmt::format("tftp to {}", packet.from.address.to_text()),
          serve(shared_from_this(), session));
    end_if_over(session);
    if (!std::exchange(ticking, true)) spawn("tftp timer", tick(shared_from_this()));
}

bool TftpServer::State::is_full(const IpAddress& client) const {
    if (sessions.size() >= options.max_transfers) return true;
    // Sessions are ordered by address, so those of one client are neighbours.
    std::size_t count = 0;
    for (auto at = sessions.lower_bound({client, 0}); at != sessions.end(); ++at) {
        if (at->first.address != client) break;
        ++count;
    }
    return count >= options.max_transfers_per_client;
}

Task<> TftpServer::State::serve(std::shared_ptr<State> self, std::shared_ptr<Session> session) {
    Ends ends{*self};
    while (session->transfer.state() == TftpTransfer::State::sending) {
        Datagram packet;
        try {
            packet = co_await session->socket.receive();
        } catch (const Error&) {
            co_return;  // closed, by the timer or by stop()
        }
        if (packet.from.address != session->client.address) continue;
        if (packet.from.port != session->client.port) {
            session->socket.send(tftp_error_packet(TftpError::unknown_transfer, "unknown transfer"),
                                 packet.from);
            continue;
        }
        session->send(session->transfer.on_packet(packet.bytes, Clock::now()));
        self->end_if_over(session);
    }
}

Task<> TftpServer::State::tick(std::shared_ptr<State> self) {
    Ends ends{*self};
    while (!self->sessions.empty()) {
        co_await sleep_for(kTick);
        auto sessions = self->sessions;  // ending one changes the map
        for (auto& [client, session] : sessions) {
            session->send(session->transfer.on_timer(Clock::now()));
            self->end_if_over(session);
        }
    }
    self->ticking = false;
}

void TftpServer::State::end_if_over(const std::shared_ptr<Session>& session) {
    auto& transfer = session->transfer;
    if (transfer.state() == TftpTransfer::State::sending) return;
    auto found = sessions.find(session->client);
    if (found == sessions.end() || found->second != session) return;  // was reported already
    sessions.erase(found);
    session->socket.close();
    auto kind = transfer.state() == TftpTransfer::State::done ? Kind::finished
                : transfer.was_size_query()                   ? Kind::size_query
                                                              : Kind::failed;
    report(
        {kind, session->client, session->file, transfer.acknowledged_bytes(), transfer.failure()});
}

void TftpServer::State::abandon(const std::shared_ptr<Session>& session) {
    sessions.erase(session->client);
    session->socket.close();
    report({Kind::failed, session->client, session->file, session->transfer.acknowledged_bytes(),
            "the client asked for something else"});
}

Task<> TftpServer::State::close_all(std::shared_ptr<State> self) {
    Ends ends{*self};
    if (self->socket) self->socket->close();
    for (auto& [client, session] : self->sessions) session->socket.close();
    self->sessions.clear();
    co_return;
}

TftpServer::TftpServer(Runtime& runtime, Options options, Open open,
                       std::function<void(Report)> report)
    : state_(std::make_shared<State>(runtime, std::move(options), std::move(open),
                                     std::move(report))) {}

TftpServer::~TftpServer() {
    if (state_->socket) state_->socket->close();
}

void TftpServer::start() {
    auto& options = state_->options;
    state_->socket.emplace(state_->strand, UdpSocket::Options{.address = options.address,
                                                              .port = options.port,
                                                              .device = options.device,
                                                              .buffer_bytes = 1 << 20});
    state_->spawn("tftp server", State::accept(state_));
}

std::uint16_t TftpServer::port() const {
    return state_->socket->port();
}

Task<> TftpServer::stop() {
    auto state = state_;
    if (state->stopping.exchange(true) || !state->socket) co_return;
    state->spawn("tftp stop", State::close_all(state));
    co_await state->all_ended.wait_for(kStopDeadline);
}

}  // namespace ferrite::netboot
