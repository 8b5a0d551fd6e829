#include "ipmi/session_protocol.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include <fmt/format.h>

namespace ferrite::ipmi {
namespace {

constexpr std::uint8_t kThisChannel = 0x0E;
constexpr std::uint8_t kAskForV2 = 0x80;
constexpr std::uint8_t kHasExtended = 0x80;
constexpr std::uint8_t kSupportsV2 = 0x02;
/// The longest that a first retransmission is put off for a BMC that is slow.
constexpr std::chrono::seconds kMostPatience{8};
constexpr unsigned kSlowestFactor = 5;  // retransmissions come at 1, 2, 3, 4, 5, 5, ... intervals

/// Completion codes that mean "ask again in a moment".
bool is_transient(std::uint8_t code) {
    switch (code) {
        case 0xC0:  // node busy
        case 0xC3:  // timeout while processing
        case 0xC4:  // out of space
        case 0xD0:  // SDR repository in update mode
        case 0xD1:  // device in firmware update mode
        case 0xD2:  // BMC initialization in progress
            return true;
        default:
            return false;
    }
}

Failure refused_with(std::uint8_t code, const Request& request) {
    return {.reason = Reason::refused,
            .completion_code = code,
            .detail = fmt::format("network function 0x{:02x} command 0x{:02x} got completion code "
                                  "0x{:02x} ({})",
                                  request.net_fn, request.command, code, completion_text(code))};
}

template <typename... Cases>
struct Match : Cases... {
    using Cases::operator()...;
};

}  // namespace

SessionProtocol::SessionProtocol(SessionOptions options, std::uint32_t console_id,
                                 RandomSource random)
    : options_(std::move(options)),
      console_id_(console_id),
      random_(std::move(random)),
      // Sessions that share a socket begin apart, so that answers outside sessions find their
      // asker.
      sequence_(static_cast<std::uint8_t>(console_id & 0x3F)),
      ask_for_v2_(options_.protocol == Protocol::v2_0) {}

SessionProtocol::Output SessionProtocol::start(Request request, TimePoint now) {
    assert(!busy());
    Output out;
    command_ = std::move(request);
    deadline_ = std::max(now, not_before_) + options_.timeout;
    trouble_.reset();
    setbacks_ = 0;
    if (phase_ == Phase::ready)
        begin_command(now, out);
    else
        open(now, out);
    return out;
}

SessionProtocol::Output SessionProtocol::replace(Request request, TimePoint now) {
    assert(busy());
    Output out;
    command_ = std::move(request);
    deadline_ = std::max(now, not_before_) + options_.timeout;
    trouble_.reset();
    setbacks_ = 0;
    // A login that is under way serves any command.
    if (phase_ != Phase::ready) return on_timer(now);
    begin_command(now, out);
    return out;
}

SessionProtocol::Output SessionProtocol::on_packet(ByteView datagram, TimePoint now) {
    Output out;
    if (wait_ != Wait::answer) return out;
    auto packet = parse_packet(datagram);
    if (!packet) return out;
    switch (phase_) {
        case Phase::closed:
            break;
        case Phase::discovering: {
            const auto* v15 = std::get_if<PacketV15>(&*packet);
            if (v15 == nullptr || v15->session_id != 0) break;
            auto response = parse_response(v15->message);
            if (!response || !response->answers(current_request(), sequence_)) break;
            note_answer(now);
            on_capabilities(*response, now, out);
            break;
        }
        case Phase::shaking_hands: {
            auto progress = handshake_->on_packet(*packet);
            if (!std::holds_alternative<Ignored>(progress)) note_answer(now);
            on_progress(std::move(progress), now, out);
            break;
        }
        case Phase::raising_privilege:
        case Phase::ready: {
            auto message = link_->unwrap(*packet);
            if (!message) break;
            auto response = parse_response(*message);
            if (!response || !response->answers(current_request(), sequence_)) break;
            note_answer(now);
            on_answer(*response, now, out);
            break;
        }
    }
    return out;
}

SessionProtocol::Output SessionProtocol::on_timer(TimePoint now) {
    Output out;
    if (busy() && now >= deadline_) {
        on_deadline(now, out);
        return out;
    }
    if (wait_ == Wait::nothing || now < wait_until_) return out;
    switch (wait_) {
        case Wait::nothing:
            break;
        case Wait::answer:
            on_silence(now, out);
            break;
        case Wait::pace:
        case Wait::retry_command:
            send_new(now, out);
            break;
        case Wait::reopen:
            open(now, out);
            break;
        case Wait::idle:
            hang_up(out);
            break;
    }
    return out;
}

SessionProtocol::Output SessionProtocol::close() {
    Output out;
    if (busy()) out.outcome = std::unexpected(Failure{.reason = Reason::closed});
    command_.reset();
    hang_up(out);
    return out;
}

std::optional<SessionProtocol::TimePoint> SessionProtocol::next_timer() const {
    if (wait_ == Wait::nothing) return {};
    return busy() ? std::min(wait_until_, deadline_) : wait_until_;
}

// Opening a session.

void SessionProtocol::open(TimePoint now, Output& out) {
    drop_session();
    phase_ = Phase::discovering;
    send_new(now, out);
}

void SessionProtocol::on_capabilities(const ResponseMessage& response, TimePoint now, Output& out) {
    if (response.completion_code != 0) {
        if (is_transient(response.completion_code))
            return reopen_later(refused_with(response.completion_code, current_request()), now);
        if (!std::exchange(ask_for_v2_, false))
            return fail(refused_with(response.completion_code, current_request()), now, out);
        return send_new(now, out);
    }
    ByteReader in(response.data);
    in.skip(1);  // channel
    auto auth_types = in.u8();
    in.skip(1);  // status
    auto extended = in.u8();
    if (in.failed()) return;

    bool has_v2 = (auth_types & kHasExtended) != 0 && (extended & kSupportsV2) != 0;
    use_v1_5_ = options_.protocol == Protocol::v1_5 || !has_v2;
    if (use_v1_5_ && options_.protocol == Protocol::v2_0 && !options_.allow_v1_5)
        return fail({.reason = Reason::no_lanplus}, now, out);
    offered_auth_types_ = auth_types;
    begin_handshake(now, out);
}

void SessionProtocol::begin_handshake(TimePoint now, Output& out) {
    if (use_v1_5_) {
        sequence_ = (sequence_ + 1) & 0x3F;
        handshake_ = make_handshake_v15(options_, offered_auth_types_, sequence_);
    } else {
        handshake_ = make_handshake_v20(options_, suite(), console_id_, tag_, random_);
        tag_ = static_cast<std::uint8_t>(tag_ + 8);
    }
    if (!handshake_)
        return fail({.reason = Reason::no_common_cipher,
                     .detail = "of the IPMI 1.5 authentication types it offers neither MD5 nor "
                               "password nor none",
                     .remedy = "enable MD5 for its LAN channel"},
                    now, out);
    phase_ = Phase::shaking_hands;
    handshake_datagram_ = handshake_->begin();
    transmissions_ = 0;
    transmit(now, out);
}

void SessionProtocol::on_progress(Progress progress, TimePoint now, Output& out) {
    std::visit(Match{
                   [](Ignored) {},
                   [&](SendNext& next) {
                       handshake_datagram_ = std::move(next.datagram);
                       transmissions_ = 0;
                       transmit(now, out);
                   },
                   [&](Established& done) {
                       link_ = std::move(done.link);
                       raise_privilege(now, out);
                   },
                   [&](NextSuite& next) { try_next_suite(std::move(next.failure), now, out); },
                   [&](TryLater& later) { reopen_later(std::move(later.failure), now); },
                   [&](StartOver& again) { reopen_later(std::move(again.failure), now); },
                   [&](Refused& no) {
                       if (!no.parting.empty()) out.datagrams.push_back(std::move(no.parting));
                       fail(std::move(no.failure), now, out);
                   },
               },
               progress);
}

void SessionProtocol::try_next_suite(Failure failure, TimePoint now, Output& out) {
    if (++suite_index_ < suite_count()) return begin_handshake(now, out);
    suite_index_ = 0;
    // Silence is not a no: the packets may have been lost.
    if (failure.reason == Reason::no_answer) return reopen_later(std::move(failure), now);
    failure.detail = fmt::format("tried {}; then {}", suites_text(), failure.detail);
    fail(std::move(failure), now, out);
}

void SessionProtocol::raise_privilege(TimePoint now, Output& out) {
    handshake_.reset();
    phase_ = Phase::raising_privilege;
    send_new(now, out);
}

void SessionProtocol::on_privilege(const ResponseMessage& response, TimePoint now, Output& out) {
    if (response.completion_code == 0) {
        phase_ = Phase::ready;
        trouble_.reset();
        return begin_command(now, out);
    }
    fail({.reason = Reason::bad_password,
          .detail = fmt::format("the user may not have the privilege level asked for: it answered "
                                "Set Session Privilege Level with completion code 0x{:02x}",
                                response.completion_code),
          .remedy = "ask for a lower privilege level, or raise the user's level on the BMC"},
         now, out);
}

// Commands within a session.

void SessionProtocol::begin_command(TimePoint now, Output& out) {
    if (now < not_before_) return wait(Wait::pace, not_before_);
    send_new(now, out);
}

void SessionProtocol::on_answer(const ResponseMessage& response, TimePoint now, Output& out) {
    if (is_transient(response.completion_code)) {
        trouble_ = refused_with(response.completion_code, current_request());
        return wait(Wait::retry_command, now + growing_interval(++setbacks_));
    }
    if (phase_ == Phase::raising_privilege) return on_privilege(response, now, out);
    if (response.completion_code == 0) return succeed(response.data, now, out);
    fail(refused_with(response.completion_code, *command_), now, out);
}

void SessionProtocol::on_silence(TimePoint now, Output& out) {
    if (phase_ == Phase::shaking_hands) {
        auto progress = handshake_->on_silence(transmissions_);
        if (!std::holds_alternative<Ignored>(progress))
            return on_progress(std::move(progress), now, out);
    } else if (phase_ != Phase::discovering && transmissions_ >= kPatience) {
        // BMCs answer nothing to a session they have forgotten, after a reset for example.
        trouble_.reset();
        hang_up(out);
        return open(now, out);
    }
    transmit(now, out);
}

void SessionProtocol::on_deadline(TimePoint now, Output& out) {
    auto waited =
        std::chrono::duration_cast<std::chrono::duration<double>>(Duration(options_.timeout));
    Failure failure{.reason = Reason::no_answer};
    if (trouble_)
        failure = std::move(*trouble_);
    else
        hang_up(out);
    auto patience = fmt::format("for {} s", waited.count());
    failure.detail = failure.detail.empty() ? patience : failure.detail + ", " + patience;
    fail(std::move(failure), now, out);
}

// Sending.

void SessionProtocol::send_new(TimePoint now, Output& out) {
    sequence_ = (sequence_ + 1) & 0x3F;
    transmissions_ = 0;
    transmit(now, out);
}

void SessionProtocol::transmit(TimePoint now, Output& out) {
    out.datagrams.push_back(current_datagram());
    if (transmissions_ == 0) first_sent_ = now;
    wait(Wait::answer, now + growing_interval(++transmissions_));
}

Request SessionProtocol::current_request() const {
    auto privilege = static_cast<std::uint8_t>(options_.privilege);
    switch (phase_) {
        case Phase::discovering: {
            auto channel = static_cast<std::uint8_t>(kThisChannel | (ask_for_v2_ ? kAskForV2 : 0));
            return {kNetFnApp, kGetChannelAuthCapabilities, {channel, privilege}};
        }
        case Phase::raising_privilege:
            return {kNetFnApp, kSetSessionPrivilege, {privilege}};
        default:
            return *command_;
    }
}

Bytes SessionProtocol::current_datagram() {
    if (phase_ == Phase::shaking_hands) return handshake_datagram_;
    auto message = encode_request(current_request(), sequence_);
    if (phase_ == Phase::discovering) return encode_v15(AuthType::none, 0, 0, {}, message);
    return link_->wrap(message);
}

// Ending.

void SessionProtocol::succeed(ByteView data, TimePoint now, Output& out) {
    out.outcome = Bytes(data.begin(), data.end());
    command_.reset();
    not_before_ = now + options_.min_command_interval;
    wait(Wait::idle, now + options_.idle_timeout);
}

void SessionProtocol::fail(Failure failure, TimePoint now, Output& out) {
    out.outcome = std::unexpected(std::move(failure));
    command_.reset();
    not_before_ = now + options_.min_command_interval;
    if (phase_ == Phase::ready) return wait(Wait::idle, now + options_.idle_timeout);
    hang_up(out);
}

void SessionProtocol::reopen_later(Failure failure, TimePoint now) {
    drop_session();
    trouble_ = std::move(failure);
    wait(Wait::reopen, now + growing_interval(++setbacks_));
}

void SessionProtocol::hang_up(Output& out) {
    if (link_) {
        ByteWriter data;
        data.u32_le(link_->bmc_session_id());
        sequence_ = (sequence_ + 1) & 0x3F;
        out.datagrams.push_back(
            link_->wrap(encode_request({kNetFnApp, kCloseSession, data.take()}, sequence_)));
    }
    drop_session();
}

void SessionProtocol::drop_session() {
    phase_ = Phase::closed;
    handshake_.reset();
    link_.reset();
    wait_ = Wait::nothing;
}

void SessionProtocol::wait(Wait wait, TimePoint until) {
    wait_ = wait;
    wait_until_ = until;
}

void SessionProtocol::note_answer(TimePoint now) {
    answer_time_ = now - first_sent_;
}

SessionProtocol::Duration SessionProtocol::growing_interval(unsigned times) const {
    auto interval =
        std::clamp<Duration>(answer_time_ + answer_time_ / 2, options_.retry_interval,
                             std::max<Duration>(options_.retry_interval, kMostPatience));
    return interval * std::min(times, kSlowestFactor);
}

const CipherSuite& SessionProtocol::suite() const {
    auto id = options_.cipher_suite ? *options_.cipher_suite
                                    : options_.cipher_suites_to_try[suite_index_];
    return *find_cipher_suite(id);
}

std::size_t SessionProtocol::suite_count() const {
    return options_.cipher_suite ? 1 : options_.cipher_suites_to_try.size();
}

std::string SessionProtocol::suites_text() const {
    if (options_.cipher_suite) return std::to_string(*options_.cipher_suite);
    std::string text;
    for (auto id : options_.cipher_suites_to_try)
        text += (text.empty() ? "" : ", ") + std::to_string(id);
    return text;
}

}  // namespace ferrite::ipmi
