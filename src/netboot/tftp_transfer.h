#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "netboot/tftp_message.h"
#include "netboot/tftp_source.h"

namespace ferrite::netboot {

/// One file on its way to one client (RFC 1350, 2347, 2348, 2349, 7440), without a socket: each
/// call returns the packets to send to the client, in order.
///
///     TftpTransfer transfer(request, std::move(source), limits);
///     send(transfer.start(now));
///     ... send(transfer.on_packet(bytes, now));            // when one arrives
///     ... send(transfer.on_timer(now));                    // at transfer.deadline()
///
/// Files of any length: block numbers start again at 0 behind 65535. One thread at a time.
class TftpTransfer {
public:
    using Clock = std::chrono::steady_clock;
    struct Limits {
        std::uint32_t max_block_size = 1468;  ///< What fits an Ethernet frame without fragments.
        std::uint32_t max_window_size = 16;
        std::chrono::milliseconds first_timeout{1000};  ///< Doubles with each silence, ...
        std::chrono::milliseconds last_timeout{8000};   ///< ... up to this.
        int max_retries = 6;                            ///< Silences in a row before giving up.
    };
    enum class State { sending, done, failed };

    TftpTransfer(const TftpRequest& request, std::unique_ptr<TftpSource> source, Limits limits);

    /// The first packets: the options that were agreed on, or the first window.
    std::vector<Bytes> start(Clock::time_point now);
    std::vector<Bytes> on_packet(ByteView packet, Clock::time_point now);
    /// Sends again when `deadline()` has passed, or gives up; nothing before it.
    std::vector<Bytes> on_timer(Clock::time_point now);
    /// The request came again, so what start() returned was lost: the same once more, while no
    /// other packet has come.
    std::vector<Bytes> on_repeated_request(Clock::time_point now);

    State state() const noexcept { return state_; }
    Clock::time_point deadline() const noexcept { return deadline_; }
    std::uint64_t acknowledged_bytes() const noexcept;
    /// Why it failed, for the log.
    const std::string& failure() const noexcept { return failure_; }
    /// The client gave up right after it had learned the size: firmware does so to allocate memory
    /// and asks again.
    bool was_size_query() const noexcept { return was_size_query_; }

private:
    std::vector<Bytes> on_ack(std::uint16_t number, Clock::time_point now);
    std::vector<Bytes> send_window(Clock::time_point now);
    std::vector<Bytes> first_packets(Clock::time_point now);
    Bytes data_packet(std::uint64_t block);
    void fail(std::string why);
    void restart_timer(Clock::time_point now);

    std::unique_ptr<TftpSource> source_;
    Limits limits_;
    std::vector<std::pair<std::string, std::uint64_t>> agreed_;
    std::uint32_t block_size_ = 512;
    std::uint32_t window_size_ = 1;
    std::uint64_t last_block_;       ///< The short one, counted from 1 without wrapping.
    std::uint64_t acked_ = 0;        ///< Every block up to this one has arrived.
    std::uint64_t sent_ = 0;         ///< The highest block sent.
    bool options_acked_ = true;      ///< The data may flow.
    bool resent_on_repeat_ = false;  ///< A repeated ACK has been answered since the last progress.
    int silences_ = 0;
    std::chrono::milliseconds timeout_;
    Clock::time_point deadline_{};
    State state_ = State::sending;
    std::string failure_;
    bool was_size_query_ = false;
};

}  // namespace ferrite::netboot
