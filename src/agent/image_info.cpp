#include "agent/image_info.h"

#include <algorithm>

#include <fmt/core.h>

#include "agent/agent_error.h"
#include "agent/machine_files.h"
#include "base/base64.h"

namespace ferrite::agent {
namespace {

constexpr std::size_t kMd5Digits = 32;

[[noreturn]] void refuse(std::string details) {
    throw AgentError(Fault::invalid_params, std::move(details));
}

bool is_url(std::string_view text) {
    return text.find("://") != text.npos;
}

/// An optional text that must not be present and empty or of another type.
std::string optional_text(const Json& info, std::string_view key) {
    const Json& value = member(info, key);
    if (value.is_null()) return {};
    if (!value.is_string() || value.as_string().empty())
        refuse(fmt::format("Image '{}' must be a non-empty string", key));
    return std::string(value.as_string());
}

std::vector<std::string> read_urls(const Json& info) {
    const Json& value = member(info, "urls");
    std::vector<std::string> urls;
    if (value.is_array())
        for (const auto& url : value.as_array())
            if (url.is_string()) urls.emplace_back(url.as_string());
    if (urls.empty()) refuse("Image 'urls' must be a list with at least one element");
    return urls;
}

image::ChecksumClaim read_checksum(const Json& info, image::Md5Policy md5) {
    image::ChecksumClaim claim{optional_text(info, "checksum"), optional_text(info, "os_hash_algo"),
                               optional_text(info, "os_hash_value")};
    if (claim.os_hash_algo.empty() != claim.os_hash_value.empty())
        refuse("Image 'os_hash_algo' and 'os_hash_value' must be given together");
    bool literal_is_enough = is_url(claim.checksum) || claim.checksum.size() > kMd5Digits ||
                             md5 == image::Md5Policy::allowed;
    if (claim.os_hash_value.empty() && (claim.checksum.empty() || !literal_is_enough))
        refuse(
            "Image checksum is not available, either the 'checksum' field is too weak or "
            "neither it nor 'os_hash_algo' and 'os_hash_value' are set");
    return claim;
}

Secret read_authorization(const Json& info) {
    if (auto encoded = string_member(info, "image_request_authorization"); !encoded.empty()) {
        auto header = decode_base64(encoded);
        if (!header) refuse("Image 'image_request_authorization' is no base64");
        return Secret(std::string(as_text(*header)));
    }
    if (string_member(info, "image_server_auth_strategy") != "http_basic") return {};
    return image::basic_authorization(string_member(info, "image_server_user"),
                                      Secret(string_member(info, "image_server_password")));
}

std::vector<std::string> read_no_proxy(const Json& info) {
    std::vector<std::string> hosts;
    auto text = string_member(info, "no_proxy");
    std::string_view rest = text;
    while (!rest.empty()) {
        auto comma = std::min(rest.find(','), rest.size());
        auto host = lower_case(trimmed(rest.substr(0, comma)));
        if (host.starts_with('.')) host.erase(0, 1);
        if (!host.empty()) hosts.push_back(host);
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    return hosts;
}

std::string host_of(std::string_view url) {
    auto start = url.find("://");
    if (start == url.npos) return {};
    auto authority = url.substr(start + 3);
    authority = authority.substr(0, authority.find_first_of("/?#"));
    if (auto at = authority.rfind('@'); at != authority.npos) authority.remove_prefix(at + 1);
    if (authority.starts_with('['))
        return lower_case(authority.substr(1, std::min(authority.find(']'), authority.size()) - 1));
    return lower_case(authority.substr(0, authority.find(':')));
}

}  // namespace

image::HttpAccess ImageInfo::access_to(const std::string& url) const {
    image::HttpAccess access;
    access.authorization = authorization;
    auto host = host_of(url);
    bool direct = std::ranges::any_of(no_proxy, [&](const std::string& name) {
        return name == "*" || host == name || host.ends_with("." + name);
    });
    if (!direct) access.proxy = lower_case(url).starts_with("https:") ? https_proxy : http_proxy;
    return access;
}

ImageInfo parse_image_info(const Json& info, image::Md5Policy md5) {
    if (!info.is_object()) refuse("'image_info' must be an object");
    ImageInfo image;
    image.id = optional_text(info, "id");
    if (image.id.empty()) refuse("Image is missing 'id'");
    image.urls = read_urls(info);
    image.checksum = read_checksum(info, md5);
    image.disk_format = string_member(info, "disk_format");
    image.authorization = read_authorization(info);
    image.http_proxy = string_member(member(info, "proxies"), "http");
    image.https_proxy = string_member(member(info, "proxies"), "https");
    image.no_proxy = read_no_proxy(info);
    image.config_drive = string_member(info, "configdrive");
    if (string_member(info, "image_type") == "partition")
        refuse(
            "this agent writes whole-disk images only; give a whole-disk image or set "
            "instance_info/image_type to whole-disk");
    return image;
}

}  // namespace ferrite::agent
