#include "image/disk_writer.h"

#include <exception>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>

#include "base/runtime.h"
#include "image/byte_pipe.h"
#include "image/decompress.h"
#include "image/file.h"
#include "image/image_error.h"

namespace ferrite::image {

namespace {

/// The device, past the page cache where the file system allows it.
File open_device(const std::filesystem::path& path, bool& direct) {
    try {
        direct = true;
        return File(path, O_WRONLY | O_DIRECT);
    } catch (const StorageFailed&) {
        direct = false;
        return File(path, O_WRONLY);
    }
}

}  // namespace

struct DiskWriter::State {
    explicit State(Options o)
        : options(std::move(o)),
          pipe(options.stretch_bytes, options.stretches),
          device(open_device(options.device, direct)),
          capacity(device.is_block_device() ? device.size() : UINT64_MAX) {}

    void run() {
        try {
            write_stream();
            if (!pipe.aborted()) device.sync();
        } catch (...) {
            failure = std::current_exception();
        }
        pipe.stop();
        done.set();
    }

    void write_stream() {
        ByteView first = pipe.read();
        auto found = inspect(first, first.size());
        if (!is_compressed(found.format)) {
            accept(found);
            for (auto stretch = first; !stretch.empty(); stretch = pipe.read()) write(stretch);
            return;
        }
        // What was read already goes in before the rest.
        Decompressor unpack([this, &first] {
            return first.empty() ? pipe.read() : std::exchange(first, ByteView{});
        });
        auto buffer = make_aligned_buffer(options.stretch_bytes);
        std::span<std::uint8_t> space(buffer.get(), options.stretch_bytes);
        bool judged = false;
        while (auto got = unpack.read(space)) {
            ByteView stretch = space.first(got);
            if (!std::exchange(judged, true)) accept(inspect(stretch, stretch.size()));
            write(stretch);
        }
        while (!pipe.read().empty()) {  // Padding behind the compressed stream means nothing.
        }
    }

    void accept(const ImageInspection& found) {
        written.format = found.format;
        if (options.accept) options.accept(found);
    }

    void write(ByteView stretch) {
        if (pipe.aborted()) return;
        if (stretch.size() > capacity - written.bytes)
            throw NoSpace(fmt::format("The image is larger than {}, which holds {} bytes.",
                                      options.device.string(), capacity));
        constexpr std::size_t kBlock = 4096;
        if (direct && stretch.size() % kBlock != 0) leave_direct();
        device.write_at(written.bytes, stretch);
        written.bytes += stretch.size();
        if (options.progress) options.progress(written.bytes);
    }

    /// The tail of an image need not fill a block; the page cache completes it.
    void leave_direct() {
        auto flags = ::fcntl(device.descriptor(), F_GETFL);
        if (::fcntl(device.descriptor(), F_SETFL, flags & ~O_DIRECT) != 0)
            device.fail("leave direct mode", errno);
        direct = false;
    }

    Options options;
    BytePipe pipe;
    bool direct = false;
    File device;
    std::uint64_t capacity;
    Written written;             ///< Belongs to the thread until it is done.
    std::exception_ptr failure;  ///< The same.
    Signal done;
    std::thread thread;
};

DiskWriter::DiskWriter(Options options) : state_(std::make_unique<State>(std::move(options))) {
    state_->thread = std::thread([state = state_.get()] { state->run(); });
}

DiskWriter::~DiskWriter() {
    state_->pipe.abort();
    if (state_->thread.joinable()) state_->thread.join();
}

void DiskWriter::append(ByteView bytes) {
    if (state_->pipe.write(bytes)) return;
    if (state_->thread.joinable()) state_->thread.join();
    if (state_->failure) std::rethrow_exception(state_->failure);
    throw StorageFailed(
        fmt::format("{}: bytes came after the end.", state_->options.device.string()));
}

Task<DiskWriter::Written> DiskWriter::finish() {
    auto* state = state_.get();
    state->pipe.finish();
    if (!co_await state->done.wait_for(state->options.flush_timeout))
        throw StorageFailed(fmt::format("{} did not take the rest of the image within {} s.",
                                        state->options.device.string(),
                                        state->options.flush_timeout.count() / 1000));
    if (state->thread.joinable()) state->thread.join();
    if (state->failure) std::rethrow_exception(state->failure);
    co_return state->written;
}

}  // namespace ferrite::image
