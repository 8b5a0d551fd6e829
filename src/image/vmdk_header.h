#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace ferrite::image {

/// What the start of a VMware disk says about itself.
struct VmdkHeader {
    std::uint64_t virtual_size = 0;
    std::string unsafe_reason;  ///< Empty for a self-contained sparse disk.
};

/// Reads a VMDK's header and descriptor. Only monolithicSparse and streamOptimized disks whose
/// extents are plain file names are safe: everything else refers to other files, which a tool that
/// opens the image would follow.
VmdkHeader read_vmdk_header(ByteView head);

}  // namespace ferrite::image
