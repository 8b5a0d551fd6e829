#include "conductor/routed_client.h"

#include "conductor/offers.h"
#include "conductor/rpc_kit.h"
#include "store/conductors.h"

namespace ferrite::conductor {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

/// "here" is the conductor of this process, "there" one in another, and both serve fake-hardware.
class RoutedClientTest : public RpcTest {
protected:
    RoutedClientTest() : there(store), rpc(http, {}), server(serve(there)) {}

    void enter(const std::string& host, const std::string& endpoint, std::string driver = "ipmi") {
        store.write_now([&](store::Sql& db) {
            store::conductors::enter(db, host, "1", "", {driver});
            store::conductors::announce(db, host, endpoint, offers_text({{.name = driver}}));
        });
        membership.refresh();
    }
    void enter_both() {
        enter("here", "http://nobody-calls-himself");
        enter("there", endpoint_of(*server));
    }

    /// A node that `host` is in charge of.
    model::Node node_of(std::string_view host) {
        model::Node node;
        node.driver = "ipmi";
        do node.uuid = new_uuid();
        while (membership.host_for(node.uuid, node.driver, "") != host);
        store.write_now([&](store::Sql& db) { store::nodes::insert(db, node); });
        return node;
    }

    RoutedClient client(RoutedClient::Options options = {.host = "here"}) {
        return {store, membership, &conductor, &rpc, std::move(options)};
    }
    /// That of an API process.
    RoutedClient remote_client(RoutedClient::Options options = {}) {
        return {store, membership, nullptr, &rpc, std::move(options)};
    }
    static Task<> switch_on(RoutedClient* client, std::string uuid) {
        return client->change_power({}, std::move(uuid), "power on", std::nullopt);
    }

    /// The other conductor is off for a moment.
    static Task<> restart(RoutedClientTest* test) {
        co_await test->store.write([](store::Sql& db) { store::conductors::leave(db, "there"); });
        co_await sleep_for(100ms);
        test->enter("there", endpoint_of(*test->server));
    }

    Membership membership{store, {}};
    TalkingConductor there;
    RpcClient rpc;
    std::unique_ptr<RpcServer> server;
};

TEST_F(RoutedClientTest, EachNodeIsDrivenByTheConductorInCharge) {
    enter_both();
    auto routed = client();
    auto near = node_of("here").uuid, far = node_of("there").uuid;
    run(switch_on(&routed, near));
    run(switch_on(&routed, far));
    EXPECT_THAT(conductor.asked, ElementsAre("power " + near + " power on 0"));
    EXPECT_THAT(there.asked, ElementsAre("power " + far + " power on 0"));
    EXPECT_EQ(routed.conductor_for(far, "ipmi", ""), "there");
    EXPECT_THAT(routed.drivers().at(0).hosts, ElementsAre("here", "there"));
}

TEST_F(RoutedClientTest, AProcessWithoutAConductorAsksOthers) {
    enter("there", endpoint_of(*server));
    auto routed = remote_client();
    auto node = node_of("there");
    run(switch_on(&routed, node.uuid));
    EXPECT_THAT(there.asked, Contains("power " + node.uuid + " power on 0"));
    model::Port port{.uuid = new_uuid(), .address = "02:00:00:00:00:01", .node_uuid = node.uuid};
    auto made = result_of(routed.create_port({}, port));
    EXPECT_NE(made.id, 0);
    auto changed = made;
    changed.extra = model::JsonText(Json{{"rack", 7}});
    result_of(routed.update_port({}, made, changed));
    run(routed.destroy_port({}, made.uuid));
    model::Node fresh;
    fresh.driver = "ipmi";
    fresh.provision_state = "enroll";
    auto created = result_of(routed.create_node({}, fresh));
    EXPECT_FALSE(created.uuid.empty());
    auto renamed = created;
    renamed.name = "seven";
    EXPECT_EQ(result_of(routed.update_node({}, created, renamed, false)).name, "seven");
    run(routed.destroy_node({}, created.uuid));
    model::Allocation allocation;
    allocation.resource_class = "gold";
    auto allocated = result_of(routed.create_allocation({}, allocation, std::nullopt));
    run(routed.destroy_allocation({}, allocated.uuid));
}

TEST_F(RoutedClientTest, AloneItAsksNobodyElse) {
    auto routed = client();
    model::Node node;
    node.uuid = new_uuid();
    node.driver = "a driver of nobody";
    store.write_now([&](store::Sql& db) { store::nodes::insert(db, node); });
    run(switch_on(&routed, node.uuid));
    enter("here", "");
    run(switch_on(&routed, node.uuid));
    EXPECT_EQ(conductor.calls, 2);
}

TEST_F(RoutedClientTest, OfANodeThatIsGoneItSaysSo) {
    enter_both();
    auto routed = client();
    EXPECT_ERROR(run(switch_on(&routed, new_uuid())), NotFound, error) {}
    EXPECT_ERROR(run(routed.destroy_port({}, new_uuid())), NotFound, error) {}
}

TEST_F(RoutedClientTest, ErrorsOfAnotherProcessAreErrorsHere) {
    enter_both();
    auto routed = client();
    auto far = node_of("there").uuid;
    EXPECT_ERROR(run(routed.change_power({}, far, "full", {})), Error, error)
    EXPECT_EQ(error->code(), "no_free_worker");
}

TEST_F(RoutedClientTest, WhenNobodyServesTheDriverThatIsSaid) {
    enter("here", "", "redfish");
    enter("there", endpoint_of(*server), "redfish");
    auto routed = client();
    model::Node node;
    node.uuid = new_uuid();
    node.driver = "ipmi";
    node.conductor_group = "rack";
    store.write_now([&](store::Sql& db) { store::nodes::insert(db, node); });
    EXPECT_ERROR(run(switch_on(&routed, node.uuid)), Error, error) {
        EXPECT_EQ(error->http_status(), 404);
        EXPECT_EQ(error->code(), "no_valid_host");
        EXPECT_THAT(error->message(), HasSubstr("'ipmi' in conductor group 'rack'"));
    }
}

TEST_F(RoutedClientTest, WhenThereIsNoConductorAtAllThatIsSaid) {
    auto routed = remote_client();
    EXPECT_ERROR(run(routed.destroy_allocation({}, new_uuid())), Error, error) {
        EXPECT_EQ(error->http_status(), 503);
        EXPECT_EQ(error->code(), "no_conductor");
    }
    EXPECT_THAT(routed.drivers(), IsEmpty());
}

TEST_F(RoutedClientTest, WithoutCallsBetweenProcessesAnothersNodesAreNotReached) {
    enter_both();
    RoutedClient routed(store, membership, &conductor, nullptr, {.host = "here"});
    auto far = node_of("there").uuid;
    EXPECT_ERROR(run(switch_on(&routed, far)), Error, error) {
        EXPECT_EQ(error->http_status(), 503);
        EXPECT_EQ(error->code(), "no_rpc");
    }
    EXPECT_EQ(conductor.calls, 0);
}

TEST_F(RoutedClientTest, AConductorThatIsGoneIsWaitedForUntilAnotherTakesOver) {
    enter("here", "");
    enter("there", nobody());
    auto far = node_of("there").uuid;
    auto routed = client({.host = "here", .pause = 20ms});
    struct Later {
        static Task<> leave(store::Store* store) {
            co_await sleep_for(100ms);
            co_await store->write([](store::Sql& db) { store::conductors::leave(db, "there"); });
        }
    };
    runtime.spawn("leave", Later::leave(&store));
    run(switch_on(&routed, far));
    EXPECT_EQ(conductor.calls, 1);
}

TEST_F(RoutedClientTest, AConductorThatLeavesHandsTheCallOn) {
    enter_both();
    auto far = node_of("there").uuid;
    auto routed = client({.host = "here", .pause = 20ms});
    EXPECT_TRUE(result_of(server->leave(60s)));
    store.write_now([](store::Sql& db) { store::conductors::leave(db, "there"); });
    run(switch_on(&routed, far));
    EXPECT_EQ(conductor.calls, 1);
    EXPECT_EQ(there.calls, 0);
}

TEST_F(RoutedClientTest, TheOnlyConductorIsWaitedForWhileItIsStartedAnew) {
    enter("there", nobody());
    auto far = node_of("there").uuid;
    auto routed = remote_client({.pause = 20ms});
    runtime.spawn("restart", restart(this));
    run(switch_on(&routed, far));
    EXPECT_EQ(there.calls, 1);
}

TEST_F(RoutedClientTest, PatienceEndsWithAClearError) {
    enter("here", "");
    enter("there", nobody());
    auto far = node_of("there").uuid;
    auto routed = client({.host = "here", .patience = 100ms, .pause = 20ms});
    EXPECT_ERROR(run(switch_on(&routed, far)), Error, error) {
        EXPECT_EQ(error->http_status(), 503);
        EXPECT_EQ(error->code(), "conductor_unreachable");
        EXPECT_THAT(error->message(), HasSubstr("heartbeat_timeout"));
    }
    EXPECT_EQ(conductor.calls, 0);
}

TEST_F(RoutedClientTest, ACallThatMayHaveBeenDoneIsRepeatedOnlyWhenThatDoesNoHarm) {
    DeafServer deaf;
    enter("here", "");
    enter("there", deaf.endpoint());
    auto far = node_of("there").uuid;
    auto routed = client({.host = "here", .patience = 100ms, .pause = 20ms});
    EXPECT_ERROR(run(switch_on(&routed, far)), NoAnswer, error) {
        EXPECT_EQ(error->http_status(), 503);
        EXPECT_THAT(error->message(), HasSubstr("may have done"));
    }
    EXPECT_EQ(deaf.calls(), 1);
    EXPECT_ERROR(result_of(routed.boot_device({}, far)), Error, error) {}
    EXPECT_GT(deaf.calls(), 2);
}

}  // namespace
}  // namespace ferrite::conductor
