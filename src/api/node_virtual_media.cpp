#include <algorithm>
#include <array>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "api/arguments.h"
#include "api/body.h"
#include "api/handlers.h"
#include "api/nodes.h"
#include "api/text.h"
#include "base/error.h"
#include "model/states.h"

/// Images that the BMC of a node shows to it as devices (reference: api.md section 11.12).
namespace ferrite::api {
namespace {

using conductor::VirtualMediaImage;

constexpr std::array<std::string_view, 3> kDeviceTypes = {"disk", "cdrom", "floppy"};
constexpr std::array<std::string_view, 5> kSchemes = {"http", "https", "nfs", "cifs", "smb"};
constexpr std::array<std::string_view, 3> kMembers = {"device_type", "image_url",
                                                      "image_download_source"};

template <std::size_t N>
void check_is_one_of(std::string_view what, std::string_view value,
                     const std::array<std::string_view, N>& allowed) {
    if (std::ranges::find(allowed, value) == allowed.end())
        throw InvalidValue(fmt::format("{} must be one of: {}.", what, fmt::join(allowed, ", ")));
}

std::string text_in(const Json& body, std::string_view name) {
    const auto& value = member(body, name);
    if (!value.is_string())
        throw InvalidValue(fmt::format("The body needs {}, a text: add it.", name));
    return std::string(value.get_string());
}

VirtualMediaImage sent_image(const Json& body) {
    check_is_object(body, "virtual medium");
    for (const auto& entry : body.get_object())
        check_is_one_of("A member of the body", entry.key(), kMembers);
    VirtualMediaImage image{text_in(body, "device_type"), text_in(body, "image_url")};
    check_is_one_of("device_type", image.device_type, kDeviceTypes);
    auto scheme = image.url.find("://");
    check_is_one_of("The scheme of image_url",
                    lower_case(scheme == image.url.npos ? "" : image.url.substr(0, scheme)),
                    kSchemes);
    if (!body.get_object().contains("image_download_source")) return image;
    auto source = text_in(body, "image_download_source");
    check_is_one_of("image_download_source", source,
                    std::array<std::string_view, 3>{"http", "local", "swift"});
    if (source == "swift")
        throw InvalidValue("This service has no swift to put images in: use local or http.");
    if (source == "http") image.source = VirtualMediaImage::Source::direct;
    return image;
}

/// A BMC that has not answered for long is not asked for more.
model::Node find_reachable(const Call& call) {
    auto node = find_node(call, call.words[0]);
    if (node.maintenance && node.fault == model::faults::power_failure)
        throw Error(
            503, "node_unreachable",
            fmt::format("Node {} is in maintenance because its BMC does not answer.", node.uuid));
    require_conductor(call, node, 404);
    return node;
}

std::vector<std::string> device_types(const std::optional<std::vector<std::string>>& given) {
    if (!given) return {kDeviceTypes.begin(), kDeviceTypes.end()};
    for (const auto& type : *given) check_is_one_of("Each of device_types", type, kDeviceTypes);
    return *given;
}

}  // namespace

Task<HttpResponse> show_virtual_media(Call call) {
    Arguments::of_query(call).finish();
    auto node = find_reachable(call);
    auto media = co_await call.conductor().virtual_media(call.context, node.uuid);
    co_return json_reply(200, to_text(Json(std::move(media))));
}

Task<HttpResponse> attach_virtual_media(Call call) {
    Arguments::of_query(call).finish();
    auto image = sent_image(call.document());
    auto node = find_reachable(call);
    co_await call.conductor().attach_virtual_media(call.context, node.uuid, std::move(image));
    co_return empty_reply(204);
}

/// The types stand in the path or in `?device_types=`.
Task<HttpResponse> detach_virtual_media(Call call) {
    auto arguments = Arguments::of_query(call);
    auto given = call.words.size() > 1 ? std::optional(comma_separated(lower_case(call.words[1])))
                                       : arguments.words("device_types");
    arguments.finish();
    auto types = device_types(given);
    auto node = find_reachable(call);
    co_await call.conductor().detach_virtual_media(call.context, node.uuid, std::move(types));
    co_return empty_reply(204);
}

}  // namespace ferrite::api
