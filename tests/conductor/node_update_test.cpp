#include "conductor/node_update.h"

#include "conductor/conductor_kit.h"

namespace ferrite::conductor {
namespace {

using model::Node;

/// Everywhere; or only in the states where the interfaces of a node may change, with maintenance in
/// place of those or not.
bool interfaces_may_change(std::string_view state) {
    return state == states::enroll || state == states::manageable || state == states::available ||
           state == states::inspecting || state == states::inspect_wait;
}

class Update : public ConductorTest {
protected:
    Update() {
        // A second power interface to change to.
        implementations_["power"]["ipmitool"] = std::make_unique<ScriptedPower>(script);
        auto two = only_fake();
        two.enabled_interfaces["power"] = {"fake", "ipmitool"};
        more_drivers_.emplace(two, std::move(implementations_));
        runtime.emplace(Runtime::Options{.threads = 2, .name = "test"});
        conductor.emplace(*runtime, *store, *more_drivers_, options);
    }
    ~Update() override { kill(); }

    /// The status of a PATCH that turns the stored node into what `edit` makes of it.
    int patch(const std::string& uuid, const std::function<void(Node&)>& edit,
              bool reset_interfaces = false) {
        auto before = node(uuid);
        auto wanted = before;
        edit(wanted);
        auto status =
            status_of(keep(conductor->update_node({}, before, wanted, reset_interfaces), &answer));
        EXPECT_TRUE(is_released(uuid));
        return status;
    }

    Node answer;

private:
    hardware::Drivers::Implementations implementations_ = scripted(script);
    std::optional<hardware::Drivers> more_drivers_;
};

TEST_F(Update, OfInterfacesAndResourceClassDependsOnTheState) {
    for (const auto& row : states::all()) {
        for (bool maintenance : {false, true}) {
            SCOPED_TRACE(std::string(row.name) + (maintenance ? " in maintenance" : ""));
            auto uuid = add(row.name, [&](Node& n) {
                n.maintenance = maintenance;
                n.resource_class = "small";
            });
            bool free = interfaces_may_change(row.name);
            EXPECT_EQ(patch(uuid, [](Node& n) { n.power_interface = "ipmitool"; }),
                      free || maintenance ? 0 : 409);
            EXPECT_EQ(node(uuid).power_interface, free || maintenance ? "ipmitool" : "fake");
            EXPECT_EQ(patch(uuid, [](Node& n) { n.resource_class = "big"; }), free ? 0 : 409);
            EXPECT_EQ(patch(uuid, [](Node& n) { n.extra.set("a", 1); }), 0) << message;
            auto unclassed = add(row.name);
            EXPECT_EQ(patch(unclassed, [](Node& n) { n.resource_class = "big"; }), 0);
        }
    }
}

TEST_F(Update, OfInterfacesNamesTheOnesThatAreThere) {
    auto uuid = add(states::manageable);
    EXPECT_EQ(patch(uuid, [](Node& n) { n.boot_interface = "carrier-pigeon"; }), 400);
    EXPECT_THAT(message, testing::HasSubstr("carrier-pigeon"));
    EXPECT_THAT(message, testing::HasSubstr("fake"));
    EXPECT_EQ(patch(uuid, [](Node& n) { n.power_interface = "ipmitool"; }), 0);
    EXPECT_EQ(patch(uuid, [](Node& n) { n.power_interface.reset(); }), 0);
    EXPECT_EQ(node(uuid).power_interface, "fake") << "null is the default";
    EXPECT_EQ(patch(uuid, [](Node& n) { n.driver = "abacus"; }), 400);
}

TEST_F(Update, OfTheDriverNeedsItsConsoleOff) {
    auto uuid = add(states::manageable, [](Node& n) { n.console_enabled = true; });
    EXPECT_EQ(patch(uuid, [](Node& n) { n.driver = "other"; }), 409);
    EXPECT_EQ(node(uuid).driver, "fake-hardware");
}

TEST_F(Update, OfTheInstanceGoesOneWay) {
    auto first = new_uuid(), second = new_uuid();
    auto uuid = add(states::active);
    EXPECT_EQ(patch(uuid, [&](Node& n) { n.instance_uuid = first; }), 0);
    EXPECT_EQ(patch(uuid, [&](Node& n) { n.instance_uuid = second; }), 409);
    auto other = add(states::available);
    EXPECT_EQ(patch(other, [&](Node& n) { n.instance_uuid = first; }), 409) << "used elsewhere";
    EXPECT_EQ(patch(uuid, [](Node& n) { n.instance_uuid.reset(); }), 0);

    for (auto from : {states::active, states::available}) {
        auto allocated = add(from, [&](Node& n) {
            n.instance_uuid = new_uuid();
            n.allocation_uuid = new_uuid();
        });
        EXPECT_EQ(patch(allocated, [](Node& n) { n.instance_uuid.reset(); }),
                  from == states::available ? 0 : 409);
    }
}

TEST_F(Update, OfProtectionAndRetirementFollowsTheState) {
    for (const auto& row : states::all()) {
        SCOPED_TRACE(row.name);
        auto uuid = add(row.name);
        bool may = row.name == states::active || row.name == states::rescue;
        EXPECT_EQ(patch(uuid, [](Node& n) { n.is_protected = true; }), may ? 0 : 409);
        EXPECT_EQ(patch(uuid, [](Node& n) { n.retired = true; }),
                  row.name == states::available ? 409 : 0);
    }
}

TEST_F(Update, OfReasonsNeedsWhatTheyAreReasonsFor) {
    auto uuid = add(states::active);
    EXPECT_EQ(patch(uuid, [](Node& n) { n.protected_reason = "x"; }), 400);
    EXPECT_EQ(patch(uuid, [](Node& n) { n.retired_reason = "x"; }), 400);
    EXPECT_EQ(patch(uuid,
                    [](Node& n) {
                        n.is_protected = n.retired = true;
                        n.protected_reason = n.retired_reason = "x";
                    }),
              0);
    EXPECT_EQ(patch(uuid, [](Node& n) { n.is_protected = n.retired = false; }), 0);
    EXPECT_FALSE(node(uuid).protected_reason);
    EXPECT_FALSE(node(uuid).retired_reason);
}

TEST_F(Update, OfMaintenanceTakesReasonAndFaultWithIt) {
    auto uuid = add(states::active, [](Node& n) {
        n.maintenance = true;
        n.maintenance_reason = "fan";
        n.fault = "power failure";
    });
    EXPECT_EQ(patch(uuid, [](Node& n) { n.maintenance = false; }), 0);
    EXPECT_FALSE(node(uuid).maintenance_reason);
    EXPECT_FALSE(node(uuid).fault);
}

TEST_F(Update, OfPropertiesChecksTheNumbersInThem) {
    auto uuid = add(states::active);
    for (const Json& good : {Json(8), Json("8"), Json(" 8 "), Json(), Json(0)})
        EXPECT_EQ(patch(uuid, [&](Node& n) { n.properties.set("memory_mb", good); }), 0);
    for (const Json& bad : {Json(-1), Json("many"), Json("8x"), Json(JsonArray()), Json(true)})
        EXPECT_EQ(patch(uuid, [&](Node& n) { n.properties.set("memory_mb", bad); }), 400);
}

TEST_F(Update, KeepsWhatOthersChangedMeanwhile) {
    auto uuid = add(states::active);
    auto before = node(uuid);
    change(uuid, [](Node& n) { n.power_state = "power on"; });
    auto wanted = before;
    wanted.name = "web-1";
    EXPECT_EQ(status_of(keep(conductor->update_node({}, before, wanted, false), &answer)), 0);
    EXPECT_EQ(node(uuid).name, "web-1");
    EXPECT_EQ(node(uuid).power_state, "power on");
    EXPECT_EQ(patch(add(states::active), [](Node& n) { n.name = "web-1"; }), 409);
}

TEST_F(Update, OfTheInstanceInfoNamesTheInstance) {
    auto uuid = add(states::active);
    EXPECT_EQ(patch(uuid, [](Node& n) { n.instance_info.set("display_name", "shop"); }), 0);
    EXPECT_EQ(node(uuid).instance_name, "shop");
    EXPECT_EQ(patch(uuid, [](Node& n) { n.instance_info.set("display_name", "new"); }), 0);
    EXPECT_EQ(node(uuid).instance_name, "shop");
}

TEST_F(Update, DeletionFollowsTheState) {
    for (const auto& row : states::all()) {
        SCOPED_TRACE(row.name);
        bool may = row.name == states::enroll || row.name == states::manageable ||
                   row.name == states::available || row.name == states::adopt_failed;
        auto uuid = add(row.name);
        EXPECT_EQ(status_of(conductor->destroy_node({}, uuid)), may ? 0 : 409);
        EXPECT_EQ(status_of(conductor->destroy_node(
                      {}, add(row.name, [](Node& n) { n.maintenance = true; }))),
                  0);
        if (!may) EXPECT_TRUE(is_released(uuid));
    }
    EXPECT_EQ(status_of(conductor->destroy_node(
                  {}, add(states::available, [](Node& n) { n.instance_uuid = new_uuid(); }))),
              409);
    EXPECT_EQ(status_of(conductor->destroy_node({}, add(states::available,
                                                        [](Node& n) {
                                                            n.is_protected = true;
                                                            n.maintenance = true;
                                                        }))),
              403);
    EXPECT_THROW(check_deletable(node(add(states::available)), false), Conflict);
}

TEST_F(Update, CreationSettlesAndChecks) {
    Node wanted;
    wanted.driver = "fake-hardware";
    wanted.provision_state = std::string(states::enroll);
    EXPECT_EQ(status_of(keep(conductor->create_node({}, wanted), &answer)), 0);
    EXPECT_EQ(answer.uuid.size(), 36U);
    EXPECT_EQ(answer.power_interface, "fake");
    EXPECT_EQ(status_of(keep(conductor->create_node({}, answer), &answer)), 409) << "same uuid";
    wanted.properties.set("local_gb", "many");
    EXPECT_EQ(status_of(keep(conductor->create_node({}, wanted), &answer)), 400);
    wanted.properties = {};
    wanted.driver = "abacus";
    EXPECT_EQ(status_of(keep(conductor->create_node({}, wanted), &answer)), 400);
}

class Ports : public ConductorTest {
protected:
    void SetUp() override { make(); }
    model::Port port_of(const std::string& node_uuid) {
        model::Port port;
        port.node_uuid = node_uuid;
        port.address = "52:54:00:00:00:0" + std::to_string(++count_ % 10);
        port.address[12] = static_cast<char>('0' + count_ / 10 % 10);
        model::Port made;
        EXPECT_EQ(status_of(keep(conductor->create_port({}, port), &made)), 0) << message;
        return made;
    }
    int update(const model::Port& before, const std::function<void(model::Port&)>& edit) {
        auto wanted = before;
        edit(wanted);
        model::Port made;
        return status_of(keep(conductor->update_port({}, before, wanted), &made));
    }

private:
    int count_ = 0;
};

TEST_F(Ports, ChangeTheirConnectivityOnlyInSomeStates) {
    for (const auto& row : states::all()) {
        SCOPED_TRACE(row.name);
        bool free = row.name == states::enroll || row.name == states::manageable ||
                    row.name == states::inspecting || row.name == states::inspect_wait;
        auto uuid = add(row.name);
        auto port = port_of(uuid);
        EXPECT_EQ(update(port, [](model::Port& p) { p.pxe_enabled = !p.pxe_enabled; }),
                  free ? 0 : 409);
        EXPECT_EQ(update(port, [](model::Port& p) { p.physical_network = "blue"; }),
                  free ? 0 : 409);
        EXPECT_EQ(update(port, [](model::Port& p) { p.extra.set("a", 1); }), 0) << message;
        change(uuid, [](Node& n) { n.maintenance = true; });
        EXPECT_EQ(update(port, [](model::Port& p) { p.physical_network = "red"; }), 0);
        EXPECT_TRUE(is_released(uuid));
        EXPECT_EQ(status_of(conductor->destroy_port({}, port.uuid)), 0);
        EXPECT_EQ(status_of(conductor->destroy_port({}, port.uuid)), 404);
    }
}

TEST_F(Ports, KeepTheirAddressWhileTheirNodeHasAnInstance) {
    auto free = port_of(add(states::manageable));
    EXPECT_EQ(update(free, [](model::Port& p) { p.address = "52:54:00:aa:00:01"; }), 0);
    auto used = port_of(add(states::active));
    EXPECT_EQ(update(used, [](model::Port& p) { p.address = "52:54:00:aa:00:02"; }), 409);
    auto claimed = port_of(add(states::manageable, [](Node& n) { n.instance_uuid = new_uuid(); }));
    EXPECT_EQ(update(claimed, [](model::Port& p) { p.address = "52:54:00:aa:00:03"; }), 409);
    auto in_maintenance = port_of(add(states::active, [](Node& n) { n.maintenance = true; }));
    EXPECT_EQ(update(in_maintenance, [](model::Port& p) { p.address = "52:54:00:aa:00:04"; }), 0);
    EXPECT_EQ(update(free, [](model::Port& p) { p.address = "52:54:00:aa:00:04"; }), 409)
        << "another port has it";
    EXPECT_TRUE(is_released(free.node_uuid));
}

TEST_F(Ports, OfALockedNodeAreLeftAlone) {
    auto uuid = add(states::manageable);
    auto port = port_of(uuid);
    change(uuid, [](Node& n) { n.reservation = "elsewhere"; });
    EXPECT_EQ(update(port, [](model::Port& p) { p.pxe_enabled = false; }), 409);
    EXPECT_EQ(status_of(conductor->destroy_port({}, port.uuid)), 409);
}

}  // namespace
}  // namespace ferrite::conductor
