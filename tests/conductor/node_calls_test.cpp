#include "conductor/conductor_kit.h"
#include "store/history.h"

namespace ferrite::conductor {
namespace {

using testing::HasSubstr;
using Kind = TraitChange::Kind;

/// Traits, VIFs, vendor methods and virtual media.
class NodeCalls : public ConductorTest {
protected:
    NodeCalls() {
        start();
        uuid = add(states::manageable);
    }
    int traits(Kind kind, std::vector<std::string> names) {
        return status_of(conductor->change_traits({}, uuid, {kind, std::move(names)}));
    }
    std::string traits() { return node(uuid).traits.text(); }

    /// The status of the call; what it answered is in `reply`.
    int call(std::string method, std::string http_method, Json arguments = JsonObject()) {
        return status_of(keep(conductor->call_vendor(
                                  {}, uuid, {std::move(method), std::move(http_method), arguments}),
                              &reply));
    }
    int locked_call(std::string method, std::string http_method) {
        change(uuid, [](model::Node& n) { n.reservation = "somebody"; });
        int status = call(std::move(method), std::move(http_method));
        change(uuid, [](model::Node& n) { n.reservation.reset(); });
        return status;
    }

    std::string uuid;
    VendorReply reply;
};

TEST_F(NodeCalls, TraitsAreKeptSortedAndOnce) {
    EXPECT_EQ(traits(Kind::replace, {"CUSTOM_B", "CUSTOM_A", "CUSTOM_B"}), 0);
    EXPECT_EQ(traits(), R"(["CUSTOM_A","CUSTOM_B"])");
    EXPECT_EQ(traits(Kind::add, {"CUSTOM_AA"}), 0);
    EXPECT_EQ(traits(Kind::add, {"CUSTOM_AA"}), 0);
    EXPECT_EQ(traits(), R"(["CUSTOM_A","CUSTOM_AA","CUSTOM_B"])");
    EXPECT_EQ(traits(Kind::remove, {"CUSTOM_AA"}), 0);
    EXPECT_EQ(traits(Kind::remove, {"CUSTOM_AA"}), 404);
    EXPECT_EQ(traits(), R"(["CUSTOM_A","CUSTOM_B"])");
    EXPECT_EQ(traits(Kind::clear, {}), 0);
    EXPECT_EQ(traits(), "[]");
    EXPECT_FALSE(node(uuid).reservation);
}

TEST_F(NodeCalls, ANodeHasAtMostFiftyTraits) {
    std::vector<std::string> names;
    for (int i = 0; i < 50; ++i) names.push_back("CUSTOM_" + std::to_string(i));
    EXPECT_EQ(traits(Kind::replace, names), 0);
    EXPECT_EQ(traits(Kind::add, {"CUSTOM_0"}), 0);
    EXPECT_EQ(traits(Kind::add, {"CUSTOM_50"}), 400);
    names.push_back("CUSTOM_50");
    EXPECT_EQ(traits(Kind::replace, names), 400);
    EXPECT_EQ(node(uuid).traits.array().size(), 50U);
}

TEST_F(NodeCalls, TraitsChangeInEveryStateButUnderTheLock) {
    for (const auto& state : states::all()) {
        change(uuid, [&](model::Node& n) { n.provision_state = std::string(state.name); });
        EXPECT_EQ(traits(Kind::add, {"CUSTOM_A"}), 0) << state.name;
    }
    change(uuid, [](model::Node& n) { n.reservation = "somebody"; });
    EXPECT_EQ(traits(Kind::add, {"CUSTOM_A"}), 409);
    EXPECT_THAT(message, HasSubstr("somebody"));
}

TEST_F(NodeCalls, VifsAreTakenAndForgotten) {
    EXPECT_EQ(status_of(conductor->attach_vif({}, uuid, {{"id", "one"}})), 0);
    JsonArray vifs{Json(1)};
    run(keep(conductor->vifs({}, uuid), &vifs));
    EXPECT_TRUE(vifs.empty());
    EXPECT_EQ(status_of(conductor->detach_vif({}, uuid, "one")), 0);
    change(uuid, [](model::Node& n) { n.reservation = "somebody"; });
    EXPECT_EQ(status_of(conductor->attach_vif({}, uuid, {{"id", "one"}})), 409);
    EXPECT_EQ(status_of(conductor->detach_vif({}, uuid, "one")), 409);
}

TEST_F(NodeCalls, VendorMethodsAreDescribed) {
    JsonObject methods;
    run(keep(conductor->vendor_methods({}, uuid), &methods));
    EXPECT_EQ(methods.size(), 4U);
    EXPECT_EQ(to_text(methods["later_beside"]),
              R"({"http_methods":["PUT"],"async":true,"description":"The same without the lock.",)"
              R"("attach":false,"require_exclusive_lock":false})");
    EXPECT_EQ(member(methods["ask"], "async"), Json(false));
    EXPECT_EQ(member(methods["ask"], "require_exclusive_lock"), Json(true));
}

TEST_F(NodeCalls, VendorMethodsAnswerOrGoOn) {
    for (auto method : {"ask", "ask_beside"}) {
        EXPECT_EQ(call(method, "GET", JsonObject{{"a", 1}}), 0);
        ASSERT_TRUE(reply) << method;
        EXPECT_EQ(to_text(*reply), R"({"a":1})");
        EXPECT_FALSE(node(uuid).reservation);
    }
    EXPECT_EQ(call("later", "POST"), 0);
    EXPECT_FALSE(reply);
    EXPECT_EQ(call("later_beside", "PUT"), 0);
    EXPECT_TRUE(eventually([&] { return script.called("call later_beside"); }));
    EXPECT_TRUE(is_released(uuid));
    EXPECT_TRUE(script.called("call later"));
}

TEST_F(NodeCalls, ALongMethodHoldsTheLockThatItNeeds) {
    script.close("call later");
    script.close("call later_beside");
    EXPECT_EQ(call("later", "POST"), 0);
    EXPECT_TRUE(node(uuid).reservation);
    EXPECT_EQ(verb(uuid, "inspect"), 409);
    EXPECT_EQ(traits(Kind::clear, {}), 409);
    script.open("call later");
    EXPECT_TRUE(is_released(uuid));
    EXPECT_EQ(call("later_beside", "PUT"), 0);
    EXPECT_FALSE(node(uuid).reservation);
    EXPECT_EQ(traits(Kind::clear, {}), 0);
    script.open("call later_beside");
}

TEST_F(NodeCalls, VendorMethodsWithoutTheLockDoNotMindIt) {
    EXPECT_EQ(locked_call("ask", "GET"), 409);
    EXPECT_EQ(locked_call("ask_beside", "GET"), 0);
    EXPECT_EQ(locked_call("later", "POST"), 409);
    EXPECT_EQ(locked_call("later_beside", "PUT"), 0);
}

TEST_F(NodeCalls, VendorCallsAreChecked) {
    EXPECT_EQ(call("nope", "POST"), 400);
    EXPECT_THAT(message, HasSubstr("nope"));
    EXPECT_EQ(call("ask", "POST"), 400);
    EXPECT_THAT(message, HasSubstr("GET"));
    EXPECT_EQ(call("ask", "GET", JsonArray{1}), 400);
    EXPECT_EQ(call("ask", "GET", JsonObject{{"bad", 1}}), 400);
    EXPECT_EQ(call("later", "POST", JsonObject{{"bad", 1}}), 400);
    EXPECT_THAT(script.calls(), testing::IsEmpty());
    EXPECT_FALSE(node(uuid).reservation);
}

TEST_F(NodeCalls, AVendorMethodThatFailsInTheBackgroundIsToldOf) {
    change(uuid, [](model::Node& n) { n.provision_state = std::string(states::clean_wait); });
    script.fail("call later", "no such register");
    EXPECT_EQ(call("later", "POST"), 0);
    EXPECT_TRUE(reaches(uuid, states::clean_wait)) << "the state is none of its business";
    EXPECT_THAT(last_error(uuid), HasSubstr("no such register"));
    script.fail("call ask", "no such register");
    EXPECT_EQ(call("ask", "GET"), 500);
    EXPECT_FALSE(node(uuid).reservation);
}

TEST_F(NodeCalls, VirtualMediaComeAndGo) {
    script.has_virtual_media = true;
    change(uuid, [](model::Node& n) { n.last_error = "old news"; });
    EXPECT_EQ(status_of(conductor->attach_virtual_media({}, uuid, {"cdrom", "http://h/a"})), 0);
    EXPECT_TRUE(is_released(uuid));
    EXPECT_FALSE(node(uuid).last_error);
    EXPECT_EQ(status_of(conductor->attach_virtual_media(
                  {}, uuid, {"disk", "http://h/b", VirtualMediaImage::Source::direct})),
              0);
    EXPECT_TRUE(is_released(uuid));
    EXPECT_EQ(status_of(conductor->detach_virtual_media({}, uuid, {"cdrom", "disk"})), 0);
    EXPECT_TRUE(is_released(uuid));
    EXPECT_THAT(script.calls(),
                testing::ElementsAre("insert cdrom http://h/a copied", "insert disk http://h/b",
                                     "eject cdrom", "eject disk"));
    script.fail("eject floppy", "stuck");
    EXPECT_EQ(status_of(conductor->detach_virtual_media({}, uuid, {"floppy"})), 0);
    EXPECT_TRUE(is_released(uuid));
    EXPECT_THAT(last_error(uuid), HasSubstr("stuck"));
    EXPECT_EQ(state(uuid), states::manageable);
}

TEST_F(NodeCalls, VirtualMediaAreRefusedWhereThereAreNone) {
    JsonObject media;
    EXPECT_EQ(status_of(keep(conductor->virtual_media({}, uuid), &media)), 400);
    EXPECT_EQ(status_of(conductor->attach_virtual_media({}, uuid, {"cdrom", "http://h/a"})), 400);
    EXPECT_EQ(status_of(conductor->detach_virtual_media({}, uuid, {"cdrom"})), 400);
    EXPECT_THAT(message, HasSubstr("virtual media"));
    EXPECT_FALSE(node(uuid).reservation);
}

}  // namespace
}  // namespace ferrite::conductor
