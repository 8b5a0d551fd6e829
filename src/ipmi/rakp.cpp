#include "ipmi/rakp.h"

#include <algorithm>

namespace ferrite::ipmi {
namespace {

constexpr std::uint8_t kPayloadAuthentication = 0;
constexpr std::uint8_t kPayloadIntegrity = 1;
constexpr std::uint8_t kPayloadConfidentiality = 2;
constexpr std::uint8_t kAlgorithmRecordSize = 8;
constexpr std::uint8_t kAlgorithmMask = 0x3F;

void put_algorithm(ByteWriter& out, std::uint8_t kind, std::uint8_t algorithm) {
    out.u8(kind).zeros(2).u8(kAlgorithmRecordSize).u8(algorithm).zeros(3);
}

std::uint8_t get_algorithm(ByteReader& in) {
    in.skip(4);
    auto algorithm = in.u8();
    in.skip(3);
    return algorithm & kAlgorithmMask;
}

template <typename Message>
void put_algorithms(ByteWriter& out, const Message& message) {
    put_algorithm(out, kPayloadAuthentication, message.authentication);
    put_algorithm(out, kPayloadIntegrity, message.integrity);
    put_algorithm(out, kPayloadConfidentiality, message.confidentiality);
}

template <typename Message>
void get_algorithms(ByteReader& in, Message& message) {
    message.authentication = get_algorithm(in);
    message.integrity = get_algorithm(in);
    message.confidentiality = get_algorithm(in);
}

Nonce get_nonce(ByteReader& in) {
    Nonce nonce{};
    std::ranges::copy(in.take(nonce.size()), nonce.begin());
    return nonce;
}

Bytes rest_of(ByteReader& in) {
    auto rest = in.take(in.left());
    return {rest.begin(), rest.end()};
}

void put_user(ByteWriter& out, std::uint8_t role, const std::string& user) {
    out.u8(role).u8(static_cast<std::uint8_t>(user.size())).text(user);
}

}  // namespace

Bytes encode(const OpenSessionRequest& message) {
    ByteWriter out;
    out.u8(message.tag).u8(message.max_privilege).zeros(2).u32_le(message.console_id);
    put_algorithms(out, message);
    return out.take();
}

Bytes encode(const OpenSessionResponse& message) {
    ByteWriter out;
    out.u8(message.tag).u8(message.status).u8(message.max_privilege).u8(0);
    out.u32_le(message.console_id);
    if (message.status != 0) return out.take();
    out.u32_le(message.bmc_id);
    put_algorithms(out, message);
    return out.take();
}

Bytes encode(const Rakp1& message) {
    ByteWriter out;
    out.u8(message.tag).zeros(3).u32_le(message.bmc_id).raw(message.console_random);
    out.u8(message.role).zeros(2);
    out.u8(static_cast<std::uint8_t>(message.user.size())).text(message.user);
    return out.take();
}

Bytes encode(const Rakp2& message) {
    ByteWriter out;
    out.u8(message.tag).u8(message.status).zeros(2).u32_le(message.console_id);
    if (message.status != 0) return out.take();
    out.raw(message.bmc_random).raw(message.guid).raw(message.auth_code);
    return out.take();
}

Bytes encode(const Rakp3& message) {
    ByteWriter out;
    out.u8(message.tag).u8(message.status).zeros(2).u32_le(message.bmc_id);
    out.raw(message.auth_code);
    return out.take();
}

Bytes encode(const Rakp4& message) {
    ByteWriter out;
    out.u8(message.tag).u8(message.status).zeros(2).u32_le(message.console_id);
    out.raw(message.check);
    return out.take();
}

std::optional<OpenSessionRequest> parse_open_session_request(ByteView payload) {
    ByteReader in(payload);
    OpenSessionRequest message{.tag = in.u8(), .max_privilege = in.u8()};
    in.skip(2);
    message.console_id = in.u32_le();
    get_algorithms(in, message);
    if (in.failed()) return {};
    return message;
}

std::optional<OpenSessionResponse> parse_open_session_response(ByteView payload) {
    ByteReader in(payload);
    OpenSessionResponse message{.tag = in.u8(), .status = in.u8()};
    if (in.failed()) return {};
    if (message.status != 0) return message;  // BMCs cut an error anywhere after the status.
    message.max_privilege = in.u8();
    in.skip(1);
    message.console_id = in.u32_le();
    message.bmc_id = in.u32_le();
    get_algorithms(in, message);
    if (in.failed()) return {};
    return message;
}

std::optional<Rakp1> parse_rakp1(ByteView payload) {
    ByteReader in(payload);
    Rakp1 message{.tag = in.u8()};
    in.skip(3);
    message.bmc_id = in.u32_le();
    message.console_random = get_nonce(in);
    message.role = in.u8();
    in.skip(2);
    message.user = as_text(in.take(in.u8()));
    if (in.failed()) return {};
    return message;
}

std::optional<Rakp2> parse_rakp2(ByteView payload) {
    ByteReader in(payload);
    Rakp2 message{.tag = in.u8(), .status = in.u8()};
    if (in.failed()) return {};
    if (message.status != 0) return message;
    in.skip(2);
    message.console_id = in.u32_le();
    message.bmc_random = get_nonce(in);
    message.guid = get_nonce(in);
    message.auth_code = rest_of(in);
    if (in.failed()) return {};
    return message;
}

std::optional<Rakp3> parse_rakp3(ByteView payload) {
    ByteReader in(payload);
    Rakp3 message{.tag = in.u8(), .status = in.u8()};
    in.skip(2);
    message.bmc_id = in.u32_le();
    message.auth_code = rest_of(in);
    if (in.failed()) return {};
    return message;
}

std::optional<Rakp4> parse_rakp4(ByteView payload) {
    ByteReader in(payload);
    Rakp4 message{.tag = in.u8(), .status = in.u8()};
    if (in.failed()) return {};
    if (message.status != 0) return message;
    in.skip(2);
    message.console_id = in.u32_le();
    message.check = rest_of(in);
    if (in.failed()) return {};
    return message;
}

Bytes RakpExchange::rakp2_code(const Secret& password) const {
    ByteWriter out;
    out.u32_le(console_id).u32_le(bmc_id).raw(console_random).raw(bmc_random).raw(guid);
    put_user(out, role, user);
    return hmac(hash, as_bytes(password.reveal()), out.bytes());
}

Bytes RakpExchange::rakp3_code(const Secret& password) const {
    ByteWriter out;
    out.raw(bmc_random).u32_le(console_id);
    put_user(out, role, user);
    return hmac(hash, as_bytes(password.reveal()), out.bytes());
}

Bytes RakpExchange::session_key(const Secret& kg) const {
    ByteWriter out;
    out.raw(console_random).raw(bmc_random);
    put_user(out, role, user);
    return hmac(hash, as_bytes(kg.reveal()), out.bytes());
}

Bytes RakpExchange::rakp4_check(ByteView session_key, const CipherSuite& suite) const {
    ByteWriter out;
    out.raw(console_random).u32_le(bmc_id).raw(guid);
    auto check = hmac(hash, session_key, out.bytes());
    check.resize(suite.rakp4_check_size);
    return check;
}

}  // namespace ferrite::ipmi
