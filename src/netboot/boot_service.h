#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/runtime.h"
#include "netboot/boot_directory.h"
#include "netboot/boot_http.h"
#include "netboot/dhcp_server.h"
#include "netboot/tftp_server.h"

namespace ferrite::netboot {

struct BootOptions {
    struct Dhcp {
        bool enabled = true;
        DhcpServer::Options server;
        std::uint16_t port = 67;        ///< 0: any free one, see BootService::dhcp_port().
        std::uint16_t pxe_port = 4011;  ///< Only in proxy mode.
        /// The network interface of `server.server_address`; without it the socket also hears other
        /// networks' requests, and its broadcasts go where the routing table says.
        std::string device;
        std::filesystem::path lease_file;  ///< Empty: leases are forgotten at the end.
    };
    struct Tftp {
        bool enabled = true;
        TftpServer::Options server;
    };
    struct Http {
        bool enabled = true;
        std::string address = "0.0.0.0";
        std::uint16_t port = 8080;  ///< 0: any free one, see BootService::http_port().
        /// As machines reach it, without a slash at the end. Empty: made from the DHCP server
        /// address and the port, which must then be a fixed one.
        std::string url;
        std::vector<BootHttp::FileHook> hooks;
    };
    Dhcp dhcp;
    Tftp tftp;
    Http http;
    /// Boot loaders by name, for TFTP and HTTP, such as {"undionly.kpxe", "/usr/lib/ipxe/..."}.
    BootFileTable files;
    /// Answer IPv6 router solicitations on `dhcp.device` (see RouterAdvertiser).
    bool router_advertisements = false;
};

/// Debian's iPXE (package `ipxe`) under the names that BootFiles uses by default.
BootFileTable debian_boot_files(const std::filesystem::path& directory = "/usr/lib/ipxe");

/// Everything that machines ask for while they boot: DHCP, TFTP, HTTP scripts and files.
///
///     BootService boot(runtime, options, directory);
///     boot.start();                       // binds everything or throws
///     ... co_await boot.stop();
///
/// Each packet costs a bounded amount of work: one question to the directory and one answer.
class BootService {
public:
    /// `runtime` and `directory` must outlive the service. Once started, it must be stopped before
    /// it is destroyed.
    BootService(Runtime& runtime, BootOptions options, BootDirectory& directory);
    ~BootService();
    BootService(const BootService&) = delete;
    BootService& operator=(const BootService&) = delete;

    /// Opens the lease file and every socket. Throws Error or InvalidValue that names what cannot
    /// be and why; what had begun then ends with the object.
    void start();

    /// Stops answering and waits (seconds) for what runs. Once.
    Task<> stop();

    /// The ports that were bound. Valid after start(), for what is enabled.
    std::uint16_t dhcp_port() const;
    std::uint16_t tftp_port() const;
    std::uint16_t http_port() const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace ferrite::netboot
