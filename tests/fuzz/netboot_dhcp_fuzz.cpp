// Any packet to the DHCP server, in both modes and directly as well as through a relay: nothing may
// crash, and every answer must be a message that parses and keeps within 1472 bytes.

#include <cstdlib>

#include "netboot/dhcp_server.h"

using namespace ferrite;
using namespace ferrite::netboot;

namespace {

struct Everybody : BootDirectory {
    std::optional<BootPlan> plan_for(const BootClient& client) override {
        if (client.mac.octets()[5] % 2) return {};
        return BootPlan{.kind = BootKind::network, .hostname = "node"};
    }
    void saw(const BootEvent&) override {}
};

DhcpServer::Options options(DhcpServer::Mode mode) {
    DhcpServer::Options out;
    out.mode = mode;
    out.server_address = IpAddress::v4(0x0a000001);
    out.boot.tftp = out.server_address;
    out.boot.http_url = "http://10.0.0.1";
    out.subnets = {{.network = IpAddress::v4(0x0a000000),
                    .prefix_length = 24,
                    .pool = LeaseTable::Pool{IpAddress::v4(0x0a000010), IpAddress::v4(0x0a00001f)},
                    .dns = {IpAddress::v4(0x0a000001)}}};
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Everybody directory;
    static NoLeaseStore store;
    static DhcpServer server(options(DhcpServer::Mode::server), directory, store, Timestamp{});
    static DhcpServer proxy(options(DhcpServer::Mode::proxy), directory, store, Timestamp{});
    static Timestamp now{};
    now += std::chrono::seconds(1);

    for (auto* one : {&server, &proxy}) {
        for (auto port : {DhcpServer::Port::server, DhcpServer::Port::pxe}) {
            auto reply = one->on_packet({data, size}, {}, port, now);
            if (!reply) continue;
            if (reply->bytes.size() > 1472 || !DhcpMessage::parse(reply->bytes)) std::abort();
        }
    }
    return 0;
}
