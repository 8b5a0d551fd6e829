#include "conductor/sensor_data.h"

#include "conductor/conductor_kit.h"
#include "model/heard.h"

namespace ferrite::conductor {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SensorData : public ConductorTest {
protected:
    SensorData() {
        options.notifier = heard;
        options.sensors.interval = 600s;
        script.sensors = {{"Fan", JsonObject{{"FAN 1", JsonObject{{"Sensor Reading", "9 RPM"}}}}},
                          {"Temperature", JsonObject{{"CPU", JsonObject()}}}};
    }
    std::chrono::milliseconds look(const std::string& uuid) {
        if (!runtime) make();
        if (!services) services = std::make_shared<Services>(*store, drivers, *runtime, options);
        std::chrono::milliseconds again{-1};
        run(keep(send_sensor_data(services.get(), uuid), &again));
        return again;
    }

    std::shared_ptr<test::Heard> heard = std::make_shared<test::Heard>();
    std::shared_ptr<Services> services;
};

TEST_F(SensorData, AreToldWithTheNodeTheyAreOf) {
    auto uuid = add(states::active, [](model::Node& n) { n.name = "web"; });
    auto again = look(uuid);
    EXPECT_GE(again, 540s);
    EXPECT_LE(again, 600s);
    EXPECT_THAT(heard->events(), ElementsAre("hardware.fake-hardware.metrics"));
    auto payload = heard->all().front().payload;
    EXPECT_EQ(payload.at("node_uuid"), Json(uuid));
    EXPECT_EQ(payload.at("node_name"), Json("web"));
    EXPECT_TRUE(payload.at("instance_uuid").is_null());
    EXPECT_EQ(payload.at("event_type"), Json("hardware.fake-hardware.metrics.update"));
    EXPECT_TRUE(payload.contains("message_id"));
    EXPECT_TRUE(payload.contains("timestamp"));
    EXPECT_EQ(payload.at("payload").as_object().size(), 2u);
}

TEST_F(SensorData, AreOfNodesInUseUnlessOthersAreAskedForToo) {
    auto idle = add(states::available);
    auto kept = add(states::active, [](model::Node& n) { n.maintenance = true; });
    for (const auto& uuid : {idle, kept}) EXPECT_GT(look(uuid), 0s);
    EXPECT_THAT(heard->events(), IsEmpty());
    options.sensors.undeployed = true;
    services.reset();
    look(idle);
    look(kept);
    EXPECT_EQ(heard->events().size(), 1u);
    EXPECT_EQ(look(new_uuid()), 0ms) << "a node that is gone";
}

TEST_F(SensorData, AreOfTheTypesThatAreWanted) {
    model::Node node;
    node.driver = "ipmi";
    auto payload = sensor_payload(node, script.sensors, {"Fan"});
    ASSERT_TRUE(payload);
    EXPECT_EQ(payload->at("payload").as_object().size(), 1u);
    EXPECT_FALSE(sensor_payload(node, script.sensors, {"Voltage"}));
    EXPECT_FALSE(sensor_payload(node, {}, {"ALL"}));
}

TEST_F(SensorData, AFailureOrABmcThatRestsIsLookedAtAgain) {
    auto uuid = add(states::active);
    script.fail("sensors", "broken");
    EXPECT_GT(look(uuid), 500s);
    script.mend("sensors");
    script.rest("sensors", 2000s);
    EXPECT_EQ(look(uuid), 2000s);
    EXPECT_THAT(heard->events(), IsEmpty());
    EXPECT_EQ(node(uuid).last_error, std::nullopt);
}

TEST_F(ConductorTest, TheTimersSendTheSensorsOfEveryNode) {
    auto heard = std::make_shared<test::Heard>();
    options.notifier = heard;
    options.sensors.interval = 1s;
    script.sensors = {{"Fan", JsonObject{{"FAN 1", JsonObject()}}}};
    add(states::active);
    start();
    EXPECT_TRUE(eventually([&] { return heard->events().size() >= 2; }));
}

}  // namespace
}  // namespace ferrite::conductor
