#include "ipmi/message.h"

namespace ferrite::ipmi {
namespace {

constexpr std::uint8_t kBmcAddress = 0x20;
constexpr std::uint8_t kConsoleAddress = 0x81;
constexpr std::size_t kFirstPart = 3;  // address, network function, checksum
constexpr std::size_t kSmallestRequest = 7;
constexpr std::size_t kSmallestResponse = 8;

std::uint8_t sum(ByteView bytes) {
    std::uint8_t total = 0;
    for (auto byte : bytes) total = static_cast<std::uint8_t>(total + byte);
    return total;
}

std::uint8_t checksum(ByteView bytes) {
    return static_cast<std::uint8_t>(-sum(bytes));
}

/// Both halves of a message sum up to zero with their checksums.
bool checksums_hold(ByteView message) {
    return sum(message.first(kFirstPart)) == 0 && sum(message.subspan(kFirstPart)) == 0;
}

struct Head {
    std::uint8_t to, net_fn_lun, from, sequence_lun, command;
};

ByteWriter begin(const Head& head) {
    ByteWriter out;
    out.u8(head.to).u8(head.net_fn_lun);
    out.u8(checksum(out.bytes()));
    out.u8(head.from).u8(head.sequence_lun).u8(head.command);
    return out;
}

Bytes finish(ByteWriter out) {
    out.u8(checksum(ByteView(out.bytes()).subspan(kFirstPart)));
    return out.take();
}

std::uint8_t shifted(std::uint8_t value, std::uint8_t lun) {
    return static_cast<std::uint8_t>(value << 2 | (lun & 3));
}

}  // namespace

Bytes encode_request(const Request& request, std::uint8_t sequence) {
    auto out = begin({kBmcAddress, shifted(request.net_fn, 0), kConsoleAddress,
                      shifted(sequence, 0), request.command});
    out.raw(request.data);
    return finish(std::move(out));
}

Bytes encode_response(const RequestMessage& request, std::uint8_t completion_code, ByteView data) {
    auto net_fn = static_cast<std::uint8_t>(request.net_fn | 1);
    auto out = begin({request.requester_address, shifted(net_fn, request.requester_lun),
                      request.responder_address, shifted(request.sequence, request.responder_lun),
                      request.command});
    out.u8(completion_code).raw(data);
    return finish(std::move(out));
}

std::optional<ResponseMessage> parse_response(ByteView message) {
    if (message.size() < kSmallestResponse || !checksums_hold(message)) return {};
    ResponseMessage response{.net_fn = static_cast<std::uint8_t>(message[1] >> 2),
                             .command = message[5],
                             .sequence = static_cast<std::uint8_t>(message[4] >> 2),
                             .completion_code = message[6],
                             .data = message.subspan(7, message.size() - kSmallestResponse)};
    if ((response.net_fn & 1) == 0) return {};
    return response;
}

std::optional<RequestMessage> parse_request(ByteView message) {
    if (message.size() < kSmallestRequest || !checksums_hold(message)) return {};
    RequestMessage request{.responder_address = message[0],
                           .net_fn = static_cast<std::uint8_t>(message[1] >> 2),
                           .responder_lun = static_cast<std::uint8_t>(message[1] & 3),
                           .requester_address = message[3],
                           .requester_lun = static_cast<std::uint8_t>(message[4] & 3),
                           .sequence = static_cast<std::uint8_t>(message[4] >> 2),
                           .command = message[5],
                           .data = message.subspan(6, message.size() - kSmallestRequest)};
    if ((request.net_fn & 1) != 0) return {};
    return request;
}

}  // namespace ferrite::ipmi
