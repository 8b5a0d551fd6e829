#include "netboot/tftp_message.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace ferrite::netboot {
namespace {

constexpr std::size_t kMaxFileName = 255;

bool equals_ignoring_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(
        a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::optional<std::uint32_t> number_in(std::string_view text, std::uint32_t low,
                                       std::uint32_t high) {
    std::uint32_t value = 0;
    auto end = text.data() + text.size();
    auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stop != end || value < low || value > high) return {};
    return value;
}

bool is_printable(std::string_view text) {
    return std::ranges::all_of(text, [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
}

void read_option(std::string_view name, std::string_view value, TftpRequest& into) {
    if (equals_ignoring_case(name, "blksize")) into.block_size = number_in(value, 8, 65464);
    if (equals_ignoring_case(name, "timeout")) into.timeout = number_in(value, 1, 255);
    if (equals_ignoring_case(name, "windowsize")) into.window_size = number_in(value, 1, 65535);
    if (equals_ignoring_case(name, "tsize")) into.wants_size = true;
}

}  // namespace

std::expected<TftpRequest, TftpRequest::Refusal> TftpRequest::parse(ByteView packet) {
    ByteReader in(packet);
    auto opcode = static_cast<TftpOpcode>(in.u16());
    if (opcode == TftpOpcode::write)
        return std::unexpected(Refusal{TftpError::access_violation, "this server is read-only"});
    if (in.failed() || opcode != TftpOpcode::read)
        return std::unexpected(Refusal{TftpError::illegal_operation, "not a read request"});

    auto file = in.c_string();
    auto mode = in.c_string();
    if (in.failed())
        return std::unexpected(Refusal{TftpError::illegal_operation, "malformed request"});
    // Boot loaders are binary whatever the client calls them, so netascii is served as octet too.
    if (!equals_ignoring_case(mode, "octet") && !equals_ignoring_case(mode, "netascii"))
        return std::unexpected(Refusal{TftpError::illegal_operation, "unknown transfer mode"});
    file.remove_prefix(std::min(file.find_first_not_of('/'), file.size()));
    if (file.empty() || file.size() > kMaxFileName || !is_printable(file))
        return std::unexpected(Refusal{TftpError::access_violation, "unacceptable file name"});

    TftpRequest request{.file = std::string(file)};
    while (!in.empty()) {
        auto name = in.c_string();
        auto value = in.c_string();
        if (in.failed()) break;  // padding behind the options is harmless and common
        read_option(name, value, request);
    }
    return request;
}

std::optional<TftpAnswer> TftpAnswer::parse(ByteView packet) {
    ByteReader in(packet);
    TftpAnswer answer;
    answer.opcode = static_cast<TftpOpcode>(in.u16());
    answer.number = in.u16();
    bool is_known = answer.opcode == TftpOpcode::ack || answer.opcode == TftpOpcode::error;
    if (in.failed() || !is_known) return {};
    if (answer.opcode == TftpOpcode::error) {
        for (char c : as_text(in.rest()).substr(0, 128)) {
            if (c == '\0') break;
            answer.message += is_printable({&c, 1}) ? c : '?';
        }
    }
    return answer;
}

Bytes tftp_error_packet(TftpError code, std::string_view message) {
    ByteWriter out;
    out.u16(static_cast<std::uint16_t>(TftpOpcode::error)).u16(static_cast<std::uint16_t>(code));
    return out.text(message).u8(0).take();
}

Bytes tftp_option_packet(const std::vector<std::pair<std::string, std::uint64_t>>& options) {
    ByteWriter out;
    out.u16(static_cast<std::uint16_t>(TftpOpcode::oack));
    for (auto& [name, value] : options) out.text(name).u8(0).text(std::to_string(value)).u8(0);
    return out.take();
}

}  // namespace ferrite::netboot
