#include "hardware/redfish_vendor.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "base/error.h"
#include "redfish/event_subscriptions.h"
#include "redfish/virtual_media.h"

namespace ferrite::hardware {
namespace {

struct MediaName {
    std::string_view device;
    std::string_view type;
};
constexpr std::array kMedia = {MediaName{"cd", "CD"}, MediaName{"dvd", "DVD"},
                               MediaName{"usb", "USBStick"}, MediaName{"floppy", "Floppy"}};

/// The media types that the argument boot_device names; none for all of them.
std::vector<std::string> media_types(const JsonObject& arguments) {
    const auto* device = arguments.if_contains("boot_device");
    if (!device || device->is_null()) return {};
    for (const auto& row : kMedia)
        if (*device == Json(row.device)) return {std::string(row.type)};
    throw InvalidValue("The argument boot_device must be cd, dvd, usb or floppy.");
}

std::string required_text(const JsonObject& arguments, std::string_view name) {
    auto text = string_member(Json(arguments), name);
    if (text.empty())
        throw InvalidValue(fmt::format("The argument {} is missing: it must be a text.", name));
    return text;
}

constexpr std::array<std::string_view, 5> kSubscriptionParts = {
    "Destination", "Protocol", "Context", "EventTypes", "HttpHeaders"};

/// What to send for a new subscription. Throws InvalidValue.
JsonObject subscription(const JsonObject& arguments) {
    for (const auto& entry : arguments)
        if (std::ranges::find(kSubscriptionParts, std::string_view(entry.key())) ==
            kSubscriptionParts.end())
            throw InvalidValue(fmt::format("A subscription has no '{}'.",
                                           std::string_view(entry.key()).substr(0, 100)));
    JsonObject wanted{{"Destination", required_text(arguments, "Destination")},
                      {"Protocol", "Redfish"},
                      {"Context", ""},
                      {"EventTypes", JsonArray{"Alert"}}};
    for (std::string_view list : {"EventTypes", "HttpHeaders"})
        if (const auto* value = arguments.if_contains(list); value && !value->is_array())
            throw InvalidValue(fmt::format("The argument {} must be a list.", list));
    if (const auto* context = arguments.if_contains("Context"); context && !context->is_string())
        throw InvalidValue("The argument Context must be a text.");
    for (const auto& entry : arguments) wanted[entry.key()] = entry.value();
    if (wanted["Protocol"] != Json("Redfish"))
        throw InvalidValue("The only Protocol of a subscription is Redfish.");
    return wanted;
}

}  // namespace

std::map<std::string, std::string> RedfishVendor::properties() const {
    return redfish_properties();
}

void RedfishVendor::validate(const NodeContext& context) const {
    redfish_options(context.node, bmcs_.settings());
}

std::span<const VendorMethod> RedfishVendor::methods() const {
    using enum VendorMethod::Answer;
    static constexpr VendorMethod kMethods[] = {
        {"create_subscription", "POST",
         "Has the BMC send its events to the URL in Destination. Protocol, Context, EventTypes "
         "and HttpHeaders may be given as well.",
         value},
        {"delete_subscription", "DELETE", "Ends the subscription that id names.", value},
        {"eject_vmedia", "POST",
         "Ejects virtual media: those of boot_device, which is cd, dvd, usb or floppy, or all."},
        {"get_all_subscriptions", "GET", "Lists the subscriptions that the BMC has.", value},
        {"get_subscription", "GET", "Shows the subscription that id names.", value},
    };
    return kMethods;
}

void RedfishVendor::validate_call(const NodeContext& context, const VendorMethod& method,
                                  const JsonObject& arguments) const {
    validate(context);
    if (method.name == "eject_vmedia") media_types(arguments);
    if (method.name == "create_subscription") subscription(arguments);
    if (method.name == "get_subscription" || method.name == "delete_subscription")
        required_text(arguments, "id");
}

Task<Json> RedfishVendor::call(NodeContext* context, std::string method, JsonObject arguments) {
    auto client = bmcs_.client_for(context->node);
    co_await context->ensure_held();
    if (method == "create_subscription")
        co_return co_await redfish::add_subscription(client.get(), subscription(arguments));
    if (method == "get_all_subscriptions")
        co_return co_await redfish::list_subscriptions(client.get());
    if (method == "get_subscription")
        co_return co_await redfish::read_subscription(client.get(), required_text(arguments, "id"));
    if (method == "delete_subscription")
        co_await redfish::remove_subscription(client.get(), required_text(arguments, "id"));
    if (method == "eject_vmedia")
        co_await redfish::eject_media(client.get(), redfish_system_id(context->node),
                                      media_types(arguments));
    co_return Json();
}

}  // namespace ferrite::hardware
