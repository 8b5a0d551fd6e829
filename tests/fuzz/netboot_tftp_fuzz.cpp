// A request and then any packets of the client, each with a length byte in front: nothing may
// crash, and a transfer never sends more than its window at a time.

#include <cstdlib>

#include "netboot/tftp_transfer.h"

using namespace ferrite;
using namespace ferrite::netboot;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    ByteReader in({data, size});
    auto next = [&] {
        auto length = in.u8();
        return in.take(std::min<std::size_t>(length, in.left()));
    };
    auto request = TftpRequest::parse(next());
    if (!request) return 0;
    TftpTransfer transfer(*request, tftp_text(std::string(20'000, 'x')), {.max_window_size = 8});
    TftpTransfer::Clock::time_point now{};
    auto check = [](const std::vector<Bytes>& packets) {
        if (packets.size() > 8) std::abort();
    };
    check(transfer.start(now));
    while (!in.empty()) {
        auto packet = next();
        check(packet.empty() ? transfer.on_timer(now += std::chrono::seconds(2))
                             : transfer.on_packet(packet, now));
        check(transfer.on_repeated_request(now));
    }
    return 0;
}
