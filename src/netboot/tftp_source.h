#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace ferrite::netboot {

/// The bytes of a file that is being sent.
class TftpSource {
public:
    virtual ~TftpSource() = default;

    /// In bytes; does not change during the transfer.
    virtual std::uint64_t size() const = 0;

    /// Fills `out` from `offset`, which together never reach past size(). False when the bytes
    /// cannot be read (any more).
    virtual bool read(std::uint64_t offset, std::span<std::uint8_t> out) = 0;
};

/// A file on disk, nothing when it cannot be opened or is no regular file.
std::unique_ptr<TftpSource> open_tftp_file(const std::filesystem::path& path);

/// Text that was made for this request.
std::unique_ptr<TftpSource> tftp_text(std::string text);

}  // namespace ferrite::netboot
