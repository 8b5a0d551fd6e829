#include "redfish/virtual_media.h"

#include <algorithm>
#include <optional>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "base/runtime.h"
#include "redfish/computer_system.h"

namespace ferrite::redfish {
namespace {

/// BMCs that are busy with the last image fail for some seconds.
constexpr unsigned kAttempts = 3;
constexpr std::chrono::seconds kPause{3};

std::string link_of(const Json& value, std::string_view key) {
    return string_member(member(value, key), "@odata.id");
}

std::string action_target(const Json& resource, std::string_view action) {
    return string_member(member(member(resource, "Actions"), action), "target");
}

std::vector<std::string> links_in(const Json& list) {
    std::vector<std::string> paths;
    if (!list.is_array()) return paths;
    for (const auto& entry : list.get_array())
        if (auto path = string_member(entry, "@odata.id"); !path.empty())
            paths.push_back(std::move(path));
    return paths;
}

Task<> add_slots(Client* client, std::string collection, std::vector<VirtualMedia>* slots) {
    auto list = co_await client->get(std::move(collection));
    for (const auto& path : links_in(member(list, "Members")))
        slots->push_back(virtual_media_from_json(path, co_await client->get(path)));
}

bool takes_any(const VirtualMedia& slot, const std::vector<std::string>& media_types) {
    return media_types.empty() || std::ranges::any_of(media_types, [&](const std::string& type) {
               return takes(slot, type);
           });
}

Task<> eject(Client* client, VirtualMedia slot) {
    if (!slot.eject_path.empty())
        co_await client->post(slot.eject_path, {});
    else
        co_await client->patch(slot.path, JsonObject{{"Image", nullptr}, {"Inserted", false}});
}

Task<> insert(Client* client, VirtualMedia slot, std::string url) {
    for (unsigned attempt = 1;; ++attempt) {
        std::optional<Error> failure;
        try {
            co_await client->post(
                slot.insert_path,
                JsonObject{{"Image", url}, {"Inserted", true}, {"WriteProtected", true}});
        } catch (const Error& error) {
            failure = error;
        }
        if (!failure) co_return;
        if (failure->service_status() < 500 || attempt >= kAttempts) throw *failure;
        co_await sleep_for(kPause);
    }
}

}  // namespace

VirtualMedia virtual_media_from_json(std::string path, const Json& resource) {
    VirtualMedia slot;
    slot.path = std::move(path);
    if (const auto& types = member(resource, "MediaTypes"); types.is_array())
        for (const auto& type : types.get_array())
            if (type.is_string()) slot.media_types.emplace_back(type.get_string());
    slot.inserted = member(resource, "Inserted") == Json(true);
    slot.image = string_member(resource, "Image");
    slot.insert_path = action_target(resource, "#VirtualMedia.InsertMedia");
    slot.eject_path = action_target(resource, "#VirtualMedia.EjectMedia");
    return slot;
}

bool takes(const VirtualMedia& slot, std::string_view media_type) {
    return std::ranges::find(slot.media_types, media_type) != slot.media_types.end();
}

Task<std::vector<VirtualMedia>> read_virtual_media(Client* client, std::string system_id) {
    auto path = co_await client->system_path(std::move(system_id));
    auto system = co_await client->get(path);
    std::vector<VirtualMedia> slots;
    if (auto own = link_of(system, "VirtualMedia"); !own.empty()) {
        co_await add_slots(client, own, &slots);
        co_return slots;
    }
    for (const auto& owner : links_in(member(member(system, "Links"), "ManagedBy"))) {
        auto manager = co_await client->get(owner);
        if (auto media = link_of(manager, "VirtualMedia"); !media.empty())
            co_await add_slots(client, media, &slots);
    }
    co_return slots;
}

Task<> insert_media(Client* client, std::string system_id, std::vector<std::string> media_types,
                    std::string url) {
    std::optional<Error> failure;
    for (const auto& slot : co_await read_virtual_media(client, std::move(system_id))) {
        if (!takes_any(slot, media_types) || slot.insert_path.empty()) continue;
        try {
            if (slot.inserted) co_await eject(client, slot);
            co_await insert(client, slot, url);
            co_return;
        } catch (const Error& error) {
            bool other_slot_may = error.service_status() == 400 || error.service_status() == 405;
            if (!other_slot_may) throw;
            failure = error;
        }
    }
    if (failure) throw *failure;
    throw InvalidValue(fmt::format("The BMC {} has no virtual media of type {}.",
                                   client->options().address, fmt::join(media_types, " or ")));
}

Task<> eject_media(Client* client, std::string system_id, std::vector<std::string> media_types) {
    for (const auto& slot : co_await read_virtual_media(client, std::move(system_id)))
        if (slot.inserted && takes_any(slot, media_types)) co_await eject(client, slot);
}

}  // namespace ferrite::redfish
