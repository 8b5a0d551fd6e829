#include "image/vmdk_header.h"

#include <algorithm>
#include <string_view>

namespace ferrite::image {

namespace {

constexpr std::uint64_t kSector = 512;

/// A descriptor line that declares an extent: `RW 4096 SPARSE "disk.vmdk"`.
bool is_extent(std::string_view line) {
    return line.starts_with("RW ") || line.starts_with("RDONLY ") || line.starts_with("NOACCESS ");
}

std::string_view value_of(std::string_view line, std::string_view key) {
    if (!line.starts_with(key)) return {};
    line.remove_prefix(key.size());
    if (line.size() < 2 || line.front() != '"' || line.back() != '"') return {};
    return line.substr(1, line.size() - 2);
}

std::string judge_descriptor(std::string_view text) {
    std::string_view kind;
    unsigned extents = 0;
    text = text.substr(0, text.find('\0'));
    while (!text.empty()) {
        auto end = std::min(text.find('\n'), text.size());
        auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.starts_with("createType=")) kind = value_of(line, "createType=");
        if (line.starts_with("parentFileNameHint")) return "it depends on a parent disk";
        if (!is_extent(line)) continue;
        ++extents;
        if (line.find_first_of("/\\") != std::string_view::npos)
            return "its descriptor refers to a file in another directory";
    }
    if (kind != "monolithicSparse" && kind != "streamOptimized")
        return "only monolithicSparse and streamOptimized VMDK disks are supported";
    if (extents != 1) return "its descriptor does not have exactly one extent";
    return {};
}

}  // namespace

VmdkHeader read_vmdk_header(ByteView head) {
    VmdkHeader header;
    ByteReader in(head);
    if (as_text(in.take(4)) != "KDMV") {
        header.unsafe_reason = "it is a VMDK without a sparse header, whose data is in other files";
        return header;
    }
    in.skip(8);  // version and flags
    auto capacity = in.u64_le();
    in.skip(8);  // grain size
    auto descriptor_offset = in.u64_le();
    auto descriptor_sectors = in.u64_le();
    if (in.failed() || capacity > UINT64_MAX / kSector) {
        header.unsafe_reason = "its VMDK header is damaged";
        return header;
    }
    header.virtual_size = capacity * kSector;
    auto sectors = head.size() / kSector;
    if (descriptor_offset == 0 || descriptor_sectors == 0 || descriptor_offset > sectors ||
        descriptor_sectors > sectors - descriptor_offset) {
        header.unsafe_reason = "its VMDK descriptor is not at the start of the file";
        return header;
    }
    header.unsafe_reason = judge_descriptor(
        as_text(head.subspan(descriptor_offset * kSector, descriptor_sectors * kSector)));
    return header;
}

}  // namespace ferrite::image
