#include <fmt/core.h>

#include "conductor/conductor_kit.h"
#include "store/inspection_rules.h"
#include "store/inventories.h"

namespace ferrite::conductor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Inspection by an agent, from `inspect` to what its report leaves behind.
class Inspection : public ConductorTest {
protected:
    Inspection() { script.let_wait("inspect"); }

    std::string in_inspect_wait() {
        start();
        auto uuid = add(states::manageable);
        EXPECT_EQ(verb(uuid, "inspect"), 0);
        EXPECT_TRUE(reaches(uuid, states::inspect_wait));
        return uuid;
    }
    /// A machine with two cards, of which the first booted the agent, and a loopback device.
    static InspectionReport two_cards() {
        InspectionReport report;
        report.inventory = parse_json(R"({
            "interfaces": [
                {"name": "eth0", "mac_address": "52:54:00:00:00:0A", "ipv4_address": "10.0.0.2",
                 "client_id": "ff:01"},
                {"name": "eth1", "mac_address": "52:54:00:00:00:0b"},
                {"name": "eth2", "mac_address": "52:54:00:00:00:0c",
                 "ipv6_address": "fe80::1%eth2"},
                {"name": "lo", "mac_address": "00:00:00:00:00:00", "ipv4_address": "127.0.0.1"}],
            "boot": {"pxe_interface": "01-52-54-00-00-00-0a", "current_boot_mode": "uefi"},
            "cpu": {"architecture": "x86_64", "count": 4},
            "memory": {"physical_mb": 2048}})")
                               .get_object();
        report.plugin_data = {{"error", nullptr}, {"logs", "H4sI"}, {"root_disk", "sda"}};
        return report;
    }
    int report(const std::string& uuid, InspectionReport report = two_cards()) {
        return status_of(conductor->continue_inspection({}, uuid, std::move(report)));
    }
    void add_port(const std::string& uuid, const std::string& mac) {
        model::Port port;
        port.uuid = new_uuid();
        port.node_uuid = uuid;
        port.address = mac;
        store->write_now([&](store::Sql& db) { store::ports::insert(db, port); });
    }
    model::InspectionRule add_rule(int priority, const std::string& actions,
                                   const std::string& conditions = "[]") {
        model::InspectionRule rule;
        rule.uuid = new_uuid();
        rule.priority = priority;
        rule.actions = model::JsonText(actions);
        rule.conditions = model::JsonText(conditions);
        store->write_now([&](store::Sql& db) { store::inspection_rules::insert(db, rule); });
        return rule;
    }
    /// "0a* 0b": the ends of the addresses, and which cards may boot from the network.
    std::string ports(const std::string& uuid) {
        std::vector<std::string> all;
        for (const auto& port :
             store->read([&](store::Sql& db) { return store::ports::of_node(db, uuid); }))
            all.push_back(port.address.substr(15) + (port.pxe_enabled ? "* " : " "));
        std::ranges::sort(all);
        std::string text;
        for (const auto& one : all) text += one;
        return text;
    }
    std::optional<model::NodeInventory> inventory(const std::string& uuid) {
        return store->read([&](store::Sql& db) { return store::inventories::find(db, uuid); });
    }
};

TEST_F(Inspection, EndsWithWhatTheAgentFound) {
    auto uuid = in_inspect_wait();
    EXPECT_EQ(token(uuid).size(), 43U);
    EXPECT_EQ(report(uuid), 0);
    ASSERT_TRUE(reaches(uuid, states::manageable)) << last_error(uuid);
    auto now = node(uuid);
    EXPECT_FALSE(now.last_error);
    EXPECT_TRUE(now.inspection_finished_at);
    EXPECT_FALSE(now.target_provision_state);
    EXPECT_EQ(now.properties.get_text("cpu_arch"), "x86_64");
    EXPECT_TRUE(now.driver_internal_info.get("agent_secret_token").is_null());
    EXPECT_EQ(ports(uuid), "0a* ") << "the card that it booted from";
    EXPECT_THAT(script.calls(), ElementsAre("inspect", "inspect clean_up"));

    auto kept = inventory(uuid);
    ASSERT_TRUE(kept);
    EXPECT_EQ(member(kept->inventory_data.get("cpu"), "count"), Json(4));
    EXPECT_EQ(kept->plugin_data.get_text("root_disk"), "sda");
    EXPECT_TRUE(kept->plugin_data.get("logs").is_null());
    EXPECT_EQ(to_text(kept->plugin_data.get("macs")), R"(["52:54:00:00:00:0a"])");
    EXPECT_EQ(kept->plugin_data.get("all_interfaces").as_object().size(), 3U);
}

TEST_F(Inspection, ReportsAreTakenOnlyFromWhoIsAwaited) {
    start();
    for (const auto& row : states::all()) {
        if (row.name == states::inspect_wait) continue;
        auto uuid = add(row.name);
        EXPECT_EQ(report(uuid), 404) << row.name;
        EXPECT_FALSE(node(uuid).reservation);
    }
    auto waiting = add(states::inspect_wait, [](model::Node& n) { n.reservation = "somebody"; });
    EXPECT_EQ(report(waiting), 409);
    EXPECT_EQ(report(new_uuid()), 404);
}

TEST_F(Inspection, FailsForWhatTheAgentReportsOrLacks) {
    struct Row {
        void (*spoil)(InspectionReport&);
        const char* error;
    };
    const Row rows[] = {
        {[](InspectionReport& r) { r.plugin_data["error"] = "no disks"; }, "no disks"},
        {[](InspectionReport& r) { r.inventory.erase("cpu"); }, "architecture"},
        {[](InspectionReport& r) {
             r.inventory["interfaces"] = JsonArray{JsonObject{{"mac_address", "x"}}};
         },
         "network interface"},
    };
    for (const auto& row : rows) {
        auto uuid = in_inspect_wait();
        auto spoilt = two_cards();
        row.spoil(spoilt);
        EXPECT_EQ(report(uuid, spoilt), 0);
        ASSERT_TRUE(reaches(uuid, states::inspect_failed)) << row.error;
        EXPECT_THAT(last_error(uuid), HasSubstr(row.error));
        EXPECT_FALSE(inventory(uuid));
        EXPECT_EQ(ports(uuid), "");
    }
    EXPECT_TRUE(script.called("inspect clean_up"));
}

TEST_F(Inspection, PortsAreAddedAndKeptAsConfigured) {
    struct Row {
        const char *add, *keep, *expected;
    };
    for (const auto& row : {Row{"pxe", "all", "0a* 0b ff "}, Row{"all", "all", "0a* 0b 0c ff "},
                            Row{"active", "all", "0a* 0b 0c ff "}, Row{"disabled", "all", "0b ff "},
                            Row{"pxe", "present", "0a* 0b "}, Row{"pxe", "added", "0a* "}}) {
        kill();
        options.inspection.add_ports = row.add;
        options.inspection.keep_ports = row.keep;
        auto uuid = in_inspect_wait();
        add_port(uuid, "52:54:00:00:00:0b");
        add_port(uuid, "52:54:00:00:00:ff");
        EXPECT_EQ(report(uuid), 0);
        ASSERT_TRUE(reaches(uuid, states::manageable)) << last_error(uuid);
        EXPECT_EQ(ports(uuid), row.expected) << row.add << " " << row.keep;
        store->write_now(
            [&](store::Sql& db) { store::nodes::remove(db, store::nodes::get(db, uuid)); });
    }
}

TEST_F(Inspection, ACardOfAnotherNodeStaysThere) {
    auto uuid = in_inspect_wait();
    auto other = add(states::manageable);
    add_port(other, "52:54:00:00:00:0a");
    EXPECT_EQ(report(uuid), 0);
    ASSERT_TRUE(reaches(uuid, states::manageable)) << last_error(uuid);
    EXPECT_EQ(ports(uuid), "");
    EXPECT_EQ(ports(other), "0a* ");
}

TEST_F(Inspection, MoreHooksTellMore) {
    options.inspection.hooks = {"architecture", "cpus", "memory", "boot-mode", "unknown"};
    options.inspection.keep_inventory = false;
    auto uuid = in_inspect_wait();
    change(uuid, [](model::Node& n) {
        n.properties.set("capabilities", Json("boot_mode:bios,profile:big"));
    });
    EXPECT_EQ(report(uuid), 0);
    ASSERT_TRUE(reaches(uuid, states::manageable)) << last_error(uuid);
    auto properties = node(uuid).properties;
    EXPECT_EQ(properties.get_text("cpus"), "4");
    EXPECT_EQ(properties.get_text("memory_mb"), "2048");
    EXPECT_EQ(properties.get_text("capabilities"), "boot_mode:uefi,profile:big");
    EXPECT_FALSE(inventory(uuid));
    EXPECT_EQ(ports(uuid), "");
}

TEST_F(Inspection, StoredRulesAreAppliedByPriority) {
    add_rule(1, R"([{"op":"set-attribute","args":["description","{node.description}, last"]},
                    {"op":"set-port-attribute",
                     "args":["52:54:00:00:00:0a","physical_network","net1"]},
                    {"op":"set-plugin-data","args":["seen",true]},
                    {"op":"add-trait","args":["CUSTOM_SEEN"]}])");
    add_rule(9, R"([{"op":"set-attribute","args":["description","first"]}])");
    add_rule(5, R"([{"op":"fail","args":["never"]}])",
             R"([{"op":"eq","args":{"values":["{inventory[cpu][count]}",5]}}])");
    auto uuid = in_inspect_wait();
    EXPECT_EQ(report(uuid), 0);
    ASSERT_TRUE(reaches(uuid, states::manageable)) << last_error(uuid);
    EXPECT_EQ(node(uuid).description, "first, last");
    EXPECT_EQ(node(uuid).traits.text(), R"(["CUSTOM_SEEN"])");
    EXPECT_EQ(inventory(uuid)->plugin_data.get("seen"), Json(true));
    auto ports = store->read([&](store::Sql& db) { return store::ports::of_node(db, uuid); });
    ASSERT_EQ(ports.size(), 1U);
    EXPECT_EQ(ports[0].physical_network, "net1");
}

TEST_F(Inspection, ARuleThatFailsChangesNothing) {
    start();
    add(states::manageable, [](model::Node& n) { n.name = "taken"; });
    const char* const rows[][2] = {
        {R"({"op":"fail","args":["not {inventory[cpu][architecture]}"]})", "not x86_64"},
        {R"({"op":"set-attribute","args":["name","taken"]})", "taken"},
        {R"({"op":"set-attribute","args":["driver","nonsense"]})", "nonsense"},
        {R"({"op":"set-attribute","args":["properties/local_gb","much"]})", "local_gb"},
    };
    for (const auto& [action, error] : rows) {
        auto rule = add_rule(
            1, fmt::format(R"([{{"op":"set-attribute","args":["extra/a",1]}},{}])", action));
        auto uuid = add(states::manageable);
        EXPECT_EQ(verb(uuid, "inspect"), 0);
        EXPECT_TRUE(reaches(uuid, states::inspect_wait));
        EXPECT_EQ(report(uuid), 0);
        ASSERT_TRUE(reaches(uuid, states::inspect_failed)) << action;
        EXPECT_THAT(last_error(uuid), HasSubstr(error));
        EXPECT_TRUE(node(uuid).extra.get("a").is_null()) << action;
        EXPECT_EQ(ports(uuid), "");
        store->write_now([&](store::Sql& db) { store::inspection_rules::remove(db, rule); });
    }
}

TEST_F(Inspection, ADiscoveredNodeStaysInEnroll) {
    start();
    auto uuid = add(states::enroll);
    auto found = two_cards();
    found.discovered = true;
    EXPECT_EQ(report(uuid, found), 0);
    EXPECT_TRUE(eventually([&] { return inventory(uuid).has_value(); }));
    EXPECT_TRUE(reaches(uuid, states::enroll));
    EXPECT_EQ(ports(uuid), "0a* ");
    EXPECT_FALSE(script.called("inspect clean_up"));
}

TEST_F(Inspection, WhatWasPreparedIsTakenBackWhenItIsAborted) {
    auto uuid = in_inspect_wait();
    EXPECT_EQ(verb(uuid, "abort"), 0);
    EXPECT_TRUE(reaches(uuid, states::inspect_failed));
    EXPECT_TRUE(script.called("inspect clean_up"));
    EXPECT_THAT(last_error(uuid), HasSubstr("aborted"));
    EXPECT_EQ(report(uuid), 404);
}

TEST_F(Inspection, ACleanUpThatFailsFailsIt) {
    script.fail("inspect clean_up", "no power");
    auto uuid = in_inspect_wait();
    EXPECT_EQ(report(uuid), 0);
    EXPECT_TRUE(reaches(uuid, states::inspect_failed));
    EXPECT_THAT(last_error(uuid), HasSubstr("no power"));
}

}  // namespace
}  // namespace ferrite::conductor
