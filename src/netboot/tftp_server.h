#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/runtime.h"
#include "base/udp_socket.h"
#include "netboot/tftp_transfer.h"

namespace ferrite::netboot {

/// A read-only TFTP server over a table of names: each transfer has a port of its own.
///
///     TftpServer server(runtime, {.port = 69}, open_by_name, report);
///     server.start();
///     ... co_await server.stop();
///
/// Bounded: past `max_transfers`, or `max_transfers_per_client` of one address, a request gets no
/// answer, and the client's own repetition tries again; an error would make firmware give up.
class TftpServer {
public:
    struct Options {
        IpAddress address;        ///< Unspecified: all.
        std::uint16_t port = 69;  ///< 0: any free one, see port().
        std::string device;       ///< Network interface to bind to; empty: all.
        std::size_t max_transfers = 512;
        std::size_t max_transfers_per_client = 8;
        TftpTransfer::Limits limits;
    };

    /// Resolves a requested name; nothing: there is no such file. The name is printable text
    /// without a slash in front; it is looked up, never joined to a path, so `..` means nothing.
    /// Runs on the server's strand and may block for milliseconds.
    using Open = std::function<std::unique_ptr<TftpSource>(std::string_view file,
                                                           const UdpEndpoint& client)>;

    /// What happened to a request, for logs and evidence. Runs on the server's strand.
    struct Report {
        enum class Kind { started, finished, size_query, failed };
        Kind kind = Kind::started;
        UdpEndpoint client;
        std::string file;
        std::uint64_t bytes = 0;  ///< Of the file when started, else acknowledged.
        std::string reason;       ///< Of a failure.
    };

    /// `runtime` must outlive the server.
    TftpServer(Runtime& runtime, Options options, Open open, std::function<void(Report)> report);
    ~TftpServer();
    TftpServer(const TftpServer&) = delete;
    TftpServer& operator=(const TftpServer&) = delete;

    /// Binds and begins to answer. Throws Error that names the address and the cause.
    void start();

    /// The port that was bound. Valid after start().
    std::uint16_t port() const;

    /// Breaks off what runs and waits for it. Any executor.
    Task<> stop();

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace ferrite::netboot
