#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ipmi/bmc_chassis.h"
#include "ipmi/bmc_protocol.h"
#include "ipmi/session_protocol.h"

namespace ferrite::ipmi {

using namespace std::chrono_literals;

/// Predictable bytes in place of random ones.
inline RandomSource counting_random(std::uint8_t start) {
    return [next = start](std::size_t count) mutable {
        Bytes bytes(count);
        for (auto& byte : bytes) byte = next = static_cast<std::uint8_t>(next * 5 + 3);
        return bytes;
    };
}

inline SessionOptions client_options() {
    return {.host = "10.0.0.7", .user = "admin", .password = Secret("pa55word")};
}

inline BmcProtocol::Options bmc_options() {
    BmcProtocol::Options options;
    options.users = {{"admin", Secret("pa55word")},
                     {"", Secret("")},
                     {"viewer", Secret("look"), Privilege::user}};
    options.guid = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    return options;
}

/// A BMC with faults to order.
class FakeBmc {
public:
    explicit FakeBmc(BmcProtocol::Options options)
        : protocol(
              std::move(options), [this](const Request& r) { return handle(r); },
              counting_random(77)) {}

    BmcChassis chassis;
    std::vector<Request> commands;               ///< All that were carried out or refused.
    std::vector<std::uint8_t> completion_codes;  ///< For the next commands, in place of doing them.
    /// What it can do beside what a chassis can; nothing: the chassis is asked.
    std::function<std::optional<CommandReply>(const Request&)> more;
    BmcProtocol protocol;

private:
    CommandReply handle(const Request& request) {
        commands.push_back(request);
        if (completion_codes.empty()) {
            auto reply = more ? more(request) : std::nullopt;
            return reply ? *reply : chassis.handle(request);
        }
        auto code = completion_codes.front();
        completion_codes.erase(completion_codes.begin());
        return {code, {}};
    }
};

/// A session and a BMC, joined by a wire that may lose packets, in virtual time.
class Wire {
public:
    using TimePoint = SessionProtocol::TimePoint;
    enum class Way { to_bmc, to_client };

    explicit Wire(SessionOptions client = client_options(),
                  BmcProtocol::Options bmc_side = bmc_options())
        : bmc(std::move(bmc_side)), session(std::move(client), 0xC0FFEE01, counting_random(5)) {}

    /// Runs a command to its end.
    SessionProtocol::Outcome call(Request request) {
        outcome_.reset();
        take(session.start(std::move(request), now));
        while (!outcome_ && step()) {
        }
        return outcome_.value_or(std::unexpected(Failure{.detail = "the session stands still"}));
    }

    SessionProtocol::Outcome power_state() { return call(get_chassis_status()); }

    /// Lets time pass with no command.
    void idle(std::chrono::milliseconds time) {
        auto end = now + time;
        while (next_event() && *next_event() <= end) step();
        now = end;
    }

    void take(SessionProtocol::Output out) {
        for (auto& datagram : out.datagrams) send(Way::to_bmc, std::move(datagram));
        if (out.outcome) outcome_ = std::move(out.outcome);
    }

    FakeBmc bmc;
    SessionProtocol session;
    TimePoint now{1h};
    std::chrono::milliseconds answer_delay{1};
    std::function<bool(Way, const Bytes&)> lose;  ///< True: this packet gets lost.
    std::function<void(Way, Bytes&)> tamper;
    std::map<Way, int> sent;
    std::vector<TimePoint> command_times;  ///< When the BMC got each command.

private:
    struct InFlight {
        Way way;
        Bytes datagram;
    };

    void send(Way way, Bytes datagram) {
        ++sent[way];
        if (lose && lose(way, datagram)) return;
        if (tamper) tamper(way, datagram);
        auto delay = way == Way::to_client ? answer_delay : 1ms;
        flight_.emplace(now + delay, InFlight{way, std::move(datagram)});
    }

    std::optional<TimePoint> next_event() const {
        auto next = session.next_timer();
        if (!flight_.empty() && (!next || flight_.begin()->first < *next))
            next = flight_.begin()->first;
        return next;
    }

    bool step() {
        auto next = next_event();
        if (!next) return false;
        now = std::max(now, *next);
        if (flight_.empty() || flight_.begin()->first > now) {
            take(session.on_timer(now));
            return true;
        }
        auto packet = std::move(flight_.begin()->second);
        flight_.erase(flight_.begin());
        if (packet.way == Way::to_client) {
            take(session.on_packet(packet.datagram, now));
            return true;
        }
        auto commands = bmc.commands.size();
        for (auto& reply : bmc.protocol.on_packet(packet.datagram, now))
            send(Way::to_client, std::move(reply));
        if (bmc.commands.size() > commands) command_times.push_back(now);
        return true;
    }

    std::multimap<TimePoint, InFlight> flight_;
    std::optional<SessionProtocol::Outcome> outcome_;
};

inline Bytes from_hex(std::string_view text) {
    Bytes bytes;
    std::string digits;
    for (char c : text)
        if (c != ' ') digits += c;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
        bytes.push_back(static_cast<std::uint8_t>(std::stoi(digits.substr(i, 2), nullptr, 16)));
    return bytes;
}

}  // namespace ferrite::ipmi
