#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/secret.h"
#include "image/checksum_source.h"
#include "image/http_access.h"

namespace ferrite::agent {

/// What to write, as the conductor describes it (reference: agent.md section 6.1).
struct ImageInfo {
    std::string id;
    std::vector<std::string> urls;  ///< Tried in order; at least one.
    image::ChecksumClaim checksum;
    std::string disk_format;  ///< `raw`, `qcow2`, …; empty: not said.
    Secret authorization;     ///< Whole header value; empty: none.
    std::string http_proxy;
    std::string https_proxy;
    std::vector<std::string> no_proxy;  ///< Host names and domain suffixes.
    std::string config_drive;           ///< Legacy place of the config drive.

    /// How to reach that URL with these credentials and proxies.
    image::HttpAccess access_to(const std::string& url) const;
};

/// Reads and checks an image_info object. Throws AgentError(invalid_params) that says what is
/// missing or wrong; partition images are refused here.
ImageInfo parse_image_info(const Json& image_info, image::Md5Policy md5);

}  // namespace ferrite::agent
