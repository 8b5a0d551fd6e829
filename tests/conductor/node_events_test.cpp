#include "conductor/node_events.h"

#include "conductor/conductor_kit.h"
#include "conductor/power_sync.h"
#include "model/heard.h"

namespace ferrite::conductor {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class NodeEvents : public ConductorTest {
protected:
    NodeEvents() { options.notifier = heard; }

    struct Row {
        std::string severity, type, text, user;
    };
    std::vector<Row> history(const std::string& uuid) {
        std::vector<Row> rows;
        store->read([&](store::Sql& db) {
            store::Query query(db,
                               "SELECT severity, event_type, event, user FROM node_history WHERE "
                               "node_uuid=? ORDER BY id");
            query.bind(0, std::string_view(uuid));
            while (query.step())
                rows.push_back({std::string(query.text(0)), std::string(query.text(1)),
                                std::string(query.text(2)), std::string(query.text(3))});
        });
        return rows;
    }
    std::vector<std::string> texts(const std::string& uuid, std::string_view type = "") {
        std::vector<std::string> texts;
        for (const auto& row : history(uuid))
            if (type.empty() || row.type == type) texts.push_back(row.text);
        return texts;
    }

    /// What is told of a change is told once the change is durable: a moment after it can be read.
    bool hears(std::string_view event) {
        return eventually([&] { return std::ranges::count(heard->events(), event) > 0; });
    }

    std::shared_ptr<test::Heard> heard = std::make_shared<test::Heard>();
};

TEST_F(NodeEvents, EveryChangeOfStateIsToldWithWhoAskedForIt) {
    start();
    auto uuid = add(states::enroll);
    run(conductor->provision({.user = "ada", .project = "engines"}, uuid, {.verb = "manage"}));
    ASSERT_TRUE(reaches(uuid, states::manageable));
    ASSERT_TRUE(hears("baremetal.node.provision_set.end"));
    EXPECT_THAT(texts(uuid, "provisioning"),
                ElementsAre("Provision state changed from 'enroll' to 'verifying'.",
                            "Provision state changed from 'verifying' to 'manageable'."));
    for (const auto& row : history(uuid)) {
        EXPECT_EQ(row.severity, "INFO");
        EXPECT_EQ(row.user, "ada");
    }
    EXPECT_THAT(texts(uuid, "power"),
                ElementsAre("Power state changed from 'none' to 'power off'."));
    EXPECT_THAT(heard->events(), ElementsAre("baremetal.node.provision_set.start",
                                             "baremetal.node.power_state_corrected.success",
                                             "baremetal.node.provision_set.end"));
    auto data = heard->data("baremetal.node.provision_set.end");
    EXPECT_EQ(data.at("event"), Json("done"));
    EXPECT_EQ(data.at("previous_provision_state"), Json("verifying"));
    EXPECT_EQ(data.at("previous_target_provision_state"), Json("manageable"));
    EXPECT_EQ(data.at("provision_state"), Json("manageable"));
    EXPECT_TRUE(
        heard->data("baremetal.node.power_state_corrected.success").at("from_power").is_null());
    EXPECT_EQ(heard->all().front().service, "ironic-conductor");
}

TEST_F(NodeEvents, AFailureIsAnErrorOfBoth) {
    script.fail("power?", "no answer");
    start();
    auto uuid = add(states::enroll);
    run(conductor->provision({}, uuid, {.verb = "manage"}));
    ASSERT_TRUE(reaches(uuid, states::enroll));
    ASSERT_TRUE(hears("baremetal.node.provision_set.error"));
    EXPECT_EQ(heard->all().back().level, model::NotificationLevel::error);
    auto rows = history(uuid);
    ASSERT_EQ(rows.size(), 3u);
    EXPECT_EQ(rows[1].severity, "ERROR");
    EXPECT_EQ(rows[1].type, "verify");
    EXPECT_EQ(rows[2].text, "Provision state changed from 'verifying' to 'enroll'.");
}

TEST_F(NodeEvents, APowerActionIsToldFromItsBeginToItsEnd) {
    start();
    auto uuid = add(states::active, [](auto& n) { n.power_state = std::string(power::off); });
    run(conductor->change_power({.user = "ada"}, uuid, std::string(power::on), {}));
    ASSERT_TRUE(is_released(uuid));
    ASSERT_TRUE(hears("baremetal.node.power_set.end"));
    EXPECT_THAT(heard->events(),
                ElementsAre("baremetal.node.power_set.start", "baremetal.node.power_set.end"));
    EXPECT_EQ(heard->data("baremetal.node.power_set.end").at("to_power"), Json("power on"));
    EXPECT_EQ(heard->data("baremetal.node.power_set.end").at("power_state"), Json("power on"));
    EXPECT_THAT(texts(uuid), ElementsAre("Power state changed from 'power off' to 'power on'."));

    heard->forget();
    script.fail("power off", "it will not");
    run(conductor->change_power({}, uuid, std::string(power::off), {}));
    ASSERT_TRUE(is_released(uuid));
    ASSERT_TRUE(hears("baremetal.node.power_set.error"));
    EXPECT_THAT(heard->events(),
                ElementsAre("baremetal.node.power_set.start", "baremetal.node.power_set.error"));
}

TEST_F(NodeEvents, MaintenanceIsInTheHistory) {
    start();
    auto uuid = add(states::active);
    run(conductor->set_maintenance({.user = "ada"}, uuid, true, "new fans"));
    run(conductor->set_maintenance({.user = "bob"}, uuid, false, {}));
    auto rows = history(uuid);
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].text, "Maintenance began: new fans");
    EXPECT_EQ(rows[0].type, "maintenance");
    EXPECT_EQ(rows[0].user, "ada");
    EXPECT_EQ(rows[1].text, "Maintenance ended.");
    EXPECT_EQ(rows[1].user, "bob");
}

TEST_F(NodeEvents, AFaultNamesItselfAndPowerThatWasWrongIsTold) {
    options.sync_power_state_interval = 120s;
    options.power_state_sync_max_retries = 0;
    options.force_power_state_during_sync = false;
    make();
    auto services = std::make_shared<Services>(*store, drivers, *runtime, options);
    PowerSync sync(*services);
    auto uuid = add(states::active);
    script.set_power(uuid, std::string(power::on));
    std::chrono::milliseconds again{};
    run(keep(sync.look(uuid), &again));
    EXPECT_THAT(heard->events(), ElementsAre("baremetal.node.power_state_corrected.success"));
    script.fail("power?", "no answer");
    run(keep(sync.look(uuid), &again));
    EXPECT_THAT(texts(uuid, "maintenance"),
                ElementsAre(HasSubstr("Maintenance began by the fault 'power failure': During")));
    script.mend("power?");
    run(keep(sync.look(uuid), &again));
    EXPECT_THAT(texts(uuid, "maintenance"), Contains("Maintenance ended."));
}

TEST_F(NodeEvents, ErrorsOnlyWhenThatIsAskedFor) {
    options.node_history_events = Options::HistoryEvents::errors;
    start();
    auto uuid = add(states::enroll);
    run(conductor->provision({}, uuid, {.verb = "manage"}));
    ASSERT_TRUE(reaches(uuid, states::manageable));
    EXPECT_THAT(texts(uuid), IsEmpty());
}

TEST_F(NodeEvents, NothingIsMadeForNobody) {
    heard->lowest = model::NotificationLevel::error;
    start();
    auto uuid = add(states::enroll);
    run(conductor->provision({}, uuid, {.verb = "manage"}));
    ASSERT_TRUE(reaches(uuid, states::manageable));
    EXPECT_THAT(heard->events(), IsEmpty());
}

TEST_F(NodeEvents, TakeOversAreTold) {
    model::Node before, after;
    before.conductor_affinity = "one";
    after.conductor_affinity = "two";
    auto changes = changes_of(before, after);
    ASSERT_EQ(changes.size(), 1u);
    EXPECT_EQ(changes[0].type, "takeover");
    EXPECT_THAT(changes[0].text, HasSubstr("from conductor one by two"));
    before.conductor_affinity.reset();
    EXPECT_THAT(changes_of(before, after), IsEmpty()) << "its first one";
}

}  // namespace
}  // namespace ferrite::conductor
