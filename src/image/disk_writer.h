#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

#include "base/bytes.h"
#include "base/task.h"
#include "image/image_format.h"

namespace ferrite::image {

/// Writes a stream of bytes to a disk, each byte once, from the first sector on, with bounded
/// memory.
///
///     DiskWriter writer({.device = "/dev/sda", .accept = refuse_what_is_not_raw});
///     writer.append(bytes);                       // as they arrive; blocks while the disk is
///     behind Written done = co_await writer.finish();
///
/// A gzip, zstd, xz or bzip2 stream is unpacked on the way. Zeros are written like everything else:
/// what the disk held before must not show through. Past the page cache where the device allows.
///
/// The one part of Ferrite with a thread of its own: a write may block for seconds on a slow disk,
/// which no worker of a pool may do.
class DiskWriter {
public:
    struct Options {
        std::filesystem::path device;          ///< A block device, or a file that exists.
        std::size_t stretch_bytes = 4U << 20;  ///< One write; a multiple of 4096.
        unsigned stretches = 4;                ///< In memory at most.
        /// Sees what the (unpacked) stream is before the first byte is written; throws to refuse
        /// it. On the writer's thread.
        std::function<void(const ImageInspection&)> accept;
        /// Called with the bytes written so far after each stretch. On the writer's thread.
        std::function<void(std::uint64_t)> progress;
        std::chrono::milliseconds flush_timeout = std::chrono::minutes(30);  ///< Of finish().
    };

    struct Written {
        std::uint64_t bytes = 0;
        ImageFormat format = ImageFormat::raw;  ///< Of the unpacked stream.
    };

    /// Opens the device. Throws StorageFailed.
    explicit DiskWriter(Options options);
    /// Gives up what is not written yet when finish() was not called.
    ~DiskWriter();
    DiskWriter(const DiskWriter&) = delete;
    DiskWriter& operator=(const DiskWriter&) = delete;

    /// Takes the next bytes. Blocks the calling thread while all stretches wait for the disk.
    /// Throws what the writer failed with: NoSpace, StorageFailed, InvalidImage, or what `accept`
    /// threw.
    void append(ByteView bytes);

    /// Writes the rest, flushes the disk and its buffers. Throws like append(). Call once.
    Task<Written> finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace ferrite::image
