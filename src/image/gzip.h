#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace ferrite::image {

bool is_gzip(ByteView bytes);

/// Compresses into one gzip member without a time stamp: equal input gives equal output.
Bytes compress_gzip(ByteView bytes);

/// Unpacks gzip data in memory. Nothing when it is damaged, or larger than `max_bytes` unpacked.
std::optional<Bytes> decompress_gzip(ByteView bytes, std::uint64_t max_bytes);

}  // namespace ferrite::image
