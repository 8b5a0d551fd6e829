#include "conductor/boot_retries.h"

#include "conductor/conductor_kit.h"

namespace ferrite::conductor {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class BootRetries : public ConductorTest {
protected:
    BootRetries() {
        options.boot_retry_timeout = 60s;
        options.boot_retry_check_interval = 1s;
    }
    static void silent(model::Node& node) {
        node.boot_interface = "ipxe";
        node.provision_updated_at = now_seconds() - 100s;
        node.power_state = std::string(power::on);
    }
    std::optional<std::chrono::seconds> left_with(const std::function<void(model::Node&)>& edit) {
        model::Node node;
        node.provision_state = std::string(states::deploy_wait);
        silent(node);
        edit(node);
        return boot_left(options, node);
    }
};

TEST_F(BootRetries, AreOfMachinesThatBootFromTheNetworkAndNeverCameUp) {
    EXPECT_EQ(left_with([](auto&) {}), 0s);
    EXPECT_EQ(left_with([](auto& n) { n.boot_interface = "redfish-virtual-media"; }), std::nullopt);
    EXPECT_EQ(left_with([](auto& n) { n.maintenance = true; }), std::nullopt);
    EXPECT_EQ(left_with([](auto& n) { n.provision_state = std::string(states::active); }),
              std::nullopt);
    EXPECT_EQ(left_with([](auto& n) { n.provision_state = std::string(states::inspect_wait); }),
              std::nullopt);
    EXPECT_EQ(left_with([](auto& n) { n.driver_internal_info.set("agent_secret_token", "t"); }),
              std::nullopt)
        << "it came up";
    auto lately = [](const char* key) {
        return [key](model::Node& n) {
            n.driver_internal_info.set(key, Json(to_text(now_seconds())));
        };
    };
    EXPECT_GT(left_with(lately("agent_last_heartbeat")), 50s);
    EXPECT_GT(left_with(lately("last_power_state_change")), 50s);
    options.boot_retry_timeout.reset();
    EXPECT_EQ(left_with([](auto&) {}), std::nullopt);
}

TEST_F(BootRetries, SwitchTheMachineOffAndOnAgain) {
    make();
    auto services = std::make_shared<Services>(*store, drivers, *runtime, options);
    auto uuid = add(states::clean_wait, silent);
    script.set_power(uuid, std::string(power::on));
    std::chrono::seconds again{-1};
    run(keep(retry_boot(services.get(), uuid), &again));
    EXPECT_EQ(again, 60s);
    ASSERT_TRUE(is_released(uuid));
    EXPECT_THAT(script.calls(), ElementsAre("power?", "power off", "power?", "power on"));
    EXPECT_EQ(state(uuid), states::clean_wait);
    EXPECT_FALSE(last_error(uuid).size());
    script.forget_calls();
    run(keep(retry_boot(services.get(), uuid), &again));
    EXPECT_GT(again, 50s) << "its time begins anew";
    EXPECT_THAT(script.calls(), IsEmpty());

    auto stays = add(states::deploy_wait, [](model::Node& n) {
        silent(n);
        n.disable_power_off = true;
    });
    run(keep(retry_boot(services.get(), stays), &again));
    ASSERT_TRUE(is_released(stays));
    EXPECT_THAT(script.calls(), ElementsAre("rebooting"));
}

TEST_F(BootRetries, ThatFailLeaveTheNodeToItsTimeOut) {
    make();
    auto services = std::make_shared<Services>(*store, drivers, *runtime, options);
    auto uuid = add(states::deploy_wait, silent);
    script.fail("power?", "no answer");
    std::chrono::seconds again{-1};
    run(keep(retry_boot(services.get(), uuid), &again));
    ASSERT_TRUE(is_released(uuid));
    EXPECT_EQ(state(uuid), states::deploy_wait);
    EXPECT_EQ(last_error(uuid), "");
}

TEST_F(BootRetries, AreRunByTheTimers) {
    options.boot_retry_timeout = 1s;
    auto uuid = add(states::clean_wait, silent);
    script.set_power(uuid, std::string(power::on));
    start();
    EXPECT_TRUE(eventually([&] { return script.called("power on"); }));
}

}  // namespace
}  // namespace ferrite::conductor
