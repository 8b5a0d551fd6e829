#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/secret.h"
#include "ipmi/crypto.h"
#include "ipmi/link.h"
#include "ipmi/message.h"
#include "ipmi/packet.h"
#include "ipmi/rakp.h"
#include "ipmi/session_options.h"

namespace ferrite::ipmi {

/// How a BMC answers a command.
struct CommandReply {
    std::uint8_t completion_code = 0;
    Bytes data;
};

/// The BMC's side of IPMI over LAN, for simulators and tests: discovery, IPMI 2.0 and 1.5 session
/// set-up, many sessions at once. A plain state machine like SessionProtocol; what the commands do
/// is the handler's business (see BmcChassis).
///
///     BmcProtocol bmc({.users = {{"admin", Secret("password")}}}, chassis.handler());
///     for (auto& reply : bmc.on_packet(datagram, now)) socket.send(reply, from);
class BmcProtocol {
public:
    using TimePoint = std::chrono::steady_clock::time_point;
    using CommandHandler = std::function<CommandReply(const Request&)>;

    struct User {
        std::string name;
        Secret password;
        Privilege highest = Privilege::administrator;
    };

    struct Options {
        std::vector<User> users;
        Secret kg_key;  ///< Empty: sessions are keyed with the user's password.
        Nonce guid{};
        std::vector<std::uint8_t> cipher_suites{17, 3};
        bool v2_0 = true;
        bool v1_5 = true;
        std::size_t max_sessions = 4;                       ///< Half-open ones count too.
        std::chrono::milliseconds session_timeout{60'000};  ///< Without a packet.
        std::chrono::milliseconds setup_timeout{10'000};    ///< For a login to be completed.
    };

    BmcProtocol(Options options, CommandHandler handler, RandomSource random = system_random);

    /// What to send back, in order; nothing for packets that a BMC ignores.
    std::vector<Bytes> on_packet(ByteView datagram, TimePoint now);

    std::size_t session_count() const noexcept { return sessions_.size(); }

    /// Drops all sessions without a word, as a BMC that resets.
    void forget_sessions() { sessions_.clear(); }

private:
    enum class Stage { opened, challenged, active };

    struct Session {
        Stage stage = Stage::opened;
        CipherSuite suite;
        RakpExchange exchange;  ///< IPMI 2.0.
        const User* user = nullptr;
        AuthType auth_type = AuthType::none;  ///< IPMI 1.5, like the next.
        Bytes challenge;
        std::unique_ptr<Link> link;
        TimePoint last_used{};
    };

    std::optional<Bytes> on_v15(const PacketV15& packet, TimePoint now);
    std::optional<Bytes> on_v20(const PacketV20& packet, TimePoint now);
    std::optional<Bytes> on_open_session(ByteView payload, TimePoint now);
    std::optional<Bytes> on_rakp1(ByteView payload);
    std::optional<Bytes> on_rakp3(ByteView payload);
    std::optional<Bytes> in_session(std::uint32_t id, const Packet& packet, TimePoint now);

    CommandReply outside_session(const Request& request, TimePoint now);
    CommandReply auth_capabilities(const Request& request) const;
    CommandReply cipher_suites(const Request& request) const;
    CommandReply challenge(const Request& request, TimePoint now);
    std::optional<Bytes> activate(const PacketV15& packet, const RequestMessage& message,
                                  TimePoint now);
    CommandReply set_privilege(const Session& session, const Request& request) const;

    bool expired(const Session& session, TimePoint now) const;
    Session* add_session(TimePoint now, std::uint32_t& id);
    const User* find_user(std::string_view name) const;
    bool allows(const CipherSuite& suite) const;

    Options options_;
    CommandHandler handler_;
    RandomSource random_;
    std::map<std::uint32_t, Session> sessions_;
    std::uint32_t next_id_;
};

}  // namespace ferrite::ipmi
