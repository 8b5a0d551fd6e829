#include "netboot/tftp_transfer.h"

#include <deque>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferrite::netboot {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;
using State = TftpTransfer::State;

/// Bytes that differ with their position, without being kept anywhere.
class Pattern : public TftpSource {
public:
    explicit Pattern(std::uint64_t size) : size_(size) {}
    std::uint64_t size() const override { return size_; }
    bool read(std::uint64_t offset, std::span<std::uint8_t> out) override {
        if (fails) return false;
        for (auto& byte : out) byte = at(offset++);
        return true;
    }
    static std::uint8_t at(std::uint64_t offset) {
        return static_cast<std::uint8_t>(offset * 2654435761u >> 13);
    }
    bool fails = false;

private:
    std::uint64_t size_;
};

Bytes request_packet(std::vector<std::string> words, std::uint16_t opcode = 1) {
    ByteWriter out;
    out.u16(opcode);
    for (auto& word : words) out.text(word).u8(0);
    return out.take();
}

TftpRequest request(std::vector<std::string> options = {}) {
    std::vector<std::string> words{"file", "octet"};
    words.insert(words.end(), options.begin(), options.end());
    return TftpRequest::parse(request_packet(words)).value();
}

Bytes ack(std::uint16_t block) {
    return ByteWriter().u16(4).u16(block).take();
}

std::uint16_t opcode(const Bytes& packet) {
    return ByteReader(packet).u16();
}
std::uint16_t block(const Bytes& packet) {
    ByteReader in(packet);
    in.skip(2);
    return in.u16();
}

/// A receiver of RFC 7440 over a wire that loses packets: takes blocks in order, acknowledges each
/// window, and says where it stands when it sees a gap.
class Receiver {
public:
    Receiver(std::uint64_t size, std::uint32_t block_size, std::uint32_t window, double loss)
        : size_(size), block_size_(block_size), window_(window), loss_(loss) {}

    /// Runs the transfer to its end; false when it takes suspiciously many packets.
    bool run(TftpTransfer& transfer) {
        send(transfer.start(now_));
        for (long step = 0; step < 20'000'000; ++step) {
            if (transfer.state() != State::sending) return true;
            if (!wire_.empty()) {
                auto packet = std::move(wire_.front());
                wire_.pop_front();
                take(packet, transfer);
                continue;
            }
            // Silence: the receiver says again where it stands, and the sender's time is up.
            if (has_begun_) answer(static_cast<std::uint16_t>(blocks_), transfer);
            now_ = transfer.deadline();
            if (wire_.empty()) send(transfer.on_timer(now_));
        }
        return false;
    }
    std::uint64_t received() const { return received_; }
    bool is_complete() const { return is_last_seen_ && received_ == size_; }
    bool is_intact() const { return is_intact_; }

private:
    bool lost() { return std::uniform_real_distribution<>(0, 1)(random_) < loss_; }

    void send(std::vector<Bytes> packets) {
        for (auto& packet : packets) {
            if (!lost()) wire_.push_back(std::move(packet));
        }
    }
    void answer(std::uint16_t number, TftpTransfer& transfer) {
        since_ack_ = 0;
        if (!lost()) send(transfer.on_packet(ack(number), now_));
    }
    void take(const Bytes& packet, TftpTransfer& transfer) {
        has_begun_ = true;
        if (opcode(packet) == 6) return answer(0, transfer);
        ASSERT_EQ(opcode(packet), 3);
        auto ahead = static_cast<std::int16_t>(block(packet) - static_cast<std::uint16_t>(blocks_));
        if (ahead < 1) return;  // has it already
        if (ahead > 1) return answer(static_cast<std::uint16_t>(blocks_), transfer);
        ++blocks_;
        for (std::size_t i = 4; i < packet.size(); ++i)
            is_intact_ &= packet[i] == Pattern::at(received_++);
        bool is_last = packet.size() - 4 < block_size_;
        is_last_seen_ |= is_last;
        if (++since_ack_ == window_ || is_last)
            answer(static_cast<std::uint16_t>(blocks_), transfer);
    }

    std::uint64_t size_;
    std::uint32_t block_size_;
    std::uint32_t window_;
    double loss_;
    std::mt19937 random_{7};
    std::deque<Bytes> wire_;
    TftpTransfer::Clock::time_point now_{};
    std::uint64_t blocks_ = 0;
    std::uint64_t received_ = 0;
    std::uint32_t since_ack_ = 0;
    bool has_begun_ = false;
    bool is_last_seen_ = false;
    bool is_intact_ = true;
};

TEST(TftpRequest, ReadsNameAndOptions) {
    auto parsed = TftpRequest::parse(
        request_packet({"//boot/snponly.efi", "OCTET", "tsize", "0", "BlkSize", "1468",
                        "windowsize", "4", "timeout", "3", "utimeout", "9"}));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->file, "boot/snponly.efi");
    EXPECT_TRUE(parsed->wants_size);
    EXPECT_EQ(parsed->block_size, 1468u);
    EXPECT_EQ(parsed->window_size, 4u);
    EXPECT_EQ(parsed->timeout, 3u);
}

TEST(TftpRequest, TreatsSenselessOptionsAsAbsent) {
    auto parsed = request({"blksize", "7", "windowsize", "0", "timeout", "256"});
    EXPECT_FALSE(parsed.block_size || parsed.window_size || parsed.timeout);
    EXPECT_FALSE(request({"blksize", "512x"}).block_size);
    EXPECT_FALSE(request({"blksize"}).block_size);
}

TEST(TftpRequest, RefusesEverythingElse) {
    auto code = [](const Bytes& packet) { return TftpRequest::parse(packet).error().code; };
    EXPECT_EQ(code(request_packet({"f", "octet"}, 2)), TftpError::access_violation);
    EXPECT_EQ(code(request_packet({"f", "mail"})), TftpError::illegal_operation);
    EXPECT_EQ(code(request_packet({"f"})), TftpError::illegal_operation);
    EXPECT_EQ(code(request_packet({"", "octet"})), TftpError::access_violation);
    EXPECT_EQ(code(request_packet({"a\nb", "octet"})), TftpError::access_violation);
    EXPECT_EQ(code(request_packet({std::string(300, 'a'), "octet"})), TftpError::access_violation);
    EXPECT_EQ(code(Bytes{1}), TftpError::illegal_operation);
    EXPECT_EQ(code(Bytes{}), TftpError::illegal_operation);
}

TEST(TftpTransfer, SendsPlainBlocksOneByOne) {
    TftpTransfer transfer(request(), std::make_unique<Pattern>(1024), {});
    TftpTransfer::Clock::time_point now{};
    auto packets = transfer.start(now);
    ASSERT_EQ(packets.size(), 1u);
    EXPECT_EQ(opcode(packets[0]), 3);
    EXPECT_EQ(block(packets[0]), 1);
    EXPECT_EQ(packets[0].size(), 516u);
    EXPECT_TRUE(transfer.on_packet(ack(7), now).empty()) << "was never sent";
    EXPECT_EQ(block(transfer.on_packet(ack(1), now).at(0)), 2);
    EXPECT_TRUE(transfer.on_packet(ack(1), now).empty()) << "a late copy is not answered";
    auto last = transfer.on_packet(ack(2), now);
    EXPECT_EQ(last.at(0).size(), 4u) << "an empty block closes a file of whole blocks";
    EXPECT_TRUE(transfer.on_packet(ack(3), now).empty());
    EXPECT_EQ(transfer.state(), State::done);
    EXPECT_EQ(transfer.acknowledged_bytes(), 1024u);
}

TEST(TftpTransfer, AgreesOnOptionsWithinItsLimits) {
    TftpTransfer transfer(
        request({"blksize", "9000", "windowsize", "64", "timeout", "2", "tsize", "0"}),
        std::make_unique<Pattern>(100'000), {.max_block_size = 1400, .max_window_size = 8});
    TftpTransfer::Clock::time_point now{};
    auto packets = transfer.start(now);
    ASSERT_EQ(packets.size(), 1u);
    constexpr std::string_view expected =
        "\0\6blksize\0001400\0windowsize\0008\0timeout\0002\0tsize\000100000\0"sv;
    EXPECT_EQ(as_text(packets[0]), expected);
    EXPECT_EQ(transfer.deadline(), now + 2s);
    EXPECT_TRUE(transfer.on_packet(ack(5), now).empty());
    auto window = transfer.on_packet(ack(0), now);
    ASSERT_EQ(window.size(), 8u);
    EXPECT_EQ(window[7].size(), 1404u);
    EXPECT_EQ(block(window[7]), 8);
}

TEST(TftpTransfer, GoesOnFromTheGapInAWindow) {
    TftpTransfer transfer(request({"windowsize", "4"}), std::make_unique<Pattern>(10'000), {});
    TftpTransfer::Clock::time_point now{};
    transfer.start(now);
    ASSERT_EQ(transfer.on_packet(ack(0), now).size(), 4u);
    auto rest = transfer.on_packet(ack(2), now);
    ASSERT_EQ(rest.size(), 4u);
    EXPECT_EQ(block(rest[0]), 3);
    EXPECT_TRUE(transfer.on_packet(ack(2), now).empty()) << "said again for each later block";

    ASSERT_EQ(transfer.on_packet(ack(6), now).size(), 4u);
    EXPECT_EQ(block(transfer.on_packet(ack(6), now).at(0)), 7) << "the window's first was lost";
    EXPECT_TRUE(transfer.on_packet(ack(6), now).empty());
}

TEST(TftpTransfer, RepeatsMoreAndMoreSeldomAndGivesUp) {
    TftpTransfer transfer(request(), std::make_unique<Pattern>(600), {.max_retries = 3});
    TftpTransfer::Clock::time_point now{};
    transfer.start(now);
    EXPECT_TRUE(transfer.on_timer(now + 999ms).empty());
    for (auto wait : {1s, 2s, 4s}) {
        now += wait;
        EXPECT_EQ(transfer.on_timer(now).size(), 1u);
    }
    EXPECT_EQ(transfer.deadline(), now + 8s);
    EXPECT_TRUE(transfer.on_timer(now + 8s).empty());
    EXPECT_EQ(transfer.state(), State::failed);
    EXPECT_THAT(transfer.failure(), testing::HasSubstr("0 of 600 bytes"));
}

TEST(TftpTransfer, RepeatsItsFirstPacketsForARepeatedRequest) {
    TftpTransfer::Clock::time_point now{};
    TftpTransfer plain(request(), std::make_unique<Pattern>(600), {});
    auto first = plain.start(now);
    EXPECT_EQ(plain.on_repeated_request(now), first);
    plain.on_packet(ack(1), now);
    EXPECT_TRUE(plain.on_repeated_request(now).empty());

    TftpTransfer agreeing(request({"tsize", "0"}), std::make_unique<Pattern>(600), {});
    first = agreeing.start(now);
    EXPECT_EQ(agreeing.on_repeated_request(now), first);
    agreeing.on_packet(ack(0), now);
    EXPECT_TRUE(agreeing.on_repeated_request(now).empty());
}

TEST(TftpTransfer, KnowsFirmwareThatOnlyAsksForTheSize) {
    TftpTransfer transfer(request({"tsize", "0"}), std::make_unique<Pattern>(600), {});
    transfer.start({});
    transfer.on_packet(tftp_error_packet(TftpError::bad_options, "User aborted"), {});
    EXPECT_EQ(transfer.state(), State::failed);
    EXPECT_TRUE(transfer.was_size_query());
    EXPECT_EQ(transfer.failure(), "client error 8: User aborted");
}

TEST(TftpTransfer, EndsWhenTheFileCannotBeRead) {
    auto source = std::make_unique<Pattern>(5000);
    auto& pattern = *source;
    TftpTransfer transfer(request(), std::move(source), {});
    transfer.start({});
    pattern.fails = true;
    auto packets = transfer.on_packet(ack(1), {});
    ASSERT_EQ(packets.size(), 1u);
    EXPECT_EQ(opcode(packets[0]), 5);
    EXPECT_EQ(transfer.state(), State::failed);
}

TEST(TftpTransfer, SendsAnEmptyFile) {
    Receiver receiver(0, 512, 1, 0);
    TftpTransfer transfer(request(), std::make_unique<Pattern>(0), {});
    ASSERT_TRUE(receiver.run(transfer));
    EXPECT_TRUE(receiver.is_complete());
}

TEST(TftpTransfer, CountsBlocksPastTheEndOfTheirNumbers) {
    constexpr std::uint64_t kSize = 8 * 70'000 + 3;
    for (auto* window : {"1", "16"}) {
        Receiver receiver(kSize, 8, static_cast<std::uint32_t>(std::stoi(window)), 0.001);
        TftpTransfer transfer(request({"blksize", "8", "windowsize", window}),
                              std::make_unique<Pattern>(kSize), {});
        ASSERT_TRUE(receiver.run(transfer));
        EXPECT_TRUE(receiver.is_complete()) << transfer.failure();
        EXPECT_TRUE(receiver.is_intact());
    }
}

TEST(TftpTransfer, GetsThroughABadNetwork) {
    for (auto* window : {"1", "4", "16"}) {
        Receiver receiver(300'000, 1468, static_cast<std::uint32_t>(std::stoi(window)), 0.2);
        TftpTransfer transfer(request({"blksize", "1468", "windowsize", window}),
                              std::make_unique<Pattern>(300'000), {.max_retries = 20});
        ASSERT_TRUE(receiver.run(transfer));
        // The last ACK may be lost for good: the receiver has all the same.
        EXPECT_TRUE(receiver.is_complete()) << transfer.failure();
        EXPECT_TRUE(receiver.is_intact());
    }
}

}  // namespace
}  // namespace ferrite::netboot
