#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "ipmi/crypto.h"
#include "ipmi/error.h"
#include "ipmi/handshake.h"
#include "ipmi/link.h"
#include "ipmi/message.h"
#include "ipmi/session_options.h"

namespace ferrite::ipmi {

/// The client's side of IPMI over LAN as a plain state machine: no socket, no clock, no thread.
///
/// Takes one command at a time and brings its answer, opening the session before it, opening it
/// again when the BMC has dropped it, retransmitting with growing intervals, pacing commands, and
/// closing the session when idle. Whoever drives it sends `Output::datagrams`, hands in what comes
/// back, and calls on_timer() at next_timer().
///
///     SessionProtocol session(options, console_id);
///     Output out = session.start({kNetFnChassis, 0x01, {}}, now);
///     ... out = session.on_packet(datagram, now); if (out.outcome) done(*out.outcome);
///
/// A command whose answer is lost is sent again with the same IPMI sequence number, by which BMCs
/// know a repeated request; after a new login it may be carried out a second time.
class SessionProtocol {
public:
    using TimePoint = std::chrono::steady_clock::time_point;
    using Duration = std::chrono::steady_clock::duration;

    /// The data after the completion code, or why there is none.
    using Outcome = std::expected<Bytes, Failure>;

    struct Output {
        std::vector<Bytes> datagrams;    ///< To send to the BMC, in this order.
        std::optional<Outcome> outcome;  ///< Of the command given to start().
    };

    /// `console_id` must not be 0 and unique among the sessions that share a socket. `options` must
    /// have passed validate().
    SessionProtocol(SessionOptions options, std::uint32_t console_id,
                    RandomSource random = system_random);

    /// Begins a command. Only when not busy().
    Output start(Request request, TimePoint now);

    /// Puts `request` in the place of the command that runs. Only when busy(), and for a command
    /// that may be sent again later: it may have been carried out, and its answer is dropped.
    Output replace(Request request, TimePoint now);

    /// Takes any datagram from the BMC's address; what does not belong here is ignored.
    Output on_packet(ByteView datagram, TimePoint now);

    /// Does what is due; harmless when called early.
    Output on_timer(TimePoint now);

    /// Ends the session (one Close Session packet, not awaited) and a running command with
    /// `closed`.
    Output close();

    /// When on_timer() is wanted; nothing when all is quiet.
    std::optional<TimePoint> next_timer() const;

    bool busy() const noexcept { return command_.has_value(); }
    bool established() const noexcept { return phase_ == Phase::ready; }

private:
    enum class Phase { closed, discovering, shaking_hands, raising_privilege, ready };
    enum class Wait { nothing, answer, pace, retry_command, reopen, idle };

    void open(TimePoint now, Output& out);
    void on_capabilities(const ResponseMessage& response, TimePoint now, Output& out);
    void begin_handshake(TimePoint now, Output& out);
    void on_progress(Progress progress, TimePoint now, Output& out);
    void try_next_suite(Failure failure, TimePoint now, Output& out);
    void raise_privilege(TimePoint now, Output& out);
    void on_answer(const ResponseMessage& response, TimePoint now, Output& out);
    void on_privilege(const ResponseMessage& response, TimePoint now, Output& out);
    void begin_command(TimePoint now, Output& out);
    void on_silence(TimePoint now, Output& out);
    void on_deadline(TimePoint now, Output& out);

    /// Sends the current message for the first time, with a new IPMI sequence number.
    void send_new(TimePoint now, Output& out);
    void transmit(TimePoint now, Output& out);
    Request current_request() const;
    Bytes current_datagram();

    void succeed(ByteView data, TimePoint now, Output& out);
    void fail(Failure failure, TimePoint now, Output& out);
    void reopen_later(Failure failure, TimePoint now);
    void hang_up(Output& out);
    void drop_session();
    void wait(Wait wait, TimePoint until);
    void note_answer(TimePoint now);
    Duration growing_interval(unsigned times) const;
    const CipherSuite& suite() const;
    std::size_t suite_count() const;
    std::string suites_text() const;

    SessionOptions options_;
    std::uint32_t console_id_;
    RandomSource random_;

    Phase phase_ = Phase::closed;
    std::unique_ptr<Handshake> handshake_;
    std::unique_ptr<Link> link_;
    Bytes handshake_datagram_;
    std::uint8_t sequence_;  ///< IPMI sequence number, 6 bits.
    std::uint8_t tag_ = 0;   ///< First message tag of the next handshake.
    bool ask_for_v2_;        ///< Old BMCs refuse the question itself.
    bool use_v1_5_ = false;
    std::uint8_t offered_auth_types_ = 0;
    std::size_t suite_index_ = 0;  ///< Kept over sessions: the suite that worked is tried first.

    std::optional<Request> command_;
    TimePoint deadline_{};
    TimePoint not_before_{};          ///< Pacing: when the next command may be sent.
    std::optional<Failure> trouble_;  ///< What to report if the deadline comes.
    unsigned transmissions_ = 0;      ///< Of the current message.
    TimePoint first_sent_{};          ///< When it was sent for the first time.
    /// How long the last answer took, kept over sessions. A login whose messages are sent again
    /// before a slow BMC could answer them never succeeds: it takes each for a new beginning.
    Duration answer_time_{};
    unsigned setbacks_ = 0;  ///< Busy answers and logins to be tried again, of this command.

    Wait wait_ = Wait::nothing;
    TimePoint wait_until_{};
};

}  // namespace ferrite::ipmi
