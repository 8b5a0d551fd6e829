#include "netboot/boot_service.h"

#include <atomic>
#include <optional>

#include <fmt/format.h>

#include "base/error.h"
#include "base/log.h"
#include "netboot/boot_observer.h"
#include "netboot/boot_script.h"
#include "netboot/lease_journal.h"
#include "netboot/router_advertiser.h"

namespace ferrite::netboot {
namespace {

using Kind = BootEvent::Kind;

constexpr std::chrono::seconds kDrainTimeout{5};
constexpr int kSocketBuffer = 1 << 20;  // a rack that powers on at once

/// What TFTP reports, as evidence. The observer finds the machine by its address.
BootEvent to_event(TftpServer::Report report) {
    BootEvent event{.client = {.ip = report.client.address},
                    .detail = std::move(report.file),
                    .bytes = report.bytes};
    switch (report.kind) {
        case TftpServer::Report::Kind::started:
            event.kind = Kind::tftp_started;
            break;
        case TftpServer::Report::Kind::finished:
            event.kind = Kind::tftp_finished;
            break;
        case TftpServer::Report::Kind::size_query:
            event.kind = Kind::tftp_finished;
            event.detail += ": size only";
            break;
        case TftpServer::Report::Kind::failed:
            event.kind = Kind::tftp_failed;
            event.detail += ": " + report.reason;
            break;
    }
    return event;
}

}  // namespace

BootFileTable debian_boot_files(const std::filesystem::path& directory) {
    BootFileTable files;
    for (auto* name : {"undionly.kpxe", "ipxe.pxe", "ipxe.efi", "snponly.efi"})
        files[name] = directory / name;
    return files;
}

void complete(BootOptions& options) {
    auto& http = options.http;
    auto& server = options.dhcp.server;
    if (http.url.empty()) {
        if (http.port == 0)
            throw InvalidValue("The boot service's HTTP URL must be given when its port is not.");
        http.url = fmt::format("http://{}:{}", server.server_address.to_text(), http.port);
    }
    if (server.boot.http_url.empty()) server.boot.http_url = http.url;
    if (server.boot.tftp.is_unspecified()) server.boot.tftp = server.server_address;
    if (options.router_advertisements && options.dhcp.device.empty())
        throw InvalidValue("Router advertisements need the network interface to send them on.");
}

/// Coroutines hold it, so that it outlives the service object.
struct BootService::State {
    State(Runtime& r, BootOptions o, BootDirectory& directory)
        : runtime(r), options(std::move(o)), observer(directory), dhcp_strand(r.strand()) {}

    Runtime& runtime;
    BootOptions options;
    BootObserver observer;
    std::unique_ptr<BootHttp> boot_http;
    std::unique_ptr<HttpServer> http_server;
    std::unique_ptr<TftpServer> tftp;
    std::unique_ptr<RouterAdvertiser> advertiser;

    Executor dhcp_strand;  ///< Everything below runs on it.
    std::unique_ptr<LeaseStore> leases;
    std::optional<DhcpServer> dhcp;
    std::optional<UdpSocket> dhcp_socket;
    std::optional<UdpSocket> pxe_socket;
    std::atomic<int> dhcp_loops = 0;
    Signal dhcp_ended;

    void start_http();
    void start_tftp();
    void start_dhcp(const std::shared_ptr<State>& self);
    static Task<> answer_dhcp(std::shared_ptr<State> self, DhcpServer::Port port);
    std::unique_ptr<TftpSource> open_tftp(std::string_view name) const;
};

void BootService::State::start_http() {
    auto& http = options.http;
    boot_http = std::make_unique<BootHttp>(
        BootHttp::Options{.http_url = http.url, .files = options.files, .hooks = http.hooks},
        observer);
    http_server = std::make_unique<HttpServer>(
        runtime.executor(), HttpServer::Options{.address = http.address, .port = http.port},
        boot_http->handler());
    http_server->start();
}

void BootService::State::start_tftp() {
    auto open = [this](std::string_view name, const UdpEndpoint&) { return open_tftp(name); };
    auto report = [this](TftpServer::Report what) { observer.saw(to_event(std::move(what))); };
    tftp = std::make_unique<TftpServer>(runtime, options.tftp.server, open, report);
    tftp->start();
}

std::unique_ptr<TftpSource> BootService::State::open_tftp(std::string_view name) const {
    if (name == "boot.ipxe") return tftp_text(chain_script(options.http.url));
    auto file = options.files.find(name);
    return file == options.files.end() ? nullptr : open_tftp_file(file->second);
}

void BootService::State::start_dhcp(const std::shared_ptr<State>& self) {
    auto& settings = options.dhcp;
    if (settings.lease_file.empty()) {
        leases = std::make_unique<NoLeaseStore>();
    } else {
        leases = std::make_unique<LeaseJournal>(settings.lease_file);
    }
    dhcp.emplace(settings.server, observer, *leases, now_seconds());

    UdpSocket::Options socket{.port = settings.port,
                              .device = settings.device,
                              .broadcast = true,
                              .reuse_address = true,
                              .buffer_bytes = kSocketBuffer};
    dhcp_socket.emplace(dhcp_strand, socket);
    if (settings.server.mode == DhcpServer::Mode::proxy) {
        socket.port = settings.pxe_port;
        pxe_socket.emplace(dhcp_strand, socket);
    }
    dhcp_loops = pxe_socket ? 2 : 1;
    runtime.spawn("dhcp server", dhcp_strand, answer_dhcp(self, DhcpServer::Port::server));
    if (pxe_socket)
        runtime.spawn("pxe server", dhcp_strand, answer_dhcp(self, DhcpServer::Port::pxe));
}

Task<> BootService::State::answer_dhcp(std::shared_ptr<State> self, DhcpServer::Port port) {
    auto& socket = port == DhcpServer::Port::pxe ? *self->pxe_socket : *self->dhcp_socket;
    for (;;) {
        try {
            auto packet = co_await socket.receive();
            auto reply = self->dhcp->on_packet(packet.bytes, packet.from, port, now_seconds());
            if (reply && !socket.send(reply->bytes, reply->to))
                log_warning("NETBOOT_REPLY_NOT_SENT", "to={}", reply->to.address.to_text());
        } catch (const Error& error) {
            if (error.code() == "closed") break;
            log_warning("NETBOOT_REQUEST_FAILED", "reason=\"{}\"", error.message());
        } catch (const std::exception& error) {
            log_warning("NETBOOT_REQUEST_FAILED", "reason=\"{}\"", error.what());
        }
    }
    if (--self->dhcp_loops == 0) self->dhcp_ended.set();
}

BootService::BootService(Runtime& runtime, BootOptions options, BootDirectory& directory)
    : state_(std::make_shared<State>(runtime, std::move(options), directory)) {}

BootService::~BootService() {
    if (state_->dhcp_socket) state_->dhcp_socket->close();
    if (state_->pxe_socket) state_->pxe_socket->close();
}

void BootService::start() {
    auto& options = state_->options;
    complete(options);
    // HTTP first: a machine that gets an offer must find everything behind it.
    if (options.http.enabled) state_->start_http();
    if (options.tftp.enabled) state_->start_tftp();
    if (options.router_advertisements) {
        state_->advertiser =
            std::make_unique<RouterAdvertiser>(state_->runtime, options.dhcp.device);
        state_->advertiser->start();
    }
    if (options.dhcp.enabled) state_->start_dhcp(state_);
    log_info("NETBOOT_STARTED", "dhcp={} tftp={} http={} url={}", options.dhcp.enabled,
             options.tftp.enabled, options.http.enabled, options.http.url);
}

Task<> BootService::stop() {
    auto state = state_;
    if (state->dhcp_socket) state->dhcp_socket->close();
    if (state->pxe_socket) state->pxe_socket->close();
    if (state->dhcp_loops > 0) co_await state->dhcp_ended.wait_for(kDrainTimeout);
    if (state->dhcp_loops == 0) {
        // Frames that are still to be destroyed hold the state: the lease file must not wait for
        // them.
        state->dhcp.reset();
        state->leases.reset();
    }
    if (state->advertiser) co_await state->advertiser->stop();
    if (state->tftp) co_await state->tftp->stop();
    if (state->http_server) co_await state->http_server->drain(kDrainTimeout);
    log_info("NETBOOT_STOPPED", "");
}

std::uint16_t BootService::dhcp_port() const {
    return state_->dhcp_socket->port();
}
std::uint16_t BootService::tftp_port() const {
    return state_->tftp->port();
}
std::uint16_t BootService::http_port() const {
    return state_->http_server->port();
}

}  // namespace ferrite::netboot
