#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/http_client.h"
#include "base/task.h"
#include "image/checksum.h"
#include "image/http_access.h"

namespace ferrite::image {

/// What a user said about the checksum of an image: keys of `instance_info` and of the agent's
/// `image_info`. `os_hash_*` wins when its algorithm is known.
struct ChecksumClaim {
    std::string checksum;  ///< Digits, or the URL of a checksum file.
    std::string os_hash_algo;
    std::string os_hash_value;  ///< Digits, or the URL of a checksum file.

    bool empty() const { return checksum.empty() && os_hash_value.empty(); }
};

struct ChecksumRules {
    Md5Policy md5 = Md5Policy::allowed;
    bool checksum_files = true;  ///< Whether the claim may be a URL.
};

/// The checksum of `file_name` in the text of a checksum file: a bare value alone in the file, or
/// `<digits>  <file>`, `<digits> *<file>` and `SHA256 (<file>) = <digits>` lines; `#` starts a
/// comment. Throws InvalidValue when no line fits, or what fits is no checksum.
Checksum find_checksum(std::string_view text, std::string_view file_name, Md5Policy md5);

/// Turns a claim into the checksum to verify against, fetching the checksum file (at most 1 MiB)
/// when the claim is a URL. Nothing for an empty claim. `image_url` tells which line of the file.
///
/// Throws InvalidValue for a claim that cannot be right, DownloadFailed when the file cannot be
/// had. `client` must outlive the task.
Task<std::optional<Checksum>> resolve_checksum(HttpClient* client, ChecksumClaim claim,
                                               std::string image_url, ChecksumRules rules,
                                               HttpAccess access);

}  // namespace ferrite::image
