#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/http_client.h"
#include "base/json.h"
#include "base/task.h"
#include "image/http_access.h"

namespace ferrite::image {

/// What cloud-init finds on a config drive. Null members are left out.
struct ConfigDriveContents {
    Json meta_data;  ///< An object.
    Json user_data;  ///< Text is written as it is; an object or array as JSON.
    Json network_data;
    Json vendor_data;

    /// From a `configdrive` given as a JSON object. Throws InvalidValue for unknown keys and wrong
    /// types.
    static ConfigDriveContents from_json(const Json& configdrive);

    /// Puts the node's uuid and name into meta_data where they are not set yet.
    void identify(std::string_view node_uuid, std::string_view node_name);
};

/// The largest config drive that is taken: what its partition holds.
inline constexpr std::uint64_t kLargestConfigDrive = 64ULL << 20;

/// An ISO 9660 image (Joliet, Rock Ridge, label `config-2`) with the contents under
/// `openstack/latest` and `openstack/2012-08-10`. Throws InvalidValue when it grows too large.
Bytes build_config_drive(const ConfigDriveContents& contents);

/// The form in which a config drive travels in `instance_info`: base64(gzip(image)).
std::string encode_config_drive(ByteView image);

/// The image inside of base64(gzip(image)), base64(image), gzip(image) or the image itself; the
/// result is at most `kLargestConfigDrive`. Throws InvalidValue that says what is wrong.
Bytes decode_config_drive(std::string_view text);

/// The same for a value that may also be an http(s) URL, which is fetched once. Throws
/// DownloadFailed and HttpClientError too. `client` must outlive the task.
Task<Bytes> load_config_drive(HttpClient* client, std::string value, HttpAccess access);

}  // namespace ferrite::image
