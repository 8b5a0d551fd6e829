#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

#include "base/bytes.h"
#include "base/task.h"
#include "image/checksum.h"

namespace ferrite::image {

/// An open file or block device. Every failure is thrown as StorageFailed (NoSpace when the file
/// system or the device is full) and names the path.
class File {
public:
    /// `flags` and `mode` as for open(2); O_CLOEXEC is added.
    File(std::filesystem::path path, int flags, unsigned mode = 0644);
    ~File();
    File(File&& other) noexcept;
    File& operator=(File&& other) noexcept;

    int descriptor() const noexcept { return fd_; }
    const std::filesystem::path& path() const noexcept { return path_; }

    /// Bytes of a file, or of the whole device.
    std::uint64_t size() const;
    /// What one logical block of a device holds; 512 for a file.
    std::uint32_t sector_size() const;
    bool is_block_device() const;

    /// Up to `length` bytes from `offset`; fewer only at the end.
    Bytes read_at(std::uint64_t offset, std::size_t length) const;
    void write_at(std::uint64_t offset, ByteView bytes);
    void truncate(std::uint64_t size);
    /// Makes what was written survive a power cut; also drops a device's buffers, so that later
    /// readers see the disk and not the cache.
    void sync();

    [[noreturn]] void fail(std::string_view what, int error) const;

private:
    std::filesystem::path path_;
    int fd_ = -1;
};

/// Hashes a file in short stretches, giving way to other work of the executor between them.
Task<Checksum> hash_file(std::filesystem::path path, HashAlgorithm algorithm);

/// Makes `to` the same file as `from`: a hard link, or where that cannot be (another device, link
/// limits) a copy: a reflink if the file system can, otherwise with the holes kept. `to` appears
/// whole or not at all; what was there is replaced.
Task<> link_or_copy(std::filesystem::path from, std::filesystem::path to);

/// Bytes that an unprivileged user may still write to the file system of `directory`.
std::uint64_t free_bytes(const std::filesystem::path& directory);

/// The path with `suffix` appended to its last component.
std::filesystem::path with_suffix(std::filesystem::path path, std::string_view suffix);

/// Deletes a file at the end of a scope unless `keep()` was called: for what is only half made.
class TemporaryFile {
public:
    explicit TemporaryFile(std::filesystem::path path) : path_(std::move(path)) {}
    ~TemporaryFile();
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    const std::filesystem::path& path() const noexcept { return path_; }
    /// It became something else, by rename(2) or because it is wanted as it is.
    void keep() noexcept { path_.clear(); }

private:
    std::filesystem::path path_;
};

}  // namespace ferrite::image
