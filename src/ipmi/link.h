#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/secret.h"
#include "ipmi/cipher_suite.h"
#include "ipmi/crypto.h"
#include "ipmi/packet.h"

namespace ferrite::ipmi {

/// Which sequence numbers of the peer are fresh (IPMI 2.0 section 6.12.12): any number above the
/// highest seen, or one of the few below it that has not been seen. 0 is never fresh.
class SequenceWindow {
public:
    /// `depth` (at most 31) numbers below the highest may still come.
    explicit SequenceWindow(unsigned depth) : depth_(depth) {}

    /// True once for each fresh number.
    bool accept(std::uint32_t sequence);

private:
    unsigned depth_;
    bool started_ = false;
    std::uint32_t highest_ = 0;
    std::uint32_t seen_ = 0;  ///< Bit n: highest_ - n was seen.
};

/// Puts IPMI messages into the packets of one established session and takes them out again, with
/// sequence numbers, authentication and encryption. One per direction pair; not thread-safe.
class Link {
public:
    virtual ~Link() = default;

    /// The datagram for `message`; each call uses up a sequence number, so a retransmission is
    /// wrapped anew.
    virtual Bytes wrap(ByteView message) = 0;

    /// The message in a packet from the peer; nothing when the packet is not for this session,
    /// forged, damaged, or a replay.
    virtual std::optional<Bytes> unwrap(const Packet& packet) = 0;

    /// The session id the BMC goes by: what Close Session wants.
    virtual std::uint32_t bmc_session_id() const = 0;
};

/// IPMI 1.5 (section 22.17). Both sides use the same session id.
class LinkV15 final : public Link {
public:
    /// `next_sequence` is the first number to send with.
    LinkV15(AuthType auth_type, Secret password, std::uint32_t session_id,
            std::uint32_t next_sequence);

    Bytes wrap(ByteView message) override;
    std::optional<Bytes> unwrap(const Packet& packet) override;
    std::uint32_t bmc_session_id() const override { return session_id_; }

    /// The authentication code of one packet: MD5, the plain password, or empty.
    static Bytes auth_code(AuthType type, const Secret& password, std::uint32_t session_id,
                           std::uint32_t sequence, ByteView message);

private:
    AuthType auth_type_;
    Secret password_;
    std::uint32_t session_id_;
    std::uint32_t next_sequence_;
    SequenceWindow window_;
};

/// IPMI 2.0 (sections 13.28 to 13.32). `own_id` is what the peer's packets carry, `peer_id` ours.
class LinkV20 final : public Link {
public:
    struct Ids {
        std::uint32_t own = 0;
        std::uint32_t peer = 0;
        std::uint32_t bmc = 0;  ///< Whichever of the two the BMC chose.
    };

    LinkV20(const CipherSuite& suite, ByteView session_key, Ids ids, RandomSource random);

    Bytes wrap(ByteView message) override;
    std::optional<Bytes> unwrap(const Packet& packet) override;
    std::uint32_t bmc_session_id() const override { return ids_.bmc; }

private:
    Bytes encrypt(ByteView message) const;
    std::optional<Bytes> decrypt(ByteView payload) const;
    bool authentic(const PacketV20& packet) const;

    CipherSuite suite_;
    Bytes integrity_key_;
    Bytes encryption_key_;
    Ids ids_;
    RandomSource random_;
    std::uint32_t next_sequence_ = 1;
    SequenceWindow window_;
};

}  // namespace ferrite::ipmi
