#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace ferrite::netboot {

/// TFTP error codes (RFC 1350 section 5, RFC 2347).
enum class TftpError : std::uint16_t {
    other = 0,
    not_found = 1,
    access_violation = 2,
    disk_full = 3,
    illegal_operation = 4,
    unknown_transfer = 5,
    bad_options = 8,
};

enum class TftpOpcode : std::uint16_t {
    read = 1,
    write = 2,
    data = 3,
    ack = 4,
    error = 5,
    oack = 6
};

/// The first packet of a transfer. Options of RFC 2348, 2349 and 7440 that are malformed or out of
/// range are treated as absent, which RFC 2347 allows.
struct TftpRequest {
    std::string file;                          ///< Slashes in front are cut off.
    std::optional<std::uint32_t> block_size;   ///< 8 to 65464 bytes.
    std::optional<std::uint32_t> timeout;      ///< 1 to 255 seconds.
    std::optional<std::uint32_t> window_size;  ///< 1 to 65535 blocks.
    bool wants_size = false;

    /// Decodes a read request. The error is what the client is to be told.
    struct Refusal {
        TftpError code;
        std::string_view message;
    };
    static std::expected<TftpRequest, Refusal> parse(ByteView packet);
};

/// A packet that the receiver of a file sends: ACK or ERROR.
struct TftpAnswer {
    TftpOpcode opcode = TftpOpcode::ack;
    std::uint16_t number = 0;  ///< Block or error code.
    std::string message;       ///< Of an ERROR; printable characters only, at most 128.

    static std::optional<TftpAnswer> parse(ByteView packet);
};

Bytes tftp_error_packet(TftpError code, std::string_view message);
Bytes tftp_option_packet(const std::vector<std::pair<std::string, std::uint64_t>>& options);

}  // namespace ferrite::netboot
