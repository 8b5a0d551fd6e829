#include "ipmi/link.h"

#include <utility>

namespace ferrite::ipmi {
namespace {

constexpr unsigned kWindowV15 = 8;
constexpr unsigned kWindowV20 = 16;
constexpr std::size_t kPasswordV15 = 16;
constexpr std::uint8_t kIntegrityPad = 0xFF;
constexpr std::uint8_t kNextHeader = 0x07;
constexpr std::size_t kKeyConstantSize = 20;  // for SHA-256 too

/// K1 and K2 of section 13.32: the session key applied to a constant.
Bytes derived_key(Hash hash, ByteView session_key, std::uint8_t constant) {
    return hmac(hash, session_key, Bytes(kKeyConstantSize, constant));
}

std::uint32_t after(std::uint32_t sequence) {
    return sequence == 0xFFFFFFFF ? 1 : sequence + 1;  // 0 means "outside a session"
}

Bytes padded_password(const Secret& password) {
    Bytes padded(password.reveal().begin(), password.reveal().end());
    padded.resize(kPasswordV15);
    return padded;
}

}  // namespace

bool SequenceWindow::accept(std::uint32_t sequence) {
    if (sequence == 0) return false;
    if (!started_ || sequence > highest_) {
        auto ahead = sequence - highest_;
        seen_ = started_ && ahead < 32 ? seen_ << ahead : 0;
        seen_ |= 1;
        highest_ = sequence;
        started_ = true;
        return true;
    }
    auto behind = highest_ - sequence;
    if (behind > depth_) return false;
    auto bit = std::uint32_t{1} << behind;
    if ((seen_ & bit) != 0) return false;
    seen_ |= bit;
    return true;
}

LinkV15::LinkV15(AuthType auth_type, Secret password, std::uint32_t session_id,
                 std::uint32_t next_sequence)
    : auth_type_(auth_type),
      password_(std::move(password)),
      session_id_(session_id),
      next_sequence_(next_sequence),
      window_(kWindowV15) {}

Bytes LinkV15::auth_code(AuthType type, const Secret& password, std::uint32_t session_id,
                         std::uint32_t sequence, ByteView message) {
    if (type == AuthType::none) return {};
    auto padded = padded_password(password);
    if (type == AuthType::password) return padded;
    ByteWriter out;
    out.raw(padded).u32_le(session_id).raw(message).u32_le(sequence).raw(padded);
    return md5(out.bytes());
}

Bytes LinkV15::wrap(ByteView message) {
    auto sequence = std::exchange(next_sequence_, after(next_sequence_));
    auto code = auth_code(auth_type_, password_, session_id_, sequence, message);
    return encode_v15(auth_type_, sequence, session_id_, code, message);
}

std::optional<Bytes> LinkV15::unwrap(const Packet& packet) {
    const auto* v15 = std::get_if<PacketV15>(&packet);
    if (v15 == nullptr || v15->session_id != session_id_ || v15->auth_type != auth_type_) return {};
    if (auth_type_ != AuthType::none) {
        auto code = auth_code(auth_type_, password_, session_id_, v15->sequence, v15->message);
        // Without authentication a number proves nothing, and some BMCs then send 0 throughout.
        if (!same_secret(code, v15->auth_code) || !window_.accept(v15->sequence)) return {};
    }
    return Bytes(v15->message.begin(), v15->message.end());
}

LinkV20::LinkV20(const CipherSuite& suite, ByteView session_key, Ids ids, RandomSource random)
    : suite_(suite),
      integrity_key_(derived_key(suite.hash, session_key, 1)),
      encryption_key_(derived_key(suite.hash, session_key, 2)),
      ids_(ids),
      random_(std::move(random)),
      window_(kWindowV20) {
    encryption_key_.resize(kAesBlock);
}

Bytes LinkV20::wrap(ByteView message) {
    auto sequence = std::exchange(next_sequence_, after(next_sequence_));
    auto sealed = suite_.encrypts ? encrypt(message) : Bytes(message.begin(), message.end());
    auto flags = static_cast<std::uint8_t>((suite_.encrypts ? kEncryptedFlag : 0) |
                                           (suite_.auth_code_size > 0 ? kAuthenticatedFlag : 0));
    auto out = begin_v20(flags, ids_.peer, sequence, sealed);
    if (suite_.auth_code_size == 0) return out.take();

    // Pad so that what is authenticated, with the two bytes that follow the pad, is whole words.
    std::uint8_t pad = 0;
    while ((out.size() - kRmcpHeaderSize + 2) % 4 != 0) {
        out.u8(kIntegrityPad);
        ++pad;
    }
    out.u8(pad).u8(kNextHeader);
    auto code = hmac(suite_.hash, integrity_key_, ByteView(out.bytes()).subspan(kRmcpHeaderSize));
    code.resize(suite_.auth_code_size);
    return out.raw(code).take();
}

std::optional<Bytes> LinkV20::unwrap(const Packet& packet) {
    const auto* v20 = std::get_if<PacketV20>(&packet);
    if (v20 == nullptr || v20->session_id != ids_.own || v20->type != PayloadType::ipmi) return {};
    if (v20->encrypted != suite_.encrypts || v20->authenticated != (suite_.auth_code_size > 0))
        return {};
    if (!authentic(*v20) || !window_.accept(v20->sequence)) return {};
    if (suite_.encrypts) return decrypt(v20->payload);
    return Bytes(v20->payload.begin(), v20->payload.end());
}

bool LinkV20::authentic(const PacketV20& packet) const {
    if (suite_.auth_code_size == 0) return true;
    auto trailer = packet.trailer;
    if (trailer.size() < suite_.auth_code_size + 2) return false;
    auto pad_part = trailer.first(trailer.size() - suite_.auth_code_size);
    auto pad_size = pad_part[pad_part.size() - 2];
    if (pad_size != pad_part.size() - 2) return false;
    auto signed_size = packet.session_part.size() - suite_.auth_code_size;
    auto code = hmac(suite_.hash, integrity_key_, packet.session_part.first(signed_size));
    code.resize(suite_.auth_code_size);
    return same_secret(code, trailer.last(suite_.auth_code_size));
}

Bytes LinkV20::encrypt(ByteView message) const {
    // The pad counts 1, 2, 3 ... and its length follows it (section 13.29).
    Bytes plain(message.begin(), message.end());
    std::uint8_t pad = 0;
    while ((plain.size() + 1) % kAesBlock != 0) plain.push_back(++pad);
    plain.push_back(pad);
    auto sealed = random_(kAesBlock);
    auto body = aes_cbc_encrypt(encryption_key_, sealed, plain);
    sealed.insert(sealed.end(), body.begin(), body.end());
    return sealed;
}

std::optional<Bytes> LinkV20::decrypt(ByteView payload) const {
    if (payload.size() < 2 * kAesBlock) return {};
    auto plain =
        aes_cbc_decrypt(encryption_key_, payload.first(kAesBlock), payload.subspan(kAesBlock));
    if (!plain) return {};
    std::size_t pad = plain->back();
    if (pad >= plain->size()) return {};
    plain->pop_back();
    for (auto expected = pad; expected > 0; --expected) {
        if (plain->back() != expected) return {};
        plain->pop_back();
    }
    return plain;
}

}  // namespace ferrite::ipmi
