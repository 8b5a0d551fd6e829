#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/mutex.h"

namespace ferrite::image {

/// Memory on a page boundary, as O_DIRECT wants it.
struct PageAligned {
    void operator()(std::uint8_t* memory) const noexcept { std::free(memory); }
};
using AlignedBuffer = std::unique_ptr<std::uint8_t[], PageAligned>;
AlignedBuffer make_aligned_buffer(std::size_t bytes);

/// Hands bytes from one thread to another in stretches of equal size. A fixed number of stretches
/// bounds the memory: a writer that is faster than the reader waits for it.
///
/// One writing and one reading thread.
class BytePipe {
public:
    /// `stretch_bytes` must be a multiple of 4096.
    BytePipe(std::size_t stretch_bytes, unsigned stretches);

    /// Writer: appends bytes; blocks while every stretch is full. False when the reader stopped.
    bool write(ByteView bytes);
    /// Writer: no more will come; the reader sees the end after what is there.
    void finish();
    /// Writer: no more will come and what came is worthless; see aborted().
    void abort();

    /// Reader: the next stretch, page aligned and full but for the last; valid until the next call.
    /// Blocks while there is none. Empty at the end.
    ByteView read();
    /// Reader: wants no more; a writer that waits is let go.
    void stop();

    bool aborted() const;

private:
    struct Stretch {
        AlignedBuffer memory;
        std::size_t used = 0;
    };

    Stretch* take_free() FERRITE_REQUIRES(mutex_);

    const std::size_t stretch_bytes_;
    std::vector<Stretch> stretches_;
    Stretch* filling_ = nullptr;  ///< Belongs to the writer.
    Stretch* reading_ = nullptr;  ///< Belongs to the reader.

    mutable Mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<Stretch*> free_ FERRITE_GUARDED_BY(mutex_);
    std::deque<Stretch*> full_ FERRITE_GUARDED_BY(mutex_);
    bool finished_ FERRITE_GUARDED_BY(mutex_) = false;
    bool aborted_ FERRITE_GUARDED_BY(mutex_) = false;
    bool stopped_ FERRITE_GUARDED_BY(mutex_) = false;
};

}  // namespace ferrite::image
