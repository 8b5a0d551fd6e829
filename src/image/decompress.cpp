#include "image/decompress.h"

#include <cerrno>
#include <exception>
#include <new>
#include <utility>

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>

#include "base/runtime.h"
#include "image/file.h"
#include "image/image_error.h"

namespace ferrite::image {

namespace {

constexpr std::size_t kStretch = 1024 * 1024;

struct FreeArchive {
    void operator()(archive* reader) const noexcept { archive_read_free(reader); }
};

}  // namespace

struct Decompressor::State {
    std::function<ByteView()> source;
    std::unique_ptr<archive, FreeArchive> reader;
    std::exception_ptr failure;  ///< What the source threw, carried past the C library.
    bool opened = false;

    static la_ssize_t pull(archive* reader, void* context, const void** buffer) {
        auto* self = static_cast<State*>(context);
        try {
            ByteView bytes = self->source();
            *buffer = bytes.data();
            return static_cast<la_ssize_t>(bytes.size());
        } catch (...) {
            self->failure = std::current_exception();
            archive_set_error(reader, EIO, "the source failed");
            return -1;
        }
    }

    void check(la_ssize_t code) {
        if (failure) std::rethrow_exception(failure);
        if (code >= ARCHIVE_WARN) return;
        const char* why = archive_error_string(reader.get());
        throw InvalidImage(fmt::format("The compressed image is damaged: {}.",
                                       why != nullptr ? why : "unknown reason"));
    }

    void open() {
        opened = true;
        reader.reset(archive_read_new());
        auto* in = reader.get();
        if (in == nullptr) throw std::bad_alloc();
        archive_read_support_filter_gzip(in);
        archive_read_support_filter_zstd(in);
        archive_read_support_filter_xz(in);
        archive_read_support_filter_bzip2(in);
        archive_read_support_format_raw(in);
        check(archive_read_open(in, this, nullptr, &State::pull, nullptr));
        archive_entry* entry = nullptr;
        check(archive_read_next_header(in, &entry));
    }
};

Decompressor::Decompressor(std::function<ByteView()> source) : state_(std::make_unique<State>()) {
    state_->source = std::move(source);
}

Decompressor::~Decompressor() = default;

std::size_t Decompressor::read(std::span<std::uint8_t> buffer) {
    if (!state_->opened) state_->open();
    std::size_t filled = 0;
    while (filled < buffer.size()) {
        auto got =
            archive_read_data(state_->reader.get(), buffer.data() + filled, buffer.size() - filled);
        state_->check(got);
        if (got <= 0) break;
        filled += static_cast<std::size_t>(got);
    }
    return filled;
}

Task<std::uint64_t> decompress_file(std::filesystem::path from, std::filesystem::path to,
                                    std::uint64_t max_bytes) {
    File source(std::move(from), O_RDONLY);
    File target(std::move(to), O_WRONLY | O_CREAT | O_TRUNC);
    Bytes input;
    std::uint64_t consumed = 0;
    Decompressor unpack([&]() -> ByteView {
        input = source.read_at(consumed, kStretch);
        consumed += input.size();
        return input;
    });
    Bytes output(kStretch);
    std::uint64_t written = 0;
    while (auto got = unpack.read(output)) {
        if (got > max_bytes - written)
            throw NoSpace(fmt::format("{} unpacks to more than the {} bytes there is room for.",
                                      source.path().string(), max_bytes));
        target.write_at(written, ByteView(output).first(got));
        written += got;
        co_await sleep_for({});
    }
    co_return written;
}

}  // namespace ferrite::image
