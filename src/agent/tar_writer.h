#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace ferrite::agent {

/// Builds a tar archive (POSIX ustar) of small texts in memory.
///
///     TarWriter tar(now);
///     tar.add("dmesg", text);
///     Bytes archive = gzip(tar.finish());
class TarWriter {
public:
    explicit TarWriter(std::chrono::system_clock::time_point now) : now_(now) {}

    /// A regular file, mode 0644. Names are cut at 100 bytes.
    void add(std::string_view name, std::string_view content);

    /// The whole archive, with its two closing blocks. Call once.
    Bytes finish();

private:
    std::chrono::system_clock::time_point now_;
    Bytes archive_;
};

/// One gzip member. Throws Error when memory runs out.
Bytes gzip(ByteView bytes);

}  // namespace ferrite::agent
