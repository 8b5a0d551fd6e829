#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace ferrite::image {

/// What a file holds, judged by its bytes. `raw` is what nothing else claims; `gpt` is a raw disk
/// with a partition table (GPT or MBR). The compressed kinds wrap an image of another kind.
enum class ImageFormat {
    raw,
    gpt,
    qcow2,
    iso,
    vmdk,
    vhd,
    vhdx,
    vdi,
    qed,
    luks,
    gzip,
    zstd,
    xz,
    bzip2
};

/// The name as in `image_disk_format`.
std::string_view to_text(ImageFormat format);
std::optional<ImageFormat> parse_image_format(std::string_view name);

/// The bytes are a disk as they are: nothing to convert before they are written.
constexpr bool is_verbatim(ImageFormat format) {
    return format == ImageFormat::raw || format == ImageFormat::gpt || format == ImageFormat::iso;
}

constexpr bool is_compressed(ImageFormat format) {
    return format == ImageFormat::gzip || format == ImageFormat::zstd ||
           format == ImageFormat::xz || format == ImageFormat::bzip2;
}

/// How many bytes from the start of a file `inspect` wants. Fewer do when the file is shorter.
inline constexpr std::size_t kInspectionBytes = 128 * 1024;

struct ImageInspection {
    ImageFormat format = ImageFormat::raw;
    std::uint64_t virtual_size = 0;  ///< Bytes of the disk inside; 0 when the header does not say.
    /// Why nobody should open it (backing file, data outside, several formats at once); empty when
    /// nothing speaks against it.
    std::string unsafe_reason;
};

/// Judges a file by the first `kInspectionBytes` of its `file_size` bytes. Never throws, never
/// looks at anything but `head`; meant for content from strangers.
ImageInspection inspect(ByteView head, std::uint64_t file_size);

/// What an image may be.
struct FormatRules {
    std::vector<std::string> permitted{"raw", "gpt", "qcow2", "iso"};  ///< raw implies gpt.
    bool inspect_content = true;  ///< False: `[conductor]disable_deep_image_inspection`.
};

/// Throws InvalidImage when the image is unsafe, not of a permitted format, or not of the
/// `expected` one (`image_disk_format`; empty or `unknown`: any). `name` is the image as an
/// operator knows it.
void check_format(const ImageInspection& found, std::string_view expected, const FormatRules& rules,
                  std::string_view name);

}  // namespace ferrite::image
