#include "redfish/sensors.h"

#include <initializer_list>
#include <utility>

#include <fmt/core.h>

namespace ferrite::redfish {
namespace {

/// What no machine exceeds: a service that lists for ever is not believed.
constexpr std::size_t kMostMembers = 256;

/// A member of ours and the member of the schema that it is taken from.
struct Taken {
    std::string_view as;
    std::string_view from;
};

JsonObject taken(const Json& from, std::initializer_list<Taken> members) {
    JsonObject shown;
    for (const auto& row : members) shown[row.as] = member(from, row.from);
    const auto& status = member(from, "Status");
    shown["state"] = member(status, "State");
    shown["health"] = member(status, "Health");
    return shown;
}

void add(JsonObject& sensors, std::string_view type, std::string_view name, JsonObject shown) {
    auto& group = sensors[type];
    if (!group.is_object()) group = JsonObject();
    group.as_object()[name] = std::move(shown);
}

std::string last_word(std::string_view path) {
    while (path.ends_with('/')) path.remove_suffix(1);
    return std::string(path.substr(path.rfind('/') + 1));
}

std::string link_of(const Json& value) {
    return string_member(value, "@odata.id");
}

std::vector<std::string> links_of(const Json& list) {
    std::vector<std::string> links;
    if (!list.is_array()) return links;
    for (const auto& entry : list.as_array())
        if (auto link = link_of(entry); !link.empty() && links.size() < kMostMembers)
            links.push_back(std::move(link));
    return links;
}

template <class Add>
void for_each_of(const Json& document, std::string_view list, Add add_one) {
    const auto& entries = member(document, list);
    if (!entries.is_array()) return;
    std::size_t count = 0;
    for (const auto& entry : entries.as_array())
        if (entry.is_object() && count++ < kMostMembers) add_one(entry);
}

/// The document, or null when the service has none to give. What silences it is thrown.
Task<Json> get_if_there(Client* client, std::string path, Urgency urgency) {
    if (path.empty()) co_return Json();
    try {
        co_return co_await client->get(std::move(path), urgency);
    } catch (const Error& error) {
        if (error.service_status() == 0 && error.reason() != Reason::broken) throw;
    }
    co_return Json();
}

Task<> add_chassis(Client* client, std::string path, Urgency urgency, JsonObject* sensors) {
    auto chassis = co_await get_if_there(client, path, urgency);
    auto name = last_word(path);
    auto thermal = co_await get_if_there(client, link_of(member(chassis, "Thermal")), urgency);
    add_thermal(*sensors, name, thermal);
    auto power = co_await get_if_there(client, link_of(member(chassis, "Power")), urgency);
    add_power(*sensors, name, power);
}

Task<> add_storage(Client* client, std::string path, Urgency urgency, JsonObject* sensors) {
    auto collection = co_await get_if_there(client, std::move(path), urgency);
    for (const auto& storage_path : links_of(member(collection, "Members"))) {
        auto storage = co_await get_if_there(client, storage_path, urgency);
        for (const auto& drive : links_of(member(storage, "Drives")))
            add_drive(*sensors, last_word(storage_path),
                      co_await get_if_there(client, drive, urgency));
    }
}

}  // namespace

void add_thermal(JsonObject& sensors, std::string_view chassis, const Json& thermal) {
    for_each_of(thermal, "Fans", [&](const Json& fan) {
        auto id = string_member(fan, "MemberId");
        add(sensors, "Fan", fmt::format("{}@{}", id, chassis),
            taken(fan, {{"identity", "MemberId"},
                        {"name", "Name"},
                        {"max_reading_range", "MaxReadingRange"},
                        {"min_reading_range", "MinReadingRange"},
                        {"reading", "Reading"},
                        {"reading_units", "ReadingUnits"},
                        {"serial_number", "SerialNumber"},
                        {"physical_context", "PhysicalContext"}}));
    });
    for_each_of(thermal, "Temperatures", [&](const Json& sensor) {
        auto id = string_member(sensor, "MemberId");
        add(sensors, "Temperature", fmt::format("{}@{}", id, chassis),
            taken(sensor, {{"identity", "MemberId"},
                           {"name", "Name"},
                           {"max_reading_range_temp", "MaxReadingRangeTemp"},
                           {"min_reading_range_temp", "MinReadingRangeTemp"},
                           {"reading_celsius", "ReadingCelsius"},
                           {"physical_context", "PhysicalContext"},
                           {"sensor_number", "SensorNumber"}}));
    });
}

void add_power(JsonObject& sensors, std::string_view chassis, const Json& power) {
    std::size_t number = 0;
    for_each_of(power, "PowerSupplies", [&](const Json& supply) {
        // Not every service numbers its supplies.
        auto id = string_member(supply, "MemberId", std::to_string(number++));
        add(sensors, "Power", fmt::format("{}:{}@{}", id, string_member(supply, "Name"), chassis),
            taken(supply, {{"identity", "MemberId"},
                           {"name", "Name"},
                           {"power_capacity_watts", "PowerCapacityWatts"},
                           {"last_power_output_watts", "LastPowerOutputWatts"},
                           {"line_input_voltage", "LineInputVoltage"},
                           {"line_input_voltage_type", "LineInputVoltageType"},
                           {"power_supply_type", "PowerSupplyType"},
                           {"part_number", "PartNumber"},
                           {"serial_number", "SerialNumber"},
                           {"firmware_version", "FirmwareVersion"}}));
    });
}

void add_drive(JsonObject& sensors, std::string_view storage, const Json& drive) {
    if (!drive.is_object()) return;
    add(sensors, "Drive",
        fmt::format("{}:{}@{}", string_member(drive, "Id"), string_member(drive, "Name"), storage),
        taken(drive, {{"name", "Name"},
                      {"model", "Model"},
                      {"capacity_bytes", "CapacityBytes"},
                      {"media_type", "MediaType"},
                      {"serial_number", "SerialNumber"},
                      {"part_number", "PartNumber"},
                      {"failure_predicted", "FailurePredicted"},
                      {"predicted_media_life_left_percent", "PredictedMediaLifeLeftPercent"}}));
}

Task<JsonObject> read_sensors(Client* client, std::string system_id, Urgency urgency) {
    auto path = co_await client->system_path(std::move(system_id), urgency);
    auto system = co_await client->get(std::move(path), urgency);
    JsonObject sensors;
    for (const auto& chassis : links_of(member(member(system, "Links"), "Chassis")))
        co_await add_chassis(client, chassis, urgency, &sensors);
    co_await add_storage(client, link_of(member(system, "Storage")), urgency, &sensors);
    co_return sensors;
}

}  // namespace ferrite::redfish
