#include "image/image_format.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "image/image_error.h"
#include "image/vmdk_header.h"

namespace ferrite::image {

namespace {

constexpr std::array<std::pair<ImageFormat, std::string_view>, 14> kNames{{
    {ImageFormat::raw, "raw"},
    {ImageFormat::gpt, "gpt"},
    {ImageFormat::qcow2, "qcow2"},
    {ImageFormat::iso, "iso"},
    {ImageFormat::vmdk, "vmdk"},
    {ImageFormat::vhd, "vhd"},
    {ImageFormat::vhdx, "vhdx"},
    {ImageFormat::vdi, "vdi"},
    {ImageFormat::qed, "qed"},
    {ImageFormat::luks, "luks"},
    {ImageFormat::gzip, "gzip"},
    {ImageFormat::zstd, "zstd"},
    {ImageFormat::xz, "xz"},
    {ImageFormat::bzip2, "bzip2"},
}};

constexpr std::size_t kSector = 512;
constexpr std::size_t kIsoVolumeDescriptor = 32768;
constexpr std::size_t kIsoDescriptorSize = 2048;

ByteView slice(ByteView head, std::size_t offset, std::size_t length) {
    if (offset > head.size() || length > head.size() - offset) return {};
    return head.subspan(offset, length);
}

bool has_magic(ByteView head, std::size_t offset, std::string_view magic) {
    return as_text(slice(head, offset, magic.size())) == magic;
}

using namespace std::string_view_literals;

// ---- qcow2 (QEMU docs/interop/qcow2.txt) ----

constexpr std::uint64_t kExternalDataFile = 1U << 2;
/// Dirty, corrupt and compression type: they change nothing about what the file refers to.
constexpr std::uint64_t kHarmlessFeatures = 1U << 0 | 1U << 1 | 1U << 3;
constexpr std::uint32_t kExternalDataName = 0x44415441;

/// A header extension that names a file outside, which may be there without the feature bit.
bool names_data_file(ByteView head, std::size_t header_length) {
    if (header_length > head.size()) return false;
    ByteReader in(head.subspan(header_length));
    for (int i = 0; i < 64; ++i) {
        auto type = in.u32();
        auto length = in.u32();
        if (in.failed() || type == 0) return false;
        if (type == kExternalDataName) return true;
        in.skip((static_cast<std::size_t>(length) + 7) & ~std::size_t{7});
    }
    return false;
}

void inspect_qcow2(ByteView head, ImageInspection& found) {
    ByteReader in(head);
    in.skip(4);
    auto version = in.u32();
    auto backing_offset = in.u64();
    auto backing_length = in.u32();
    in.skip(4);  // cluster bits
    found.virtual_size = in.u64();
    auto encryption = in.u32();
    in.skip(36);  // table offsets and counts
    if (in.failed()) {
        found.unsafe_reason = "its qcow2 header is cut short";
        return;
    }
    if (version != 2 && version != 3) {
        found.unsafe_reason = fmt::format("its qcow2 version is {}, not 2 or 3", version);
        return;
    }
    if (backing_offset != 0 || backing_length != 0) {
        found.unsafe_reason =
            "it has a backing file, so it is no complete image (flatten it with qemu-img convert)";
        return;
    }
    if (encryption != 0) {
        found.unsafe_reason = "it is encrypted";
        return;
    }
    if (version == 2) return;
    auto incompatible = in.u64();
    in.skip(20);  // compatible and auto-clear features, refcount order
    auto header_length = in.u32();
    if (in.failed()) {
        found.unsafe_reason = "its qcow2 header is cut short";
    } else if ((incompatible & kExternalDataFile) != 0 || names_data_file(head, header_length)) {
        found.unsafe_reason = "its data is in another file";
    } else if ((incompatible & ~kHarmlessFeatures) != 0) {
        found.unsafe_reason = fmt::format("it needs qcow2 features 0x{:x} that are not supported",
                                          incompatible & ~kHarmlessFeatures);
    }
}

// ---- partition tables ----

/// A master boot record with at least one partition and only legal boot flags. A FAT or NTFS boot
/// sector has the same signature, but program text where the partitions would be.
bool is_partitioned(ByteView head) {
    if (!has_magic(head, 510, "\x55\xAA"sv)) return false;
    bool any = false;
    for (std::size_t i = 0; i < 4; ++i) {
        ByteReader entry(slice(head, 446 + 16 * i, 16));
        auto flag = entry.u8();
        entry.skip(3);
        auto type = entry.u8();
        entry.skip(3);
        auto start = entry.u32_le();
        auto count = entry.u32_le();
        if (flag != 0 && flag != 0x80) return false;
        if (type == 0) continue;
        if (start == 0 || count == 0) return false;
        any = true;
    }
    return any;
}

bool is_gpt(ByteView head) {
    return is_partitioned(head) || has_magic(head, kSector, "EFI PART"sv) ||
           has_magic(head, 4096, "EFI PART"sv);
}

// ---- the others ----

void inspect_iso(ByteView head, ImageInspection& found) {
    ByteReader in(slice(head, kIsoVolumeDescriptor, kIsoDescriptorSize));
    in.skip(80);
    auto blocks = in.u32_le();
    in.skip(44);
    auto block_size = in.u16_le();
    if (!in.failed()) found.virtual_size = std::uint64_t{blocks} * block_size;
}

void inspect_vdi(ByteView head, ImageInspection& found) {
    ByteReader in(slice(head, 0, 384));
    in.skip(368);
    found.virtual_size = in.u64_le();
}

void inspect_vhd(ByteView head, ImageInspection& found) {
    ByteReader in(slice(head, 0, kSector));
    in.skip(48);
    found.virtual_size = in.u64();
    in.skip(4);
    constexpr std::uint32_t kDifferencing = 4;
    if (in.u32() == kDifferencing) found.unsafe_reason = "it is a differencing disk of another VHD";
}

void inspect_qed(ByteView, ImageInspection& found) {
    found.unsafe_reason = "the qed format is obsolete and not supported";
}

void inspect_luks(ByteView head, ImageInspection& found) {
    ByteReader in(head);
    in.skip(6);
    if (in.u16() != 1) found.unsafe_reason = "only LUKS version 1 is supported";
}

void inspect_vmdk(ByteView head, ImageInspection& found) {
    VmdkHeader header = read_vmdk_header(head);
    found.virtual_size = header.virtual_size;
    found.unsafe_reason = std::move(header.unsafe_reason);
}

bool is_vmdk(ByteView head) {
    return has_magic(head, 0, "KDMV"sv) || has_magic(head, 0, "COWD"sv) ||
           has_magic(head, 0, "# Disk DescriptorFile"sv);
}

bool is_iso(ByteView head) {
    return has_magic(head, kIsoVolumeDescriptor + 1, "CD001"sv);
}

struct Detector {
    ImageFormat format;
    bool (*matches)(ByteView head);
    void (*details)(ByteView head, ImageInspection& found);
};

constexpr auto kNoDetails = [](ByteView, ImageInspection&) {};

const std::array kDetectors{
    Detector{ImageFormat::qcow2, [](ByteView h) { return has_magic(h, 0, "QFI\xfb"sv); },
             inspect_qcow2},
    Detector{ImageFormat::iso, is_iso, inspect_iso},
    Detector{ImageFormat::gpt, is_gpt, kNoDetails},
    Detector{ImageFormat::vmdk, is_vmdk, inspect_vmdk},
    Detector{ImageFormat::vhd, [](ByteView h) { return has_magic(h, 0, "conectix"sv); },
             inspect_vhd},
    Detector{ImageFormat::vhdx, [](ByteView h) { return has_magic(h, 0, "vhdxfile"sv); },
             kNoDetails},
    Detector{ImageFormat::vdi, [](ByteView h) { return has_magic(h, 64, "\x7f\x10\xda\xbe"sv); },
             inspect_vdi},
    Detector{ImageFormat::qed, [](ByteView h) { return has_magic(h, 0, "QED\0"sv); }, inspect_qed},
    Detector{ImageFormat::luks, [](ByteView h) { return has_magic(h, 0, "LUKS\xba\xbe"sv); },
             inspect_luks},
    Detector{ImageFormat::gzip, [](ByteView h) { return has_magic(h, 0, "\x1f\x8b\x08"sv); },
             kNoDetails},
    Detector{ImageFormat::zstd, [](ByteView h) { return has_magic(h, 0, "\x28\xb5\x2f\xfd"sv); },
             kNoDetails},
    Detector{ImageFormat::xz, [](ByteView h) { return has_magic(h, 0, "\xfd\x37zXZ\0"sv); },
             kNoDetails},
    Detector{ImageFormat::bzip2,
             [](ByteView h) { return has_magic(h, 0, "BZh"sv) && has_magic(h, 4, "1AY&SY"sv); },
             kNoDetails},
};

bool is_permitted(ImageFormat format, const std::vector<std::string>& permitted) {
    auto has = [&](std::string_view name) {
        return std::ranges::find(permitted, name) != permitted.end();
    };
    return has(to_text(format)) || (format == ImageFormat::gpt && has("raw"));
}

bool meets_expectation(ImageFormat format, std::string_view expected) {
    if (expected.empty() || expected == "unknown" || expected == to_text(format)) return true;
    // A raw disk with and without a partition table are the same thing to whoever names a format.
    bool disk = format == ImageFormat::raw || format == ImageFormat::gpt;
    return disk && (expected == "raw" || expected == "gpt");
}

}  // namespace

std::string_view to_text(ImageFormat format) {
    return std::ranges::find(kNames, format, &std::pair<ImageFormat, std::string_view>::first)
        ->second;
}

std::optional<ImageFormat> parse_image_format(std::string_view name) {
    for (const auto& [format, text] : kNames)
        if (text == name) return format;
    return std::nullopt;
}

ImageInspection inspect(ByteView head, std::uint64_t file_size) {
    head = head.first(std::min(head.size(), kInspectionBytes));
    std::vector<const Detector*> matches;
    for (const auto& detector : kDetectors)
        if (detector.matches(head)) matches.push_back(&detector);

    ImageInspection found;
    if (matches.empty()) {
        found.virtual_size = file_size;
        return found;
    }
    found.format = matches.front()->format;
    matches.front()->details(head, found);
    bool hybrid_iso = matches.size() == 2 && matches[0]->format == ImageFormat::iso &&
                      matches[1]->format == ImageFormat::gpt;
    if (matches.size() > 1 && !hybrid_iso) {
        std::vector<std::string_view> names;
        for (const auto* match : matches) names.push_back(to_text(match->format));
        found.unsafe_reason =
            fmt::format("it is several formats at once ({})", fmt::join(names, ", "));
    }
    if (is_verbatim(found.format)) found.virtual_size = file_size;
    return found;
}

void check_format(const ImageInspection& found, std::string_view expected, const FormatRules& rules,
                  std::string_view name) {
    if (!rules.inspect_content) return;
    if (!found.unsafe_reason.empty())
        throw InvalidImage(fmt::format("Image {} is refused: {} (content looks like {}).", name,
                                       found.unsafe_reason, to_text(found.format)));
    if (!is_permitted(found.format, rules.permitted))
        throw InvalidImage(fmt::format(
            "Image {} is {}, which is not among the permitted formats ({}). Convert it with "
            "qemu-img, or extend [conductor]permitted_image_formats.",
            name, to_text(found.format), fmt::join(rules.permitted, ", ")));
    if (!meets_expectation(found.format, expected))
        throw InvalidImage(
            fmt::format("Image {} is {} by its content, but image_disk_format says {:.40}. Correct "
                        "image_disk_format or the image.",
                        name, to_text(found.format), expected));
}

}  // namespace ferrite::image
