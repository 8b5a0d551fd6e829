#include "redfish/event_subscriptions.h"

#include <array>
#include <string_view>

#include "base/http_message.h"

namespace ferrite::redfish {
namespace {

constexpr std::array<std::string_view, 6> kShown = {"Id",         "Context",     "Destination",
                                                    "EventTypes", "HttpHeaders", "Protocol"};

/// The collection, which the service root leads to.
Task<std::string> collection(Client* client) {
    auto root = co_await client->get(client->options().root);
    auto service = string_member(member(root, "EventService"), "@odata.id");
    if (service.empty())
        throw Error(Reason::not_found, client->options().address, "the event service");
    auto events = co_await client->get(service);
    auto path = string_member(member(events, "Subscriptions"), "@odata.id");
    co_return path.empty() ? service + "/Subscriptions" : path;
}

JsonObject shown(const Json& resource) {
    JsonObject object;
    for (auto key : kShown)
        if (const auto& value = member(resource, key); !value.is_null()) object[key] = value;
    return object;
}

std::string path_of(const std::string& collection, std::string_view id) {
    return collection + "/" + percent_encode(id);
}

}  // namespace

Task<JsonArray> list_subscriptions(Client* client) {
    auto list = co_await client->get(co_await collection(client));
    JsonArray all;
    if (const auto& members = member(list, "Members"); members.is_array())
        for (const auto& entry : members.get_array()) {
            auto path = string_member(entry, "@odata.id");
            while (path.ends_with('/')) path.pop_back();
            all.push_back(JsonObject{{"Id", path.substr(path.rfind('/') + 1)}});
        }
    co_return all;
}

Task<JsonObject> read_subscription(Client* client, std::string id) {
    auto path = path_of(co_await collection(client), id);
    co_return shown(co_await client->get(path));
}

Task<JsonObject> add_subscription(Client* client, JsonObject wanted) {
    auto path = co_await client->create(co_await collection(client), std::move(wanted));
    if (path.empty())
        throw Error(Reason::broken, client->options().address,
                    "a new event subscription came without its location");
    co_return shown(co_await client->get(path));
}

Task<> remove_subscription(Client* client, std::string id) {
    co_await client->remove(path_of(co_await collection(client), id));
}

}  // namespace ferrite::redfish
