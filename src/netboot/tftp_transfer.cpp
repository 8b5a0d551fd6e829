#include "netboot/tftp_transfer.h"

#include <algorithm>

#include <fmt/format.h>

namespace ferrite::netboot {

TftpTransfer::TftpTransfer(const TftpRequest& request, std::unique_ptr<TftpSource> source,
                           Limits limits)
    : source_(std::move(source)), limits_(limits), timeout_(limits.first_timeout) {
    if (request.block_size) {
        block_size_ = std::min(*request.block_size, limits_.max_block_size);
        agreed_.emplace_back("blksize", block_size_);
    }
    if (request.window_size) {
        window_size_ = std::min(*request.window_size, limits_.max_window_size);
        agreed_.emplace_back("windowsize", window_size_);
    }
    if (request.timeout) {
        timeout_ = limits_.first_timeout = std::chrono::seconds(*request.timeout);
        limits_.last_timeout = std::max(limits_.last_timeout, limits_.first_timeout);
        agreed_.emplace_back("timeout", *request.timeout);
    }
    if (request.wants_size) agreed_.emplace_back("tsize", source_->size());
    options_acked_ = agreed_.empty();
    // A file that ends on a block boundary is closed by an empty block.
    last_block_ = source_->size() / block_size_ + 1;
}

std::vector<Bytes> TftpTransfer::start(Clock::time_point now) {
    return first_packets(now);
}

std::vector<Bytes> TftpTransfer::first_packets(Clock::time_point now) {
    if (options_acked_) return send_window(now);
    restart_timer(now);
    return {tftp_option_packet(agreed_)};
}

std::vector<Bytes> TftpTransfer::on_repeated_request(Clock::time_point now) {
    bool is_beginning = acked_ == 0 && (!options_acked_ || agreed_.empty());
    if (state_ != State::sending || !is_beginning) return {};
    return first_packets(now);
}

std::vector<Bytes> TftpTransfer::on_packet(ByteView packet, Clock::time_point now) {
    if (state_ != State::sending) return {};
    auto answer = TftpAnswer::parse(packet);
    if (!answer) return {};
    if (answer->opcode == TftpOpcode::ack) return on_ack(answer->number, now);
    was_size_query_ = acked_ == 0 && !agreed_.empty();
    fail(fmt::format("client error {}: {}", answer->number, answer->message));
    return {};
}

std::vector<Bytes> TftpTransfer::on_ack(std::uint16_t number, Clock::time_point now) {
    if (!options_acked_) {
        if (number != 0) return {};
        options_acked_ = true;
        silences_ = 0;
        timeout_ = limits_.first_timeout;
        return send_window(now);
    }
    // The block nearest above the last one acknowledged that has this number on the wire.
    auto ahead = static_cast<std::uint16_t>(number - static_cast<std::uint16_t>(acked_));
    if (ahead > sent_ - acked_) return {};  // of the past, or never sent
    if (ahead == 0) {
        // With a window it says that the window's first block was lost. Without one it is only a
        // late copy, and an answer would double every packet from there on (RFC 1123 4.2.3.1).
        if (window_size_ == 1 || resent_on_repeat_) return {};
        resent_on_repeat_ = true;
        return send_window(now);
    }
    // An ACK inside the window names a gap, and the blocks behind it that are still on their way
    // will make the client say so again.
    resent_on_repeat_ = acked_ + ahead < sent_;
    acked_ += ahead;
    silences_ = 0;
    timeout_ = limits_.first_timeout;
    if (acked_ == last_block_) {
        state_ = State::done;
        return {};
    }
    return send_window(now);
}

std::vector<Bytes> TftpTransfer::on_timer(Clock::time_point now) {
    if (state_ != State::sending || now < deadline_) return {};
    if (++silences_ > limits_.max_retries) {
        fail(fmt::format("no answer {} times, {} of {} bytes acknowledged", silences_,
                         acknowledged_bytes(), source_->size()));
        return {};
    }
    timeout_ = std::min(timeout_ * 2, limits_.last_timeout);
    resent_on_repeat_ = false;
    return first_packets(now);
}

std::vector<Bytes> TftpTransfer::send_window(Clock::time_point now) {
    std::vector<Bytes> packets;
    auto end = std::min(acked_ + window_size_, last_block_);
    for (auto block = acked_ + 1; block <= end; ++block) {
        packets.push_back(data_packet(block));
        if (state_ == State::failed) return {std::move(packets.back())};
    }
    sent_ = end;
    restart_timer(now);
    return packets;
}

Bytes TftpTransfer::data_packet(std::uint64_t block) {
    constexpr std::size_t kHeader = 4;
    auto offset = (block - 1) * block_size_;
    auto length = std::min<std::uint64_t>(block_size_, source_->size() - offset);
    ByteWriter out;
    out.bytes().reserve(kHeader + length);
    out.u16(static_cast<std::uint16_t>(TftpOpcode::data)).u16(static_cast<std::uint16_t>(block));
    out.zeros(length);
    if (source_->read(offset, std::span(out.bytes()).subspan(kHeader))) return out.take();
    fail("cannot read the file");
    return tftp_error_packet(TftpError::other, "cannot read the file");
}

std::uint64_t TftpTransfer::acknowledged_bytes() const noexcept {
    return std::min(acked_ * block_size_, source_->size());
}

void TftpTransfer::fail(std::string why) {
    state_ = State::failed;
    failure_ = std::move(why);
}

void TftpTransfer::restart_timer(Clock::time_point now) {
    deadline_ = now + timeout_;
}

}  // namespace ferrite::netboot
