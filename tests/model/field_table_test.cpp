#include <algorithm>
#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "model/chassis.h"
#include "model/conductor.h"
#include "model/facts.h"
#include "model/node.h"
#include "model/node_history.h"
#include "model/port.h"
#include "model/portgroup.h"
#include "model/volume.h"

namespace ferrite::model {
namespace {

/// Every field type has exactly one kind of member that it may be kept in.
template <class R>
bool member_suits(const Field<R>& field) {
    return std::visit(
        [&]<class M>(M) {
            using enum FieldType;
            if constexpr (std::is_same_v<M, std::monostate>)
                return true;
            else if constexpr (std::is_same_v<M, std::string R::*> ||
                               std::is_same_v<M, std::optional<std::string> R::*>)
                return field.type == text || field.type == uuid;
            else if constexpr (std::is_same_v<M, bool R::*> ||
                               std::is_same_v<M, std::optional<bool> R::*>)
                return field.type == boolean;
            else if constexpr (std::is_same_v<M, std::int64_t R::*> ||
                               std::is_same_v<M, std::optional<std::int64_t> R::*>)
                return field.type == integer;
            else if constexpr (std::is_same_v<M, JsonText R::*>)
                return field.type == object || field.type == list;
            else
                return field.type == timestamp;
        },
        field.member);
}

template <class R>
void expect_sound(std::span<const Field<R>> table) {
    std::set<std::string_view> names;
    std::set<std::string> members;
    for (const auto& field : table) {
        SCOPED_TRACE(field.name);
        EXPECT_TRUE(names.insert(field.name).second) << "twice in the table";
        EXPECT_TRUE(std::ranges::all_of(field.name,
                                        [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; }));
        EXPECT_EQ(find_field(table, field.name), &field);
        EXPECT_GE(field.since, kMinimumVersion);
        EXPECT_LE(field.since, kLatestVersion);
        EXPECT_TRUE(member_suits(field));
        // What is not stored can be neither set nor found nor sorted by.
        if (!field.stored())
            EXPECT_FALSE(field.settable_on_create || field.settable_on_patch || field.sortable ||
                         field.unique || field.indexed);
        if (field.required) EXPECT_TRUE(field.settable_on_create && !field.nullable);
        if (field.max_length) EXPECT_EQ(field.type, FieldType::text);
        if (field.masked) EXPECT_EQ(field.type, FieldType::object);
        if (field.type == FieldType::object || field.type == FieldType::list)
            EXPECT_FALSE(field.sortable || field.unique || field.indexed);
        if (field.shown == Shown::never) EXPECT_FALSE(field.selectable);
    }
    EXPECT_EQ(find_field(table, "id"), nullptr) << "the store has a column of that name";
    EXPECT_EQ(find_field(table, "no such field"), nullptr);
}

std::string_view word(FieldType type) {
    using enum FieldType;
    switch (type) {
        case text:
        case uuid:
            return "text";
        case boolean:
            return "boolean";
        case integer:
            return "integer";
        case object:
            return "object";
        case list:
            return "list";
        case timestamp:
            return "timestamp";
    }
    return "";
}

/// A row of facts as the table says it.
template <class R>
std::string facts_of(const Field<R>& field) {
    std::string row = std::string(field.name) + " " + std::string(word(field.type)) + " " +
                      field.since.text() + " " + std::to_string(field.max_length);
    if (field.settable_on_create) row += " post";
    if (field.settable_on_patch) row += " patch";
    if (field.shown == Shown::brief) row += " brief";
    return row;
}

template <class R>
void expect_facts(std::span<const Field<R>> table, const std::string& file) {
    std::set<std::string> expected, found;
    for (auto& row : fact_lines(file)) expected.insert(row);
    for (const auto& field : table)
        if (field.shown != Shown::never) found.insert(facts_of(field));
    for (const auto& row : expected) EXPECT_TRUE(found.contains(row)) << "missing: " << row;
    for (const auto& row : found) EXPECT_TRUE(expected.contains(row)) << "not a fact: " << row;
}

template <class R>
std::set<std::string_view> brief_fields(std::span<const Field<R>> table) {
    std::set<std::string_view> names;
    for (const auto& field : table)
        if (field.shown == Shown::brief) names.insert(field.name);
    return names;
}

using Names = std::set<std::string_view>;

TEST(FieldTables, AreSound) {
    expect_sound(node_fields());
    expect_sound(port_fields());
    expect_sound(portgroup_fields());
    expect_sound(volume_connector_fields());
    expect_sound(volume_target_fields());
    expect_sound(chassis_fields());
    expect_sound(conductor_fields());
    expect_sound(node_history_fields());
}

TEST(FieldTables, NodesAreAsTheFactsSay) {
    expect_facts(node_fields(), "node_fields.txt");
}

TEST(FieldTables, PortsAreAsTheFactsSay) {
    expect_facts(port_fields(), "port_fields.txt");
}

TEST(FieldTables, PortgroupsAreAsTheFactsSay) {
    expect_facts(portgroup_fields(), "portgroup_fields.txt");
}

TEST(FieldTables, VolumesAreAsTheFactsSay) {
    expect_facts(volume_connector_fields(), "volume_connector_fields.txt");
    expect_facts(volume_target_fields(), "volume_target_fields.txt");
}

TEST(FieldTables, ChassisAreAsTheFactsSay) {
    expect_facts(chassis_fields(), "chassis_fields.txt");
}

TEST(FieldTables, BriefListsOfTheOthers) {
    EXPECT_EQ(brief_fields(conductor_fields()),
              (Names{"hostname", "conductor_group", "alive", "links"}));
    EXPECT_EQ(brief_fields(node_history_fields()),
              (Names{"uuid", "created_at", "severity", "event", "links"}));
}

TEST(FieldTables, NodesCanNotBeSortedByThese) {
    Names refused;
    for (const auto& field : node_fields())
        if (!field.sortable) refused.insert(field.name);
    EXPECT_EQ(refused, (Names{"properties",
                              "driver_info",
                              "extra",
                              "instance_info",
                              "driver_internal_info",
                              "clean_step",
                              "deploy_step",
                              "service_step",
                              "raid_config",
                              "target_raid_config",
                              "traits",
                              "network_data",
                              "chassis_uuid",
                              "conductor",
                              "allocation_uuid",
                              "links",
                              "ports",
                              "states",
                              "portgroups",
                              "volume",
                              "conductor_affinity",
                              "reservation_generation"}));
}

TEST(FieldTables, TheseCanNotBeSelected) {
    Names refused;
    for (const auto& field : node_fields())
        if (!field.selectable) refused.insert(field.name);
    EXPECT_EQ(refused, (Names{"created_at", "updated_at", "links", "ports", "states", "portgroups",
                              "volume", "conductor_affinity", "reservation_generation"}));
}

TEST(FieldTables, SecretsAreMasked) {
    Names masked_fields;
    for (const auto& field : node_fields())
        if (field.masked) masked_fields.insert(field.name);
    EXPECT_EQ(masked_fields, (Names{"driver_info", "driver_internal_info", "instance_info"}));
    EXPECT_TRUE(find_field(volume_target_fields(), "properties")->masked);
}

TEST(FieldTables, OneFieldPerInterfaceKind) {
    EXPECT_EQ(interface_kinds().size(), 13U);
    for (const auto& kind : interface_kinds()) {
        const auto* field = find_field(node_fields(), std::string(kind.name) + "_interface");
        ASSERT_TRUE(field) << kind.name;
        EXPECT_EQ(std::get<std::optional<std::string> Node::*>(field->member), kind.field);
    }
}

}  // namespace
}  // namespace ferrite::model
