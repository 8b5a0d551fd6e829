#pragma once

#include <string>

#include "base/json.h"
#include "base/task.h"
#include "redfish/client.h"

namespace ferrite::redfish {

/// What the sensors of a machine show, in the words that those who gather readings know: an object
/// that has by type ("Fan", "Temperature", "Power", "Drive") and by name of the sensor what the
/// service says of it. What a service does not have is left out; so is what it does not answer for,
/// unless it is silent altogether. Throws redfish::Error, InvalidValue (see Client::system_path).
Task<JsonObject> read_sensors(Client* client, std::string system_id,
                              Urgency urgency = Urgency::user);

/// The parts of read_sensors() that one document gives; added to `sensors`. `chassis` is the last
/// word of the path of the chassis that it belongs to.
void add_thermal(JsonObject& sensors, std::string_view chassis, const Json& thermal);
void add_power(JsonObject& sensors, std::string_view chassis, const Json& power);
void add_drive(JsonObject& sensors, std::string_view storage, const Json& drive);

}  // namespace ferrite::redfish
