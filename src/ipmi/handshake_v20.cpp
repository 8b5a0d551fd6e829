#include <algorithm>

#include <fmt/format.h>

#include "ipmi/handshake.h"
#include "ipmi/rakp.h"

namespace ferrite::ipmi {
namespace {

/// The statuses of session set-up (IPMI 2.0 table 13-15) that we treat each in its own way.
enum Status : std::uint8_t {
    kOk = 0x00,
    kNoResources = 0x01,
    kInvalidSessionId = 0x02,
    kInvalidAuthentication = 0x04,
    kInvalidIntegrity = 0x05,
    kNoMatchingAuthentication = 0x06,
    kNoMatchingIntegrity = 0x07,
    kInactiveSessionId = 0x08,
    kInvalidRole = 0x09,
    kUnauthorizedRole = 0x0A,
    kNoResourcesAtRole = 0x0B,
    kInvalidNameLength = 0x0C,
    kUnauthorizedName = 0x0D,
    kInvalidCheckValue = 0x0F,
    kInvalidConfidentiality = 0x10,
    kNoMatchingSuite = 0x11,
};

class HandshakeV20 final : public Handshake {
public:
    HandshakeV20(const SessionOptions& options, const CipherSuite& suite, std::uint32_t console_id,
                 std::uint8_t first_tag, RandomSource random)
        : options_(options), suite_(suite), tag_(first_tag), random_(std::move(random)) {
        exchange_.hash = suite.hash;
        exchange_.console_id = console_id;
        exchange_.role = static_cast<std::uint8_t>(kNameOnlyLookup |
                                                   static_cast<std::uint8_t>(options.privilege));
        exchange_.user = options.user;
        std::ranges::copy(random_(exchange_.console_random.size()),
                          exchange_.console_random.begin());
    }

    Bytes begin() override {
        return encode_setup(PayloadType::open_session_request,
                            encode(OpenSessionRequest{
                                .tag = tag_,
                                .max_privilege = static_cast<std::uint8_t>(options_.privilege),
                                .console_id = exchange_.console_id,
                                .authentication = suite_.authentication,
                                .integrity = suite_.integrity,
                                .confidentiality = suite_.confidentiality}));
    }

    Progress on_packet(const Packet& packet) override {
        const auto* v20 = std::get_if<PacketV20>(&packet);
        if (v20 == nullptr || v20->session_id != 0 || v20->type != awaited_) return Ignored{};
        switch (awaited_) {
            case PayloadType::open_session_response:
                return on_open_session(v20->payload);
            case PayloadType::rakp2:
                return on_rakp2(v20->payload);
            default:
                return on_rakp4(v20->payload);
        }
    }

    Progress on_silence(unsigned times) override {
        retransmitted_ = true;
        if (times < kPatience) return Ignored{};
        if (awaited_ == PayloadType::open_session_response) return NextSuite{silence()};
        return StartOver{silence()};
    }

    std::string_view stage() const override {
        switch (awaited_) {
            case PayloadType::open_session_response:
                return "Open Session";
            case PayloadType::rakp2:
                return "RAKP message 1";
            default:
                return "RAKP message 3";
        }
    }

private:
    Progress on_open_session(ByteView payload) {
        auto reply = parse_open_session_response(payload);
        if (!reply || reply->tag != tag_) return Ignored{};
        if (reply->status != kOk) return on_status(reply->status);
        if (reply->console_id != exchange_.console_id) return Ignored{};
        if (reply->authentication != suite_.authentication ||
            reply->integrity != suite_.integrity ||
            reply->confidentiality != suite_.confidentiality)
            return NextSuite{no_cipher("it answered with other algorithms than asked for")};
        exchange_.bmc_id = reply->bmc_id;
        awaited_ = PayloadType::rakp2;
        return SendNext{encode_setup(PayloadType::rakp1,
                                     encode(Rakp1{.tag = ++tag_,
                                                  .bmc_id = exchange_.bmc_id,
                                                  .console_random = exchange_.console_random,
                                                  .role = exchange_.role,
                                                  .user = exchange_.user}))};
    }

    Progress on_rakp2(ByteView payload) {
        auto reply = parse_rakp2(payload);
        if (!reply || reply->tag != tag_) return Ignored{};
        if (reply->status != kOk) return on_status(reply->status);
        if (reply->console_id != exchange_.console_id) return Ignored{};
        exchange_.bmc_random = reply->bmc_random;
        exchange_.guid = reply->guid;
        ++tag_;
        if (!same_secret(reply->auth_code, exchange_.rakp2_code(options_.password)))
            return Refused{wrong_password(), rakp3(kInvalidCheckValue, {})};
        awaited_ = PayloadType::rakp4;
        return SendNext{rakp3(kOk, exchange_.rakp3_code(options_.password))};
    }

    Progress on_rakp4(ByteView payload) {
        auto reply = parse_rakp4(payload);
        if (!reply || reply->tag != tag_) return Ignored{};
        if (reply->status != kOk) return on_status(reply->status);
        if (reply->console_id != exchange_.console_id) return Ignored{};
        const auto& kg = options_.kg_key.empty() ? options_.password : options_.kg_key;
        auto session_key = exchange_.session_key(kg);
        // The password was proven in message 2, so only the Kg key can make the difference here.
        if (!same_secret(reply->check, exchange_.rakp4_check(session_key, suite_)))
            return Refused{{.reason = Reason::bad_password,
                            .detail = "the BMC uses another Kg key",
                            .remedy = "set the BMC's Kg key (hexadecimal), or clear it on the BMC"},
                           {}};
        return Established{std::make_unique<LinkV20>(
            suite_, session_key,
            LinkV20::Ids{
                .own = exchange_.console_id, .peer = exchange_.bmc_id, .bmc = exchange_.bmc_id},
            random_)};
    }

    Progress on_status(std::uint8_t status) {
        auto said = fmt::format("it answered {} with \"{}\" (0x{:02x})", stage(),
                                rmcp_status_text(status), status);
        switch (status) {
            case kNoResources:
            case kNoResourcesAtRole:
                return TryLater{{.reason = Reason::no_free_session, .detail = said}};
            case kInvalidSessionId:
            case kInactiveSessionId:
                return StartOver{{.reason = Reason::protocol, .detail = said}};
            case kInvalidAuthentication:
            case kInvalidIntegrity:
            case kNoMatchingAuthentication:
            case kNoMatchingIntegrity:
            case kInvalidConfidentiality:
            case kNoMatchingSuite:
                return NextSuite{no_cipher(said)};
            case kInvalidRole:
            case kUnauthorizedRole:
                // Some BMCs bind privileges to suites and mean the suite when they say role.
                if (awaited_ == PayloadType::open_session_response)
                    return NextSuite{wrong_role(said)};
                return Refused{wrong_role(said), {}};
            case kInvalidNameLength:
            case kUnauthorizedName:
                return Refused{unknown_user(said), {}};
            case kInvalidCheckValue:
                // The BMC proved in message 2 that it has the same password. But one that saw message 1
                // twice may have answered with two random numbers, and ours may be the older one.
                if (retransmitted_ && awaited_ == PayloadType::rakp4)
                    return StartOver{{.reason = Reason::no_answer,
                                      .detail = "it answers too late: logins overlap",
                                      .remedy = "check the load of the BMC and the network to it"}};
                return Refused{wrong_password(), {}};
            default:
                return Refused{{.reason = Reason::protocol, .detail = said}, {}};
        }
    }

    Bytes rakp3(std::uint8_t status, Bytes auth_code) const {
        return encode_setup(PayloadType::rakp3, encode(Rakp3{.tag = tag_,
                                                             .status = status,
                                                             .bmc_id = exchange_.bmc_id,
                                                             .auth_code = std::move(auth_code)}));
    }

    Failure silence() const {
        Failure failure{
            .reason = Reason::no_answer,
            .detail = fmt::format("it answered earlier packets, then fell silent at {}", stage())};
        if (awaited_ == PayloadType::rakp2)
            failure.remedy =
                "check the user name (some BMCs ignore users they do not know), and "
                "that no packets are lost on the way";
        return failure;
    }

    Failure no_cipher(std::string_view said) const {
        return {.reason = Reason::no_common_cipher,
                .detail = fmt::format("asked for suite {}, {}", suite_.id, said)};
    }

    static Failure wrong_password() {
        return {.reason = Reason::bad_password,
                .detail = "the password is wrong",
                .remedy = "correct the password, or set it on the BMC"};
    }

    static Failure unknown_user(std::string_view said) {
        return {
            .reason = Reason::bad_password,
            .detail = fmt::format("the BMC does not know this user, or it is disabled: {}", said),
            .remedy = "correct the user name, or enable the user for IPMI over LAN on the BMC"};
    }

    static Failure wrong_role(std::string_view said) {
        return {
            .reason = Reason::bad_password,
            .detail = fmt::format("the user may not have the privilege level asked for: {}", said),
            .remedy = "ask for a lower privilege level, or raise the user's level on the BMC"};
    }

    SessionOptions options_;
    CipherSuite suite_;
    RakpExchange exchange_;
    PayloadType awaited_ = PayloadType::open_session_response;
    std::uint8_t tag_;
    bool retransmitted_ = false;
    RandomSource random_;
};

}  // namespace

std::unique_ptr<Handshake> make_handshake_v20(const SessionOptions& options,
                                              const CipherSuite& suite, std::uint32_t console_id,
                                              std::uint8_t first_tag, RandomSource random) {
    return std::make_unique<HandshakeV20>(options, suite, console_id, first_tag, std::move(random));
}

}  // namespace ferrite::ipmi
