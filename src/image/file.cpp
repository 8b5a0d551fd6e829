#include "image/file.h"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/runtime.h"
#include "base/uuid.h"
#include "image/image_error.h"

namespace ferrite::image {

namespace {

namespace fs = std::filesystem;

/// How much is read or copied before other work gets its turn: a few milliseconds.
constexpr std::size_t kStretch = 4 * 1024 * 1024;

std::string describe_error(int error) {
    return std::generic_category().message(error);
}

/// Copies [offset, end) of `from` to the same place in `to`.
Task<> copy_range(const File* from, File* to, std::uint64_t offset, std::uint64_t end) {
    while (offset < end) {
        auto in = static_cast<off_t>(offset);
        auto out = in;
        auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(kStretch, end - offset));
        auto copied = ::copy_file_range(from->descriptor(), &in, to->descriptor(), &out, wanted, 0);
        if (copied > 0) {
            offset += static_cast<std::uint64_t>(copied);
        } else if (copied == 0) {
            from->fail("it became shorter while it was copied", EIO);
        } else if (errno == ENOSPC || errno == EDQUOT || errno == EIO) {
            to->fail("copy to it", errno);
        } else if (errno != EINTR) {  // Not between these file systems: by hand.
            Bytes bytes = from->read_at(offset, wanted);
            if (bytes.empty()) from->fail("it became shorter while it was copied", EIO);
            to->write_at(offset, bytes);
            offset += bytes.size();
        }
        co_await sleep_for({});
    }
}

Task<> copy_contents(const File* from, File* to) {
    if (::ioctl(to->descriptor(), FICLONE, from->descriptor()) == 0) co_return;
    auto size = from->size();
    to->truncate(size);
    std::uint64_t offset = 0;
    while (offset < size) {
        auto data = ::lseek(from->descriptor(), static_cast<off_t>(offset), SEEK_DATA);
        if (data < 0 && errno == ENXIO) break;  // Only a hole is left.
        auto begin = data < 0 ? offset : static_cast<std::uint64_t>(data);
        auto hole = ::lseek(from->descriptor(), static_cast<off_t>(begin), SEEK_HOLE);
        auto end = hole < 0 ? size : static_cast<std::uint64_t>(hole);
        co_await copy_range(from, to, begin, std::min(end, size));
        offset = end;
    }
}

}  // namespace

File::File(fs::path path, int flags, unsigned mode) : path_(std::move(path)) {
    fd_ = ::open(path_.c_str(), flags | O_CLOEXEC, mode);
    if (fd_ < 0) fail("open", errno);
}

File::~File() {
    if (fd_ >= 0) ::close(fd_);
}

File::File(File&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}

File& File::operator=(File&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(fd_, other.fd_);
    return *this;
}

std::uint64_t File::size() const {
    struct stat status{};
    if (::fstat(fd_, &status) != 0) fail("stat", errno);
    if (!S_ISBLK(status.st_mode)) return static_cast<std::uint64_t>(status.st_size);
    std::uint64_t bytes = 0;
    if (::ioctl(fd_, BLKGETSIZE64, &bytes) != 0) fail("ask for the size", errno);
    return bytes;
}

std::uint32_t File::sector_size() const {
    int bytes = 512;
    if (is_block_device() && ::ioctl(fd_, BLKSSZGET, &bytes) != 0)
        fail("ask for the sector size", errno);
    return static_cast<std::uint32_t>(bytes);
}

bool File::is_block_device() const {
    struct stat status{};
    return ::fstat(fd_, &status) == 0 && S_ISBLK(status.st_mode);
}

Bytes File::read_at(std::uint64_t offset, std::size_t length) const {
    Bytes bytes(length);
    std::size_t done = 0;
    while (done < length) {
        auto got =
            ::pread(fd_, bytes.data() + done, length - done, static_cast<off_t>(offset + done));
        if (got == 0) break;
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) fail("read", errno);
        done += static_cast<std::size_t>(got);
    }
    bytes.resize(done);
    return bytes;
}

void File::write_at(std::uint64_t offset, ByteView bytes) {
    while (!bytes.empty()) {
        auto put = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) fail("write", errno);
        if (put == 0) fail("write", ENOSPC);
        bytes = bytes.subspan(static_cast<std::size_t>(put));
        offset += static_cast<std::uint64_t>(put);
    }
}

void File::truncate(std::uint64_t size) {
    if (::ftruncate(fd_, static_cast<off_t>(size)) != 0) fail("resize", errno);
}

void File::sync() {
    if (::fsync(fd_) != 0) fail("flush", errno);
    if (is_block_device() && ::ioctl(fd_, BLKFLSBUF, 0) != 0) fail("flush the buffers", errno);
}

void File::fail(std::string_view what, int error) const {
    auto message = fmt::format("{}: {}: {}", path_.string(), what, describe_error(error));
    if (error == ENOSPC || error == EDQUOT || error == EFBIG) throw NoSpace(std::move(message));
    throw StorageFailed(std::move(message));
}

Task<Checksum> hash_file(fs::path path, HashAlgorithm algorithm) {
    File file(std::move(path), O_RDONLY);
    ::posix_fadvise(file.descriptor(), 0, 0, POSIX_FADV_SEQUENTIAL);
    Hasher hasher(algorithm);
    for (std::uint64_t offset = 0;;) {
        Bytes bytes = file.read_at(offset, kStretch);
        hasher.update(bytes);
        offset += bytes.size();
        if (bytes.size() < kStretch) break;
        co_await sleep_for({});
    }
    co_return hasher.finish();
}

Task<> link_or_copy(fs::path from, fs::path to) {
    TemporaryFile half_made(with_suffix(to, "." + random_token(6) + ".part"));
    if (::link(from.c_str(), half_made.path().c_str()) != 0) {
        auto error = errno;
        // EPERM: file systems without links, and fs.protected_hardlinks for files of others.
        if (error != EXDEV && error != EPERM && error != EMLINK && error != EOPNOTSUPP)
            throw StorageFailed(fmt::format("Cannot link {} to {}: {}", from.string(), to.string(),
                                            describe_error(error)));
        File source(from, O_RDONLY);
        File copy(half_made.path(), O_WRONLY | O_CREAT | O_EXCL);
        co_await copy_contents(&source, &copy);
    }
    if (::rename(half_made.path().c_str(), to.c_str()) != 0)
        throw StorageFailed(
            fmt::format("Cannot create {}: {}", to.string(), describe_error(errno)));
    // rename(2) of two links to one file does nothing and leaves both; then the guard tidies up.
    std::error_code gone;
    if (!fs::exists(half_made.path(), gone)) half_made.keep();
}

std::uint64_t free_bytes(const fs::path& directory) {
    struct statvfs status{};
    if (::statvfs(directory.c_str(), &status) != 0)
        throw StorageFailed(fmt::format("{}: cannot ask for free space: {}", directory.string(),
                                        describe_error(errno)));
    return std::uint64_t{status.f_bavail} * status.f_frsize;
}

fs::path with_suffix(fs::path path, std::string_view suffix) {
    path += suffix;
    return path;
}

TemporaryFile::~TemporaryFile() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove(path_, ignored);
}

}  // namespace ferrite::image
