#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>

#include "base/task.h"
#include "image/image_format.h"

namespace ferrite::image {

/// Bounds of one run of qemu-img.
struct ConversionLimits {
    std::uint64_t memory_bytes = 2048ULL << 20;                ///< Its address space.
    std::chrono::milliseconds timeout{std::chrono::hours(1)};  ///< Of one attempt.
    unsigned attempts = 3;  ///< Tried again only when memory ran out.
};

/// Writes the disk inside `from` to the new file `to` as raw bytes, with `qemu-img convert`. The
/// format is always named, so qemu-img never guesses. Throws StorageFailed with its last words.
///
/// Call only for images that `inspect` found safe.
Task<> convert_to_raw(std::filesystem::path from, ImageFormat format, std::filesystem::path to,
                      ConversionLimits limits);

/// The same onto an existing block device, writing zeros too: what was there before must not show
/// through.
Task<> convert_to_device(std::filesystem::path from, ImageFormat format,
                         std::filesystem::path device, ConversionLimits limits);

/// Whether qemu-img can be run here (found in PATH).
bool qemu_img_available();

}  // namespace ferrite::image
