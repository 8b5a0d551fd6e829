// A session in each of its states gets hostile packets: the input's first byte says how many good
// packets of the BMC come first, the second how the next one is spoilt, the rest is the packet.

#include <cstddef>
#include <cstdint>

#include "ipmi/bmc_chassis.h"
#include "ipmi/bmc_protocol.h"
#include "ipmi/session_protocol.h"

using namespace ferrite;
using namespace ferrite::ipmi;

namespace {

using Clock = std::chrono::steady_clock;

RandomSource fixed_random() {
    return [](std::size_t count) { return Bytes(count, 0x5A); };
}

SessionOptions client_options(bool v1_5) {
    return {.host = "bmc",
            .user = "admin",
            .password = Secret("password"),
            .protocol = v1_5 ? Protocol::v1_5 : Protocol::v2_0};
}

/// Lays the input over a good reply, so that the rest of it, checksums apart, still makes sense.
Bytes spoil(Bytes reply, ByteView input) {
    ByteReader in(input);
    while (in.left() >= 2 && !reply.empty()) {
        auto at = in.u8();
        reply[at % reply.size()] ^= in.u8();
    }
    return reply;
}

struct Pair {
    explicit Pair(bool v1_5)
        : bmc(
              {.users = {{"admin", Secret("password")}}},
              [this](const Request& r) { return chassis.handle(r); }, fixed_random()),
          session(client_options(v1_5), 0x11223344, fixed_random()) {}

    /// Hands the session's packets to the BMC; its replies.
    std::vector<Bytes> replies(const SessionProtocol::Output& out) {
        std::vector<Bytes> all;
        for (const auto& datagram : out.datagrams)
            for (auto& reply : bmc.on_packet(datagram, now)) all.push_back(std::move(reply));
        return all;
    }

    Clock::time_point now{std::chrono::hours(1)};
    BmcChassis chassis;
    BmcProtocol bmc;
    SessionProtocol session;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    int good_packets = data[0] & 0x07;
    bool v1_5 = (data[0] & 0x08) != 0;
    bool raw = (data[1] & 1) != 0;
    ByteView input(data + 2, size - 2);

    Pair pair(v1_5);
    auto replies = pair.replies(pair.session.start(get_chassis_status(), pair.now));
    for (int i = 0; i < good_packets && !replies.empty(); ++i) {
        auto out = pair.session.on_packet(replies.front(), pair.now);
        replies = pair.replies(out);
        if (out.outcome) replies = pair.replies(pair.session.start(get_boot_flags(), pair.now));
    }
    auto hostile =
        raw || replies.empty() ? Bytes(input.begin(), input.end()) : spoil(replies.front(), input);
    pair.session.on_packet(hostile, pair.now);
    pair.bmc.on_packet(hostile, pair.now);

    // Whatever it was told, the session comes to an end.
    for (int i = 0; i < 1000 && pair.session.next_timer(); ++i) {
        pair.now = std::max(pair.now, *pair.session.next_timer());
        pair.session.on_timer(pair.now);
    }
    if (pair.session.busy()) __builtin_trap();
    return 0;
}
