#include <atomic>

#include "conductor/conductor_kit.h"
#include "conductor/node_session.h"

namespace ferrite::conductor {
namespace {

TEST_F(ConductorTest, OfManyRequestsAtOnceOneWins) {
    start();
    auto uuid = add(states::available);
    script.close("prepare");
    std::atomic<int> begun = 0, locked = 0, other = 0, ended = 0;
    constexpr int kRequests = 8;
    auto request = [](ConductorTest*, Conductor* conductor, std::string node, std::atomic<int>* b,
                      std::atomic<int>* l, std::atomic<int>* o, std::atomic<int>* e) -> Task<> {
        ProvisionRequest wanted;
        wanted.verb = "active";
        try {
            co_await conductor->provision({}, node, wanted);
            ++*b;
        } catch (const Error& error) {
            ++*(error.http_status() == 409 ? l : o);
        }
        ++*e;
    };
    for (int i = 0; i < kRequests; ++i)
        runtime->spawn("request",
                       request(this, &*conductor, uuid, &begun, &locked, &other, &ended));
    EXPECT_TRUE(eventually([&] { return ended == kRequests; }));
    EXPECT_EQ(begun, 1);
    EXPECT_EQ(locked, kRequests - 1);
    EXPECT_EQ(other, 0);
    script.open("prepare");
    EXPECT_TRUE(reaches(uuid, states::active));
}

TEST_F(ConductorTest, ALockedNodeIsRefusedByEverythingThatChangesIt) {
    start();
    auto uuid = add(states::available, [](model::Node& n) { n.reservation = "elsewhere"; });
    auto before = node(uuid);
    EXPECT_EQ(verb(uuid, "manage"), 409);
    EXPECT_THAT(message, testing::HasSubstr("elsewhere"));
    EXPECT_EQ(status_of(conductor->change_power({}, uuid, "power on", {})), 409);
    EXPECT_EQ(status_of(conductor->set_maintenance({}, uuid, true, "x")), 409);
    EXPECT_EQ(status_of(conductor->destroy_node({}, uuid)), 409);
    model::Node result;
    EXPECT_EQ(status_of(keep(conductor->update_node({}, before, before, false), &result)), 409);
    EXPECT_EQ(status_of(conductor->set_boot_device({}, uuid, "pxe", false)), 409);
    EXPECT_EQ(node(uuid).reservation, "elsewhere");
}

TEST_F(ConductorTest, ALockThatIsFreedInTimeIsWaitedFor) {
    options.locked_retry_attempts = 10'000;
    start();
    auto uuid = add(states::available, [](model::Node& n) { n.reservation = "elsewhere"; });
    std::thread other([&] {
        std::this_thread::sleep_for(20ms);
        change(uuid, [](model::Node& n) { n.reservation.reset(); });
    });
    EXPECT_EQ(verb(uuid, "manage"), 0);
    other.join();
    EXPECT_EQ(state(uuid), states::manageable);
}

TEST_F(ConductorTest, ASessionThatIsDroppedGivesTheLockBackUnsaved) {
    start();
    auto uuid = add(states::available);
    auto drop = [](Services* services, std::string name) -> Task<> {
        auto session = co_await NodeSession::lock(services, name);
        session->node.maintenance = true;
    };
    auto services = std::make_shared<Services>(*store, drivers, *runtime, options);
    run(drop(services.get(), uuid));
    EXPECT_TRUE(is_released(uuid));
    EXPECT_FALSE(node(uuid).maintenance);
}

TEST_F(ConductorTest, ALookIsNeverSaved) {
    start();
    auto uuid = add(states::available);
    auto services = std::make_shared<Services>(*store, drivers, *runtime, options);
    auto view = NodeSession::look(*services, uuid);
    EXPECT_EQ(status_of(view->save()), 500);
}

TEST_F(ConductorTest, ANodeOfAnInterfaceThatIsGoneIsRefusedAndReleased) {
    start();
    auto uuid = add(states::available, [](model::Node& n) { n.power_interface = "ipmitool"; });
    EXPECT_EQ(verb(uuid, "manage"), 400);
    EXPECT_THAT(message, testing::HasSubstr("ipmitool"));
    EXPECT_TRUE(is_released(uuid));
}

TEST_F(ConductorTest, MaintenanceIsSetInAnyStateAndTakesFaultAndReasonWithIt) {
    make();
    for (const auto& row : states::all()) {
        auto uuid = add(row.name, [](model::Node& n) { n.fault = "power failure"; });
        EXPECT_EQ(status_of(conductor->set_maintenance({}, uuid, true, "a new fan")), 0);
        EXPECT_EQ(node(uuid).maintenance_reason, "a new fan");
        EXPECT_EQ(node(uuid).fault, "power failure");
        EXPECT_EQ(status_of(conductor->set_maintenance({}, uuid, false, "ignored")), 0);
        auto now = node(uuid);
        EXPECT_FALSE(now.maintenance);
        EXPECT_FALSE(now.maintenance_reason);
        EXPECT_FALSE(now.fault);
        EXPECT_EQ(now.provision_state, row.name);
    }
}

TEST_F(ConductorTest, BootDevicesAreAskedAndSetUnderTheLock) {
    start();
    auto uuid = add(states::manageable);
    EXPECT_EQ(status_of(conductor->set_boot_device({}, uuid, "pxe", true)), 0);
    EXPECT_EQ(status_of(conductor->set_boot_device({}, uuid, "floppy", true)), 400);
    BootDevice device;
    run(keep(conductor->boot_device({}, uuid), &device));
    EXPECT_EQ(device.device, "pxe");
    std::vector<std::string> names;
    run(keep(conductor->supported_boot_devices({}, uuid), &names));
    EXPECT_THAT(names, testing::ElementsAre("pxe"));
    EXPECT_FALSE(node(uuid).reservation);
}

TEST_F(ConductorTest, ValidateTellsOfEachInterface) {
    start();
    auto uuid =
        add(states::manageable, [](model::Node& n) { n.driver_info.set("bmc", "missing"); });
    JsonObject answer;
    run(keep(conductor->validate({}, uuid), &answer));
    EXPECT_EQ(answer["deploy"].at("result"), Json(true));
    EXPECT_EQ(answer["power"].at("result"), Json(false));
    EXPECT_EQ(string_member(answer["power"], "reason"), "driver_info says nothing of a BMC.");
    EXPECT_FALSE(answer.contains("vendor"));
    EXPECT_EQ(answer.size(), model::interface_kinds().size() - 1);
}

}  // namespace
}  // namespace ferrite::conductor
