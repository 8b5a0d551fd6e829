#include "netboot/tftp_source.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/unique_fd.h"

namespace ferrite::netboot {
namespace {

class FileSource : public TftpSource {
public:
    FileSource(UniqueFd file, std::uint64_t size) : file_(std::move(file)), size_(size) {}

    std::uint64_t size() const override { return size_; }

    bool read(std::uint64_t offset, std::span<std::uint8_t> out) override {
        while (!out.empty()) {
            auto count = ::pread(file_.get(), out.data(), out.size(), static_cast<off_t>(offset));
            if (count < 0 && errno == EINTR) continue;
            if (count <= 0) return false;  // also when the file was cut meanwhile
            out = out.subspan(static_cast<std::size_t>(count));
            offset += static_cast<std::uint64_t>(count);
        }
        return true;
    }

private:
    UniqueFd file_;
    std::uint64_t size_;
};

class TextSource : public TftpSource {
public:
    explicit TextSource(std::string text) : text_(std::move(text)) {}

    std::uint64_t size() const override { return text_.size(); }

    bool read(std::uint64_t offset, std::span<std::uint8_t> out) override {
        if (offset > text_.size() || out.size() > text_.size() - offset) return false;
        std::copy_n(text_.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
        return true;
    }

private:
    std::string text_;
};

}  // namespace

std::unique_ptr<TftpSource> open_tftp_file(const std::filesystem::path& path) {
    // O_NONBLOCK: opening a FIFO must not hang; it is refused below.
    UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status{};
    if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return nullptr;
    return std::make_unique<FileSource>(std::move(file),
                                        static_cast<std::uint64_t>(status.st_size));
}

std::unique_ptr<TftpSource> tftp_text(std::string text) {
    return std::make_unique<TextSource>(std::move(text));
}

}  // namespace ferrite::netboot
