#include <algorithm>

#include <fmt/format.h>

#include "ipmi/handshake.h"
#include "ipmi/message.h"

namespace ferrite::ipmi {
namespace {

constexpr std::size_t kUserField = 16;
constexpr std::size_t kChallenge = 16;
constexpr std::uint32_t kFirstInbound = 1;

/// Completion codes of Get Session Challenge and Activate Session (IPMI 2.0 tables 22-20, 22-21).
enum Code : std::uint8_t {
    kInvalidUser = 0x81,       // of the challenge
    kNullUserDisabled = 0x82,  // of the challenge
    kNoSlot = 0x81,            // of the activation, like the next two
    kNoSlotForUser = 0x82,
    kNoSlotForPrivilege = 0x83,
    kPrivilegeTooHigh = 0x86,
    kNodeBusy = 0xC0,
    kOutOfSpace = 0xC4,
};

/// The best authentication type both sides have; `offered` has bit n set for type n.
std::optional<AuthType> choose(std::uint8_t offered) {
    for (auto type : {AuthType::md5, AuthType::password, AuthType::none})
        if ((offered >> static_cast<unsigned>(type) & 1) != 0) return type;
    return {};
}

class HandshakeV15 final : public Handshake {
public:
    HandshakeV15(const SessionOptions& options, AuthType auth_type, std::uint8_t first_sequence)
        : options_(options), auth_type_(auth_type), sequence_(first_sequence & 0x3F) {}

    Bytes begin() override {
        ByteWriter data;
        data.u8(static_cast<std::uint8_t>(auth_type_)).text(options_.user);
        data.zeros(kUserField - options_.user.size());
        request_ = {kNetFnApp, kGetSessionChallenge, data.take()};
        return encode_v15(AuthType::none, 0, 0, {}, encode_request(request_, sequence_));
    }

    Progress on_packet(const Packet& packet) override {
        const auto* v15 = std::get_if<PacketV15>(&packet);
        if (v15 == nullptr) return Ignored{};
        auto response = parse_response(v15->message);
        if (!response || !response->answers(request_, sequence_)) return Ignored{};
        if (request_.command == kGetSessionChallenge) return on_challenge(*response);
        return on_activated(*v15, *response);
    }

    Progress on_silence(unsigned times) override {
        if (times < kPatience) return Ignored{};
        if (request_.command == kActivateSession)
            return Refused{{.reason = Reason::bad_password,
                            .detail = "it ignores the login, which is how IPMI 1.5 refuses a wrong "
                                      "password",
                            .remedy = "correct the password, or set it on the BMC"},
                           {}};
        return StartOver{{.reason = Reason::no_answer,
                          .detail = fmt::format("it answered earlier packets, then fell silent at "
                                                "{}",
                                                stage())}};
    }

    std::string_view stage() const override {
        return request_.command == kActivateSession ? "Activate Session" : "Get Session Challenge";
    }

private:
    Progress on_challenge(const ResponseMessage& response) {
        switch (response.completion_code) {
            case 0:
                break;
            case kInvalidUser:
            case kNullUserDisabled:
                return Refused{{.reason = Reason::bad_password,
                                .detail = "the BMC does not know this user, or it is disabled",
                                .remedy = "correct the user name, or enable the user for IPMI over "
                                          "LAN on the BMC"},
                               {}};
            default:
                return on_code(response.completion_code);
        }
        ByteReader in(response.data);
        temporary_id_ = in.u32_le();
        auto challenge = in.take(kChallenge);
        if (in.failed()) return Ignored{};
        ByteWriter data;
        data.u8(static_cast<std::uint8_t>(auth_type_));
        data.u8(static_cast<std::uint8_t>(options_.privilege));
        data.raw(challenge).u32_le(kFirstInbound);
        request_ = {kNetFnApp, kActivateSession, data.take()};
        sequence_ = (sequence_ + 1) & 0x3F;
        auto message = encode_request(request_, sequence_);
        auto code = LinkV15::auth_code(auth_type_, options_.password, temporary_id_, 0, message);
        return SendNext{encode_v15(auth_type_, 0, temporary_id_, code, message)};
    }

    Progress on_activated(const PacketV15& packet, const ResponseMessage& response) {
        switch (response.completion_code) {
            case 0:
                break;
            case kNoSlot:
            case kNoSlotForUser:
            case kNoSlotForPrivilege:
                return TryLater{
                    {.reason = Reason::no_free_session, .detail = said(response.completion_code)}};
            case kPrivilegeTooHigh:
                return Refused{{.reason = Reason::bad_password,
                                .detail = "the user may not have the privilege level asked for",
                                .remedy = "ask for a lower privilege level, or raise the user's "
                                          "level on the BMC"},
                               {}};
            default:
                return on_code(response.completion_code);
        }
        auto code = LinkV15::auth_code(packet.auth_type, options_.password, packet.session_id,
                                       packet.sequence, packet.message);
        if (!same_secret(code, packet.auth_code)) return Ignored{};
        ByteReader in(response.data);
        auto session_auth = in.u8() & 0x0F;
        auto session_id = in.u32_le();
        auto first_outbound = in.u32_le();
        if (in.failed()) return Ignored{};
        // None: the BMC does without a code on each packet.
        if (session_auth != 0 && session_auth != static_cast<std::uint8_t>(auth_type_))
            return Refused{{.reason = Reason::protocol,
                            .detail = "it changed the authentication type during login"},
                           {}};
        return Established{std::make_unique<LinkV15>(
            static_cast<AuthType>(session_auth), options_.password, session_id, first_outbound)};
    }

    Progress on_code(std::uint8_t code) const {
        if (code == kNodeBusy || code == kOutOfSpace)
            return TryLater{{.reason = Reason::no_free_session, .detail = said(code)}};
        return Refused{{.reason = Reason::refused, .completion_code = code, .detail = said(code)},
                       {}};
    }

    std::string said(std::uint8_t code) const {
        return fmt::format("it answered {} with completion code 0x{:02x}", stage(), code);
    }

    SessionOptions options_;
    AuthType auth_type_;
    std::uint8_t sequence_;
    Request request_;
    std::uint32_t temporary_id_ = 0;
};

}  // namespace

std::unique_ptr<Handshake> make_handshake_v15(const SessionOptions& options, std::uint8_t offered,
                                              std::uint8_t first_sequence) {
    auto auth_type = choose(offered);
    if (!auth_type) return nullptr;
    return std::make_unique<HandshakeV15>(options, *auth_type, first_sequence);
}

}  // namespace ferrite::ipmi
