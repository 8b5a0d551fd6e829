#include "conductor/membership.h"

#include <cstdlib>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conductor/offers.h"
#include "store/conductors.h"

namespace ferrite::conductor {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

constexpr auto kUuid = "1be26c0b-03f2-4d2e-ae87-c02d7f33c123";

DriverInfo offer(std::string name, std::vector<std::string> deploys = {"direct"}) {
    return {.name = std::move(name),
            .enabled = {{"deploy", deploys}},
            .defaults = {{"deploy", deploys.front()}},
            .properties = {{"address", "where it is"}}};
}

class MembershipTest : public testing::Test {
protected:
    MembershipTest() : store({.path = directory + "/db.sqlite"}) {}
    ~MembershipTest() override { std::filesystem::remove_all(directory); }

    void enter(const std::string& host, const std::string& group, std::vector<DriverInfo> offers,
               const std::string& endpoint = "") {
        std::vector<std::string> names;
        for (const auto& one : offers) names.push_back(one.name);
        store.write_now([&](store::Sql& db) {
            store::conductors::enter(db, host, "1", group, names);
            store::conductors::announce(db, host, endpoint, offers_text(offers));
        });
    }
    void leave(const std::string& host) {
        store.write_now([&](store::Sql& db) { store::conductors::leave(db, host); });
    }
    Membership::Options options() {
        return {.heartbeat_timeout = 60s, .clock = [this] { return now_seconds() + later; }};
    }
    static std::vector<std::string> hosts(const ConductorSet& set) {
        std::vector<std::string> names;
        for (const auto& member : set.members()) names.push_back(member.host);
        return names;
    }

    std::string directory = [] {
        std::string path = "/tmp/ferrite-membership-XXXXXX";
        return std::string(mkdtemp(path.data()));
    }();
    store::Store store;
    std::chrono::seconds later{0};
};

TEST_F(MembershipTest, NobodyIsInChargeWhenThereIsNobody) {
    Membership membership(store, options());
    EXPECT_TRUE(membership.now()->members().empty());
    EXPECT_EQ(membership.host_for(kUuid, "ipmi", ""), std::nullopt);
    EXPECT_EQ(membership.now()->any("x"), nullptr);
    EXPECT_TRUE(membership.now()->drivers().empty());
}

TEST_F(MembershipTest, LiveAreThoseOnlineAndHeardOfInTime) {
    enter("east", "", {offer("ipmi")}, "http://east:8089");
    enter("west", "", {offer("ipmi")});
    leave("west");
    Membership membership(store, options());
    EXPECT_THAT(hosts(*membership.now()), ElementsAre("east"));
    EXPECT_EQ(membership.now()->find("east")->rpc_endpoint, "http://east:8089");
    later = 59s;
    EXPECT_FALSE(membership.refresh());
    later = 62s;
    EXPECT_TRUE(membership.refresh());
    EXPECT_TRUE(membership.now()->members().empty());
}

TEST_F(MembershipTest, WhoAsksIsAliveUnlessItHasLeft) {
    enter("east", "", {offer("ipmi")});
    auto own = options();
    own.self = "east";
    later = 3600s;
    Membership membership(store, own);
    EXPECT_THAT(hosts(*membership.now()), ElementsAre("east"));
    leave("east");
    membership.refresh();
    EXPECT_TRUE(membership.now()->members().empty());
}

TEST_F(MembershipTest, GroupsAndDriversHaveRingsOfTheirOwn) {
    enter("alpha", "", {offer("ipmi"), offer("redfish")});
    enter("beta", "", {offer("ipmi")});
    enter("gamma", "rack-7", {offer("ipmi")});
    Membership membership(store, options());
    HashRing both({"alpha", "beta"}, {});
    EXPECT_EQ(membership.host_for(kUuid, "ipmi", ""), both.owner(kUuid));
    EXPECT_EQ(membership.host_for(kUuid, "redfish", ""), "alpha");
    EXPECT_EQ(membership.host_for(kUuid, "ipmi", "rack-7"), "gamma");
    EXPECT_EQ(membership.host_for(kUuid, "redfish", "rack-7"), std::nullopt);
    EXPECT_EQ(membership.host_for(kUuid, "ipmi", "rack-8"), std::nullopt);
    HashRing all({"alpha", "beta", "gamma"}, {});
    EXPECT_EQ(membership.now()->any(kUuid)->host, all.owner(kUuid));
}

TEST_F(MembershipTest, DriversAreWhatAllOfferTogether) {
    enter("east", "", {offer("ipmi", {"direct", "ramdisk"})});
    enter("west", "g", {offer("ipmi", {"fake", "direct"}), offer("redfish")});
    Membership membership(store, options());
    const auto& drivers = membership.now()->drivers();
    ASSERT_EQ(drivers.size(), 2U);
    EXPECT_EQ(drivers[0].name, "ipmi");
    EXPECT_THAT(drivers[0].hosts, ElementsAre("east", "west"));
    EXPECT_THAT(drivers[0].enabled.at("deploy"), ElementsAre("direct", "ramdisk", "fake"));
    EXPECT_EQ(drivers[0].defaults.at("deploy"), "direct");
    EXPECT_EQ(drivers[0].properties.at("address"), "where it is");
    EXPECT_THAT(drivers[1].hosts, ElementsAre("west"));
}

TEST_F(MembershipTest, OfARowWithoutOffersTheNamesOfItsDriversAreKnown) {
    store.write_now(
        [&](store::Sql& db) { store::conductors::enter(db, "old", "1", "", {"ipmi"}); });
    Membership membership(store, options());
    EXPECT_EQ(membership.host_for(kUuid, "ipmi", ""), "old");
    EXPECT_THAT(membership.now()->drivers()[0].hosts, ElementsAre("old"));
}

TEST_F(MembershipTest, ListenersHearOfHostsThatComeAndGoAndOfNothingElse) {
    Membership membership(store, options());
    std::vector<std::vector<std::string>> heard;
    membership.on_change([&](const ConductorSet& set) { heard.push_back(hosts(set)); });
    enter("east", "", {offer("ipmi")});
    membership.refresh();
    membership.refresh();
    store.write_now([&](store::Sql& db) { store::conductors::heartbeat(db, "east", "1"); });
    membership.refresh();
    enter("west", "", {offer("ipmi")});
    membership.refresh();
    leave("east");
    membership.refresh();
    EXPECT_THAT(heard,
                ElementsAre(ElementsAre("east"), ElementsAre("east", "west"), ElementsAre("west")));
}

TEST_F(MembershipTest, AMissingConductorIsLookedForButTheDatabaseIsNotAskedEachTime) {
    Membership membership(store, options());
    enter("east", "", {offer("ipmi")});
    EXPECT_FALSE(membership.refresh(1h)) << "it was read just now";
    EXPECT_TRUE(membership.refresh(0ms));
    EXPECT_EQ(membership.host_for(kUuid, "ipmi", ""), "east");
}

TEST_F(MembershipTest, ASetThatSomebodyHoldsStaysAsItIs) {
    enter("east", "", {offer("ipmi")});
    Membership membership(store, options());
    auto held = membership.now();
    leave("east");
    membership.refresh();
    EXPECT_THAT(hosts(*held), ElementsAre("east"));
    EXPECT_TRUE(membership.now()->members().empty());
}

TEST_F(MembershipTest, IsReadAgainByItself) {
    auto quick = options();
    quick.reset_interval = 1s;
    Membership membership(store, quick);
    Signal changed;
    membership.on_change([&](const ConductorSet&) { changed.set(); });
    Runtime runtime({.threads = 1, .name = "test"});
    membership.start(runtime);
    enter("east", "", {offer("ipmi")});
    bool heard = false;
    auto wait = [](Signal* signal, bool* result) -> Task<> {
        *result = co_await signal->wait_for(60s);
    };
    runtime.run(wait(&changed, &heard));
    EXPECT_TRUE(heard);
    runtime.stop();
}

}  // namespace
}  // namespace ferrite::conductor
