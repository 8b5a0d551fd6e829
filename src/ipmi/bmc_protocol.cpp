#include "ipmi/bmc_protocol.h"

#include <algorithm>
#include <utility>

namespace ferrite::ipmi {
namespace {

constexpr std::uint8_t kLanChannel = 1;
constexpr std::uint8_t kAskedForExtended = 0x80;

/// Completion codes.
constexpr std::uint8_t kOk = 0x00;
constexpr std::uint8_t kInvalidUser = 0x81;
constexpr std::uint8_t kPrivilegeTooHigh = 0x81;
constexpr std::uint8_t kRequestTooShort = 0xC7;
constexpr std::uint8_t kInvalidField = 0xCC;
constexpr std::uint8_t kInsufficientPrivilege = 0xD4;

/// Statuses of session set-up.
constexpr std::uint8_t kNoResources = 0x01;
constexpr std::uint8_t kInvalidSessionId = 0x02;
constexpr std::uint8_t kUnauthorizedRole = 0x0A;
constexpr std::uint8_t kUnauthorizedName = 0x0D;
constexpr std::uint8_t kInvalidCheckValue = 0x0F;
constexpr std::uint8_t kNoMatchingSuite = 0x11;

Request request_of(const RequestMessage& message) {
    return {message.net_fn, message.command, Bytes(message.data.begin(), message.data.end())};
}

bool is_app(const RequestMessage& message, std::uint8_t command) {
    return message.net_fn == kNetFnApp && message.command == command;
}

}  // namespace

BmcProtocol::BmcProtocol(Options options, CommandHandler handler, RandomSource random)
    : options_(std::move(options)),
      handler_(std::move(handler)),
      random_(std::move(random)),
      next_id_(0x02000001) {}

std::vector<Bytes> BmcProtocol::on_packet(ByteView datagram, TimePoint now) {
    if (auto pong = answer_presence_ping(datagram)) return {std::move(*pong)};
    auto packet = parse_packet(datagram);
    if (!packet) return {};
    const auto* v15 = std::get_if<PacketV15>(&*packet);
    auto reply = v15 != nullptr ? on_v15(*v15, now) : on_v20(std::get<PacketV20>(*packet), now);
    if (!reply) return {};
    return {std::move(*reply)};
}

// IPMI 2.0.

std::optional<Bytes> BmcProtocol::on_v20(const PacketV20& packet, TimePoint now) {
    if (!options_.v2_0) return {};
    if (packet.session_id != 0) return in_session(packet.session_id, packet, now);
    switch (packet.type) {
        case PayloadType::open_session_request:
            return on_open_session(packet.payload, now);
        case PayloadType::rakp1:
            return on_rakp1(packet.payload);
        case PayloadType::rakp3:
            return on_rakp3(packet.payload);
        case PayloadType::ipmi: {  // how ipmitool asks for the cipher suites
            auto message = parse_request(packet.payload);
            if (!message || packet.encrypted || packet.authenticated) return {};
            auto reply = outside_session(request_of(*message), now);
            return encode_setup(PayloadType::ipmi,
                                encode_response(*message, reply.completion_code, reply.data));
        }
        default:
            return {};
    }
}

std::optional<Bytes> BmcProtocol::on_open_session(ByteView payload, TimePoint now) {
    auto asked = parse_open_session_request(payload);
    if (!asked) return {};
    OpenSessionResponse reply{.tag = asked->tag,
                              .max_privilege = asked->max_privilege,
                              .console_id = asked->console_id,
                              .authentication = asked->authentication,
                              .integrity = asked->integrity,
                              .confidentiality = asked->confidentiality};
    auto respond = [&] { return encode_setup(PayloadType::open_session_response, encode(reply)); };
    const auto* suite =
        find_cipher_suite(asked->authentication, asked->integrity, asked->confidentiality);
    if (suite == nullptr || !allows(*suite)) {
        reply.status = kNoMatchingSuite;
        return respond();
    }
    auto* session = add_session(now, reply.bmc_id);
    if (session == nullptr) {
        reply.status = kNoResources;
        return respond();
    }
    session->suite = *suite;
    session->exchange.hash = suite->hash;
    session->exchange.console_id = asked->console_id;
    session->exchange.bmc_id = reply.bmc_id;
    session->exchange.guid = options_.guid;
    return respond();
}

std::optional<Bytes> BmcProtocol::on_rakp1(ByteView payload) {
    auto asked = parse_rakp1(payload);
    if (!asked) return {};
    Rakp2 reply{.tag = asked->tag};
    auto respond = [&] { return encode_setup(PayloadType::rakp2, encode(reply)); };
    auto found = sessions_.find(asked->bmc_id);
    if (found == sessions_.end() || found->second.stage != Stage::opened) {
        reply.status = kInvalidSessionId;
        return respond();
    }
    auto& exchange = found->second.exchange;
    reply.console_id = exchange.console_id;
    const auto* user = find_user(asked->user);
    if (user == nullptr || (asked->role & 0x0F) > static_cast<std::uint8_t>(user->highest)) {
        reply.status = user == nullptr ? kUnauthorizedName : kUnauthorizedRole;
        sessions_.erase(found);
        return respond();
    }
    found->second.user = user;
    exchange.user = asked->user;
    exchange.role = asked->role;
    exchange.console_random = asked->console_random;
    std::ranges::copy(random_(exchange.bmc_random.size()), exchange.bmc_random.begin());
    reply.bmc_random = exchange.bmc_random;
    reply.guid = exchange.guid;
    reply.auth_code = exchange.rakp2_code(user->password);
    return respond();
}

std::optional<Bytes> BmcProtocol::on_rakp3(ByteView payload) {
    auto asked = parse_rakp3(payload);
    if (!asked) return {};
    Rakp4 reply{.tag = asked->tag};
    auto respond = [&] { return encode_setup(PayloadType::rakp4, encode(reply)); };
    auto found = sessions_.find(asked->bmc_id);
    if (found == sessions_.end() || found->second.user == nullptr) {
        reply.status = kInvalidSessionId;
        return respond();
    }
    auto& session = found->second;
    const auto& exchange = session.exchange;
    if (asked->status != 0) {
        sessions_.erase(found);
        return {};
    }
    reply.console_id = exchange.console_id;
    if (!same_secret(asked->auth_code, exchange.rakp3_code(session.user->password))) {
        reply.status = kInvalidCheckValue;
        sessions_.erase(found);
        return respond();
    }
    const auto& kg = options_.kg_key.empty() ? session.user->password : options_.kg_key;
    auto key = exchange.session_key(kg);
    if (session.stage == Stage::opened)  // else message 3 came twice and must not rewind the link
        session.link = std::make_unique<LinkV20>(
            session.suite, key,
            LinkV20::Ids{
                .own = exchange.bmc_id, .peer = exchange.console_id, .bmc = exchange.bmc_id},
            random_);
    session.stage = Stage::active;
    reply.check = exchange.rakp4_check(key, session.suite);
    return respond();
}

// IPMI 1.5, and what is asked outside sessions.

std::optional<Bytes> BmcProtocol::on_v15(const PacketV15& packet, TimePoint now) {
    auto message = parse_request(packet.message);
    if (packet.session_id != 0) {
        if (message && is_app(*message, kActivateSession)) return activate(packet, *message, now);
        return in_session(packet.session_id, packet, now);
    }
    if (!message) return {};
    auto reply = outside_session(request_of(*message), now);
    return encode_v15(AuthType::none, 0, 0, {},
                      encode_response(*message, reply.completion_code, reply.data));
}

CommandReply BmcProtocol::outside_session(const Request& request, TimePoint now) {
    if (request.net_fn != kNetFnApp) return {kInsufficientPrivilege, {}};
    switch (request.command) {
        case kGetChannelAuthCapabilities:
            return auth_capabilities(request);
        case kGetChannelCipherSuites:
            return cipher_suites(request);
        case kGetSessionChallenge:
            return challenge(request, now);
        default:
            return {kInsufficientPrivilege, {}};
    }
}

CommandReply BmcProtocol::auth_capabilities(const Request& request) const {
    if (request.data.size() < 2) return {kRequestTooShort, {}};
    bool extended = options_.v2_0 && (request.data[0] & kAskedForExtended) != 0;
    constexpr std::uint8_t kMd5AndPassword = 1 << 2 | 1 << 4;
    auto types =
        static_cast<std::uint8_t>((options_.v1_5 ? kMd5AndPassword : 0) | (extended ? 0x80 : 0));
    constexpr std::uint8_t kNamedUsers = 0x04;
    auto status = static_cast<std::uint8_t>(kNamedUsers | (options_.kg_key.empty() ? 0x00 : 0x20));
    auto versions =
        static_cast<std::uint8_t>(extended ? 0x02 | (options_.v1_5 ? 0x01 : 0x00) : 0x00);
    return {kOk, {kLanChannel, types, status, versions, 0, 0, 0, 0}};
}

CommandReply BmcProtocol::cipher_suites(const Request& request) const {
    if (request.data.size() < 3) return {kRequestTooShort, {}};
    Bytes records;
    for (auto id : options_.cipher_suites) {
        const auto* suite = find_cipher_suite(id);
        if (suite == nullptr) continue;
        records.insert(records.end(), {0xC0, suite->id, suite->authentication,
                                       static_cast<std::uint8_t>(0x40 | suite->integrity),
                                       static_cast<std::uint8_t>(0x80 | suite->confidentiality)});
    }
    constexpr std::size_t kPerAnswer = 16;
    auto from = std::min<std::size_t>((request.data[2] & 0x3F) * kPerAnswer, records.size());
    auto part = ByteView(records).subspan(from);
    part = part.first(std::min(part.size(), kPerAnswer));
    ByteWriter out;
    out.u8(kLanChannel).raw(part);
    return {kOk, out.take()};
}

CommandReply BmcProtocol::challenge(const Request& request, TimePoint now) {
    ByteReader in(request.data);
    auto auth_type = static_cast<AuthType>(in.u8() & 0x0F);
    auto name = as_text(in.take(16));
    if (in.failed()) return {kRequestTooShort, {}};
    if (!options_.v1_5 || (auth_type != AuthType::md5 && auth_type != AuthType::password))
        return {kInvalidField, {}};
    const auto* user = find_user(name.substr(0, name.find('\0')));
    if (user == nullptr) return {kInvalidUser, {}};
    std::uint32_t id = 0;
    auto* session = add_session(now, id);
    if (session == nullptr) return {0xC0, {}};
    session->stage = Stage::challenged;
    session->user = user;
    session->auth_type = auth_type;
    session->challenge = random_(16);
    ByteWriter out;
    out.u32_le(id).raw(session->challenge);
    return {kOk, out.take()};
}

std::optional<Bytes> BmcProtocol::activate(const PacketV15& packet, const RequestMessage& message,
                                           TimePoint now) {
    auto found = sessions_.find(packet.session_id);
    if (found == sessions_.end() || found->second.stage != Stage::challenged) return {};
    auto& session = found->second;
    auto sign = [&](ByteView body) {
        return LinkV15::auth_code(session.auth_type, session.user->password, packet.session_id,
                                  packet.sequence, body);
    };
    // A wrong password is answered with silence (section 6.12.2).
    if (packet.auth_type != session.auth_type ||
        !same_secret(packet.auth_code, sign(packet.message)))
        return {};
    ByteReader in(message.data);
    in.skip(1);
    auto privilege = in.u8() & 0x0F;
    auto challenge = in.take(16);
    auto first_outbound = in.u32_le();
    CommandReply reply;
    if (in.failed()) {
        reply.completion_code = kRequestTooShort;
    } else if (!std::ranges::equal(challenge, session.challenge)) {
        reply.completion_code = kInvalidField;
    } else if (privilege > static_cast<std::uint8_t>(session.user->highest)) {
        reply.completion_code = 0x86;
    } else {
        constexpr std::uint32_t kFirstInbound = 1;
        session.stage = Stage::active;
        session.last_used = now;
        session.link = std::make_unique<LinkV15>(session.auth_type, session.user->password,
                                                 packet.session_id, first_outbound);
        ByteWriter out;
        out.u8(static_cast<std::uint8_t>(session.auth_type)).u32_le(packet.session_id);
        out.u32_le(kFirstInbound).u8(static_cast<std::uint8_t>(privilege));
        reply.data = out.take();
    }
    auto body = encode_response(message, reply.completion_code, reply.data);
    return encode_v15(session.auth_type, packet.sequence, packet.session_id, sign(body), body);
}

// Within a session of either kind.

std::optional<Bytes> BmcProtocol::in_session(std::uint32_t id, const Packet& packet,
                                             TimePoint now) {
    auto found = sessions_.find(id);
    if (found == sessions_.end() || found->second.stage != Stage::active) return {};
    auto& session = found->second;
    if (expired(session, now)) {
        sessions_.erase(found);
        return {};
    }
    auto bytes = session.link->unwrap(packet);
    if (!bytes) return {};
    auto message = parse_request(*bytes);
    if (!message) return {};
    session.last_used = now;
    auto request = request_of(*message);
    bool closing = is_app(*message, kCloseSession);
    CommandReply reply;
    if (is_app(*message, kSetSessionPrivilege))
        reply = set_privilege(session, request);
    else if (is_app(*message, kGetChannelAuthCapabilities) ||
             is_app(*message, kGetChannelCipherSuites))
        reply = outside_session(request, now);
    else if (!closing)
        reply = handler_(request);
    auto answer = session.link->wrap(encode_response(*message, reply.completion_code, reply.data));
    if (closing) sessions_.erase(found);
    return answer;
}

CommandReply BmcProtocol::set_privilege(const Session& session, const Request& request) const {
    if (request.data.empty()) return {kRequestTooShort, {}};
    auto wanted = static_cast<std::uint8_t>(request.data[0] & 0x0F);
    if (wanted > static_cast<std::uint8_t>(session.user->highest)) return {kPrivilegeTooHigh, {}};
    return {kOk, {wanted}};
}

bool BmcProtocol::expired(const Session& session, TimePoint now) const {
    auto patience =
        session.stage == Stage::active ? options_.session_timeout : options_.setup_timeout;
    return now - session.last_used > patience;
}

BmcProtocol::Session* BmcProtocol::add_session(TimePoint now, std::uint32_t& id) {
    std::erase_if(sessions_, [&](const auto& item) { return expired(item.second, now); });
    if (sessions_.size() >= options_.max_sessions) return nullptr;
    id = next_id_++;
    auto& session = sessions_[id];
    session.last_used = now;
    return &session;
}

const BmcProtocol::User* BmcProtocol::find_user(std::string_view name) const {
    for (const auto& user : options_.users)
        if (user.name == name) return &user;
    return nullptr;
}

bool BmcProtocol::allows(const CipherSuite& suite) const {
    return std::ranges::find(options_.cipher_suites, suite.id) != options_.cipher_suites.end();
}

}  // namespace ferrite::ipmi
