#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/task.h"

namespace ferrite::image {

/// Unpacks a gzip, zstd, xz or bzip2 stream that is pulled piece by piece. Memory stays bounded by
/// the window of the format, whatever the stream claims.
///
///     Decompressor in([&] { return pipe.read(); });
///     while (auto got = in.read(buffer)) write(buffer.first(got));
///
/// Throws InvalidImage for damaged input. One thread at a time.
class Decompressor {
public:
    /// `source` yields the next stretch of input, valid until its next call; empty at the end. It
    /// may block, and what it throws comes out of read().
    explicit Decompressor(std::function<ByteView()> source);
    ~Decompressor();
    Decompressor(const Decompressor&) = delete;
    Decompressor& operator=(const Decompressor&) = delete;

    /// Fills `buffer` as far as there is output; less than its size only at the end, 0 after it.
    std::size_t read(std::span<std::uint8_t> buffer);

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Unpacks one file into a new one, giving way to other work between stretches. Throws NoSpace when
/// the result would exceed `max_bytes`. Returns the bytes written.
Task<std::uint64_t> decompress_file(std::filesystem::path from, std::filesystem::path to,
                                    std::uint64_t max_bytes);

}  // namespace ferrite::image
