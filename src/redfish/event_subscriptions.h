#pragma once

#include <string>

#include "base/json.h"
#include "base/task.h"
#include "redfish/client.h"

/// Where a BMC sends its events (the EventDestination schema). All throw redfish::Error.
namespace ferrite::redfish {

/// [{"Id": "1"}, ...]
Task<JsonArray> list_subscriptions(Client* client);
/// Id, Context, Destination, EventTypes, HttpHeaders and Protocol, as the BMC has them.
Task<JsonObject> read_subscription(Client* client, std::string id);
/// `wanted` has the members of the schema; returns the new one as read_subscription() does.
Task<JsonObject> add_subscription(Client* client, JsonObject wanted);
Task<> remove_subscription(Client* client, std::string id);

}  // namespace ferrite::redfish
