#include "hardware/instance_image.h"

#include <algorithm>
#include <system_error>

#include <fmt/core.h>

#include "base/error.h"
#include "image/image_error.h"
#include "image/image_format.h"
#include "image/image_source.h"

namespace ferrite::hardware {
namespace {

image::ChecksumClaim claim_of(const model::JsonText& info) {
    return {.checksum = info.get_text("image_checksum"),
            .os_hash_algo = info.get_text("image_os_hash_algo"),
            .os_hash_value = info.get_text("image_os_hash_value")};
}

/// What the agent must know of the image and the user did not say: kept apart from instance_info,
/// where the user's own words stay for the next deploy.
constexpr std::string_view kPrepared = "prepared_image";

void note(model::Node& node, const std::string& url, image::ImageFormat format,
          const std::optional<image::Checksum>& checksum) {
    node.instance_info.set("image_url", Json(url));
    JsonObject prepared;
    prepared["disk_format"] =
        format == image::ImageFormat::gpt ? "raw" : std::string(image::to_text(format));
    if (checksum) {
        prepared["os_hash_algo"] = image::to_text(checksum->algorithm);
        prepared["os_hash_value"] = checksum->value;
    }
    node.driver_internal_info.set(kPrepared, Json(std::move(prepared)));
}

/// `image_http_proxy` and `image_https_proxy` by the scheme that they are for. Throws InvalidValue.
JsonObject proxies_of(const model::Node& node) {
    JsonObject proxies;
    for (std::string_view scheme : {"http", "https"}) {
        auto key = fmt::format("image_{}_proxy", scheme);
        auto url = node.driver_info.get_text(key);
        if (url.empty()) continue;
        bool other_scheme =
            url.contains("://") && !url.starts_with("http://") && !url.starts_with("https://");
        if (other_scheme)
            throw InvalidValue(fmt::format("Node {}: driver_info.{} must be an http or https URL.",
                                           node.uuid, key));
        proxies[scheme] = url;
    }
    return proxies;
}

std::string without_query(std::string_view url) {
    return std::string(url.substr(0, url.find_first_of("?#")));
}

}  // namespace

InstanceImages::InstanceImages(HttpClient& client, image::ImageCache& cache, Options options)
    : client_(client), cache_(cache), options_(std::move(options)) {
    std::filesystem::create_directories(options_.directory);
}

void InstanceImages::validate(const model::Node& node) const {
    auto href = node.instance_info.get_text("image_source");
    if (href.empty())
        throw InvalidValue(
            fmt::format("Node {} failed to validate deploy image info. Some parameters were "
                        "missing. Missing are: "
                        "['instance_info.image_source']",
                        node.uuid));
    proxies_of(node);
    bool is_file = href.starts_with("file://");
    if (!is_file && !href.starts_with("http://") && !href.starts_with("https://"))
        image::parse_image_source(href, options_.files);
    auto claim = claim_of(node.instance_info);
    if (!is_file && claim.checksum.empty() &&
        (claim.os_hash_algo.empty() || claim.os_hash_value.empty()))
        throw InvalidValue(
            fmt::format("image_source's \"image_checksum\", or \"image_os_hash_algo\" and "
                        "\"image_os_hash_value\" must be provided in instance_info for node {}",
                        node.uuid));
    auto type = node.instance_info.get_text("image_type", "whole-disk");
    if (type == "partition")
        throw InvalidValue(fmt::format(
            "Node {}: partition images are not supported; use a whole-disk image.", node.uuid));
    if (type != "whole-disk")
        throw InvalidValue(fmt::format(
            "Node {}: instance_info.image_type must be whole-disk, not '{}'.", node.uuid, type));
}

Task<image::ImageFormat> InstanceImages::probe(std::string url) {
    auto fetch = image::make_fetch("GET", url, options_.access);
    fetch.headers.set("Range", fmt::format("bytes=0-{}", image::kInspectionBytes - 1));
    fetch.max_response_bytes = 0;  // A server that knows no ranges begins to send it all.
    auto head = std::make_shared<Bytes>();
    fetch.on_body = [head](ByteView bytes) {
        head->insert(head->end(), bytes.begin(), bytes.end());
        return head->size() < image::kInspectionBytes;
    };
    HttpFetched answer;
    try {
        answer = co_await client_.fetch(fetch);
    } catch (const HttpClientError& error) {
        // Enough has come.
        if (error.failure() != HttpFailure::stopped) throw;
        answer.status = 200;
    }
    if (answer.status != 200 && answer.status != 206)
        throw image::DownloadFailed(answer.status,
                                    fmt::format("Image {} can not be had: HTTP status {}.",
                                                image::display_url(url), answer.status));
    auto found = image::inspect(*head, head->size());
    if (image::is_verbatim(found.format)) co_return found.format;
    if (!image::is_compressed(found.format))
        image::check_format(found, "", options_.formats, image::display_url(url));
    co_return found.format;
}

Task<> InstanceImages::serve_locally(NodeContext* context, image::ImageRequest request) {
    auto place = options_.directory / context->node.uuid;
    auto image = co_await cache_.fetch(std::move(request), place);
    note(context->node, options_.url + "/" + context->node.uuid, image.format, image.checksum);
}

Task<> InstanceImages::prepare(NodeContext* context) {
    auto& node = context->node;
    auto href = node.instance_info.get_text("image_source");
    auto source = image::parse_image_source(href, options_.files);
    auto about = co_await image::describe(&client_, source, options_.access);
    auto sum = co_await image::resolve_checksum(&client_, claim_of(node.instance_info), href,
                                                options_.checksums, options_.access);
    auto format = node.instance_info.get_text("image_disk_format");
    node.instance_info.set("image_type", Json("whole-disk"));
    bool local = source.kind == image::ImageSource::Kind::file || options_.always_local;
    if (!local) {
        auto found = co_await probe(about.final_url.empty() ? href : about.final_url);
        local = !image::is_verbatim(found);
    }
    if (local) {
        co_await serve_locally(context,
                               {.href = href,
                                .disk_format = format,
                                .checksum = sum,
                                .conversion = options_.force_raw ? image::Conversion::force_raw
                                                                 : image::Conversion::none,
                                .access = options_.access});
        co_return;
    }
    note(node, about.final_url.empty() ? href : about.final_url, image::ImageFormat::raw, sum);
}

JsonObject InstanceImages::image_info(const model::Node& node) const {
    const auto& info = node.instance_info;
    auto source = without_query(info.get_text("image_source"));
    JsonObject image;
    image["id"] = source.substr(source.find_last_of('/') + 1);
    image["urls"] = JsonArray{Json(info.get_text("image_url"))};
    auto prepared = node.driver_internal_info.get(kPrepared);
    image["disk_format"] = string_member(prepared, "disk_format", "raw");
    image["container_format"] = info.get_text("image_container_format", "bare");
    image["stream_raw_images"] = true;
    image["image_type"] = "whole-disk";
    image["node_uuid"] = node.uuid;
    if (auto proxies = proxies_of(node); !proxies.empty()) {
        image["proxies"] = std::move(proxies);
        if (auto direct = node.driver_info.get_text("image_no_proxy"); !direct.empty())
            image["no_proxy"] = direct;
    }
    for (auto key : {"os_hash_algo", "os_hash_value"})
        if (auto value = string_member(prepared, key); !value.empty()) image[key] = value;
    return image;
}

void InstanceImages::discard(const model::Node& node) {
    std::error_code ignored;
    std::filesystem::remove(options_.directory / node.uuid, ignored);
}

Task<std::string> InstanceImages::serve_copy(std::string href, std::string name) {
    co_await cache_.fetch(
        {.href = std::move(href), .conversion = image::Conversion::none, .access = options_.access},
        options_.directory / name);
    co_return options_.url + "/" + name;
}

void InstanceImages::discard_copy(const std::string& name) {
    std::error_code ignored;
    std::filesystem::remove(options_.directory / name, ignored);
}

}  // namespace ferrite::hardware
