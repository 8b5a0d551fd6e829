#include <fmt/core.h>
#include <gmock/gmock.h>

#include "api/api_fixture.h"

/// Traits, VIFs, vendor methods and virtual media of a node, and network events.
namespace ferrite::api {
namespace {

using testing::ElementsAre;

/// One request and the status that it must get.
struct Case {
    std::string method, path, body;
    int status;
    std::string version = "1.115";
};

class NodePartsTest : public ApiTest {
protected:
    void SetUp() override { uuid_ = new_node(R"("name":"n")"); }

    void expect(const std::vector<Case>& cases) {
        for (const auto& one : cases) {
            auto reply = send(one.method, one.path, one.version, one.body);
            EXPECT_EQ(reply.status, one.status)
                << one.method << " " << one.path << " " << one.body << " -> " << reply.text;
        }
    }
    std::string traits() { return to_text(get("/v1/nodes/n/traits").at("traits")); }

    std::string uuid_;
};

TEST_F(NodePartsTest, TraitsAreReplacedAddedAndRemoved) {
    EXPECT_EQ(traits(), "[]");
    EXPECT_EQ(
        put("/v1/nodes/n/traits", R"({"traits":["CUSTOM_B","HW_CPU_X86_VMX","CUSTOM_B"]})").status,
        204);
    EXPECT_EQ(traits(), R"(["CUSTOM_B","HW_CPU_X86_VMX"])");
    auto added = put("/v1/nodes/n/traits/CUSTOM_A", "");
    EXPECT_EQ(added.status, 204);
    EXPECT_EQ(added.text, "");
    EXPECT_EQ(added.headers.get("Location"), "http://api.example:6385/v1/nodes/n/traits/CUSTOM_A");
    EXPECT_EQ(put("/v1/nodes/n/traits/CUSTOM_A", "{}").status, 204) << "it is there already";
    EXPECT_EQ(traits(), R"(["CUSTOM_A","CUSTOM_B","HW_CPU_X86_VMX"])");
    EXPECT_EQ(send("DELETE", "/v1/nodes/n/traits/CUSTOM_B").status, 204);
    EXPECT_EQ(send("DELETE", "/v1/nodes/n/traits/CUSTOM_B").status, 404);
    EXPECT_EQ(traits(), R"(["CUSTOM_A","HW_CPU_X86_VMX"])");
    EXPECT_EQ(send("DELETE", "/v1/nodes/n/traits").status, 204);
    EXPECT_EQ(send("DELETE", "/v1/nodes/n/traits").status, 204);
    EXPECT_EQ(traits(), "[]");
}

TEST_F(NodePartsTest, TraitsAreChecked) {
    expect({{"PUT", "/v1/nodes/n/traits", "", 400},
            {"PUT", "/v1/nodes/n/traits", "{}", 400},
            {"PUT", "/v1/nodes/n/traits", "[]", 400},
            {"PUT", "/v1/nodes/n/traits", "{", 400},
            {"PUT", "/v1/nodes/n/traits", R"({"traits":null})", 400},
            {"PUT", "/v1/nodes/n/traits", R"({"traits":"CUSTOM_A"})", 400},
            {"PUT", "/v1/nodes/n/traits", R"({"traits":[1]})", 400},
            {"PUT", "/v1/nodes/n/traits", R"({"traits":["bogus"]})", 400},
            {"PUT", "/v1/nodes/n/traits", R"({"traits":[],"x":1})", 400},
            {"PUT", "/v1/nodes/n/traits/custom_c", "", 400},
            {"PUT", "/v1/nodes/n/traits/CUSTOM_D", R"({"traits":["CUSTOM_A"]})", 400},
            {"PUT", "/v1/nodes/n/traits/CUSTOM_D", R"({"x":1})", 400},
            {"PUT", "/v1/nodes/missing/traits/CUSTOM_D", "", 404},
            {"PUT", "/v1/nodes/missing/traits", R"({"traits":[]})", 404},
            {"DELETE", "/v1/nodes/missing/traits", "", 404},
            {"DELETE", "/v1/nodes/n/traits?x=1", "", 400},
            {"GET", "/v1/nodes/n/traits/CUSTOM_A", "", 405},
            {"POST", "/v1/nodes/n/traits", R"({"traits":[]})", 405}});
}

TEST_F(NodePartsTest, TraitsHaveTheirVersion) {
    auto path = "/v1/nodes/" + uuid_ + "/traits";
    expect({{"GET", path, "", 406, "1.36"},
            {"PUT", path, R"({"traits":[]})", 405, "1.36"},
            {"PUT", path + "/CUSTOM_A", "", 405, "1.36"},
            {"DELETE", path, "", 404, "1.36"},
            {"DELETE", path + "/CUSTOM_A", "", 404, "1.36"},
            {"PUT", path, R"({"traits":[]})", 204, "1.37"}});
}

TEST_F(NodePartsTest, VifsArePassedToTheConductor) {
    auto list = get("/v1/nodes/n/vifs");
    EXPECT_EQ(list.status, 200);
    EXPECT_EQ(list.text, R"({"vifs":[{"id":"one"}]})");
    EXPECT_EQ(post("/v1/nodes/n/vifs", R"({"id":"abc","port_uuid":"x"})").status, 204);
    EXPECT_EQ(send("DELETE", "/v1/nodes/n/vifs/abc").status, 204);
    EXPECT_THAT(conductor_.asked,
                ElementsAre("attach " + uuid_ + R"( {"id":"abc","port_uuid":"x"})",
                            "detach " + uuid_ + " abc"));
}

TEST_F(NodePartsTest, VifsAreChecked) {
    auto both = R"({"id":"a","port_uuid":"p","portgroup_uuid":"g"})";
    expect({{"POST", "/v1/nodes/n/vifs", R"({"id":"bad id"})", 400},
            {"POST", "/v1/nodes/n/vifs", "{}", 400},
            {"POST", "/v1/nodes/n/vifs", "", 400},
            {"POST", "/v1/nodes/n/vifs", "x", 400},
            {"POST", "/v1/nodes/n/vifs", "[]", 400},
            {"POST", "/v1/nodes/n/vifs", R"({"id":5})", 400},
            {"POST", "/v1/nodes/n/vifs", R"({"id":"a","extra":1})", 204},
            {"POST", "/v1/nodes/n/vifs", both, 400, "1.67"},
            {"POST", "/v1/nodes/" + uuid_ + "/vifs", both, 204, "1.66"},
            {"POST", "/v1/nodes/missing/vifs", R"({"id":"a"})", 404},
            {"GET", "/v1/nodes/missing/vifs", "", 404},
            {"DELETE", "/v1/nodes/n/vifs", "", 400},
            {"DELETE", "/v1/nodes/n/vifs/bad%20id", "", 400},
            {"GET", "/v1/nodes/n/vifs/abc", "", 405},
            {"PUT", "/v1/nodes/n/vifs", "{}", 405},
            {"GET", "/v1/nodes/" + uuid_ + "/vifs", "", 404, "1.27"}});
    EXPECT_TRUE(get("/v1/nodes/" + uuid_ + "/vifs", "1.27").is_router_refusal());
}

TEST_F(NodePartsTest, VifsNeedAConductor) {
    alter(uuid_, [](model::Node& node) { node.conductor_group = "elsewhere"; });
    expect(
        {{"GET", "/v1/nodes/n/vifs", "", 400}, {"POST", "/v1/nodes/n/vifs", R"({"id":"a"})", 400}});
}

TEST_F(NodePartsTest, VendorMethodsAnswerAtOnceOrLater) {
    EXPECT_EQ(get("/v1/nodes/n/vendor_passthru/methods").text, R"({"poke":{"async":true}})");
    auto now = post("/v1/nodes/n/vendor_passthru/now", R"({"a":[1]})");
    EXPECT_EQ(now.status, 200);
    EXPECT_EQ(now.text, R"({"a":[1]})");
    auto later = send("PUT", "/v1/nodes/n/vendor_passthru?method=later");
    EXPECT_EQ(later.status, 202);
    EXPECT_EQ(later.text, "");
    EXPECT_THAT(conductor_.asked, ElementsAre("call " + uuid_ + R"( POST now {"a":[1]})",
                                              "call " + uuid_ + " PUT later {}"));
    for (auto method : {"GET", "POST", "PUT", "PATCH", "DELETE"})
        EXPECT_EQ(send(method, "/v1/nodes/n/vendor_passthru/now").status, 200) << method;
}

TEST_F(NodePartsTest, VendorCallsAreChecked) {
    expect({{"GET", "/v1/nodes/n/vendor_passthru", "", 400},
            {"POST", "/v1/nodes/n/vendor_passthru", R"({"method":"now"})", 400},
            {"POST", "/v1/nodes/n/vendor_passthru?method=now&x=1", "{}", 400},
            {"POST", "/v1/nodes/n/vendor_passthru/now?x=1", "{}", 400},
            {"POST", "/v1/nodes/n/vendor_passthru/now", "{", 400},
            {"POST", "/v1/nodes/missing/vendor_passthru/now", "{}", 404},
            {"GET", "/v1/nodes/missing/vendor_passthru/methods", "", 404},
            {"GET", "/v1/nodes/n/vendor_passthru/methods?x=1", "", 400}});
    EXPECT_THAT(conductor_.asked, ElementsAre());
}

TEST_F(NodePartsTest, DriversHaveNoMethodsOfTheirOwn) {
    EXPECT_EQ(get("/v1/drivers/ipmi/vendor_passthru/methods").text, "{}");
    expect({{"GET", "/v1/drivers/nope/vendor_passthru/methods", "", 404},
            {"POST", "/v1/drivers/nope/vendor_passthru/x", "{}", 404},
            {"GET", "/v1/drivers/ipmi/vendor_passthru/x", "", 400},
            {"POST", "/v1/drivers/ipmi/vendor_passthru/x", "{}", 400},
            {"PUT", "/v1/drivers/ipmi/vendor_passthru/x", "{}", 400},
            {"DELETE", "/v1/drivers/ipmi/vendor_passthru/x", "", 400},
            {"PATCH", "/v1/drivers/ipmi/vendor_passthru/x", "{}", 400},
            {"GET", "/v1/drivers/ipmi/vendor_passthru", "", 400},
            {"POST", "/v1/drivers/ipmi/vendor_passthru?method=x", "{}", 400}});
}

TEST_F(NodePartsTest, VirtualMediaArePassedToTheConductor) {
    EXPECT_EQ(get("/v1/nodes/n/vmedia").text, R"({"Cd":{"inserted":false}})");
    EXPECT_EQ(post("/v1/nodes/n/vmedia", R"({"device_type":"cdrom","image_url":"https://h/a.iso"})")
                  .status,
              204);
    EXPECT_EQ(
        post("/v1/nodes/n/vmedia",
             R"({"device_type":"disk","image_url":"nfs://h/a","image_download_source":"http"})")
            .status,
        204);
    EXPECT_EQ(send("DELETE", "/v1/nodes/n/vmedia").status, 204);
    EXPECT_EQ(send("DELETE", "/v1/nodes/n/vmedia?device_types=cdrom,floppy").status, 204);
    EXPECT_EQ(send("DELETE", "/v1/nodes/n/vmedia/disk").status, 204);
    EXPECT_THAT(conductor_.asked,
                ElementsAre("insert " + uuid_ + " cdrom https://h/a.iso local",
                            "insert " + uuid_ + " disk nfs://h/a direct",
                            "eject " + uuid_ + " disk,cdrom,floppy",
                            "eject " + uuid_ + " cdrom,floppy", "eject " + uuid_ + " disk"));
}

TEST_F(NodePartsTest, VirtualMediaAreChecked) {
    std::string good = R"({"device_type":"cdrom","image_url":"http://h/a"})";
    expect(
        {{"POST", "/v1/nodes/n/vmedia", "", 400},
         {"POST", "/v1/nodes/n/vmedia", "[]", 400},
         {"POST", "/v1/nodes/n/vmedia", R"({"device_type":"cdrom"})", 400},
         {"POST", "/v1/nodes/n/vmedia", R"({"image_url":"http://h/a"})", 400},
         {"POST", "/v1/nodes/n/vmedia", R"({"device_type":"tape","image_url":"http://h"})", 400},
         {"POST", "/v1/nodes/n/vmedia", R"({"device_type":"disk","image_url":"ftp://h"})", 400},
         {"POST", "/v1/nodes/n/vmedia", R"({"device_type":"disk","image_url":"/a"})", 400},
         {"POST", "/v1/nodes/n/vmedia", R"({"device_type":"disk","image_url":5})", 400},
         {"POST", "/v1/nodes/n/vmedia",
          R"({"device_type":"disk","image_url":"http://h","image_download_source":"swift"})", 400},
         {"POST", "/v1/nodes/n/vmedia",
          R"({"device_type":"disk","image_url":"http://h","image_download_source":"x"})", 400},
         {"POST", "/v1/nodes/n/vmedia",
          R"({"device_type":"disk","image_url":"http://h","extra":1})", 400},
         {"POST", "/v1/nodes/missing/vmedia", "{}", 400},
         {"POST", "/v1/nodes/missing/vmedia", good, 404},
         {"DELETE", "/v1/nodes/n/vmedia?device_types=tape", "", 400},
         {"DELETE", "/v1/nodes/n/vmedia?x=1", "", 400},
         {"DELETE", "/v1/nodes/missing/vmedia", "", 404},
         {"PUT", "/v1/nodes/n/vmedia", good, 405},
         {"GET", "/v1/nodes/" + uuid_ + "/vmedia", "", 404, "1.92"},
         {"POST", "/v1/nodes/" + uuid_ + "/vmedia", good, 404, "1.88"},
         {"DELETE", "/v1/nodes/" + uuid_ + "/vmedia", "", 404, "1.88"},
         {"POST", "/v1/nodes/" + uuid_ + "/vmedia", good, 204, "1.89"}});
}

TEST_F(NodePartsTest, VirtualMediaNeedABmcThatAnswers) {
    alter(uuid_, [](model::Node& node) {
        node.maintenance = true;
        node.fault = "power failure";
    });
    expect({{"GET", "/v1/nodes/n/vmedia", "", 503},
            {"POST", "/v1/nodes/n/vmedia", R"({"device_type":"disk","image_url":"http://h"})", 503},
            {"DELETE", "/v1/nodes/n/vmedia", "", 503}});
}

TEST_F(NodePartsTest, EventsAreChecked) {
    auto event = [&](std::string more, std::string kind = "network.bind_port") {
        return fmt::format(
            R"({{"events":[{{"event":"{}","port_id":"{}","mac_address":"AA:bb:cc:dd:ee:ff","status":"ACTIVE"{}}}]}})",
            kind, uuid_, more);
    };
    expect({{"POST", "/v1/events", event(""), 204},
            {"POST", "/v1/events", event("", "network.unbind_port"), 204},
            {"POST", "/v1/events", event("", "network.delete_port"), 204},
            {"POST", "/v1/events",
             event(fmt::format(
                 R"(,"device_id":"{0}","binding:host_id":"{0}","binding:vnic_type":"baremetal")",
                 uuid_)),
             204},
            {"POST", "/v1/events",
             event(R"(,"device_id":null,"binding:host_id":null,"binding:vnic_type":null)"), 204},
            {"POST", "/v1/events", event(R"(,"bogus":1)"), 400},
            {"POST", "/v1/events", event(R"(,"device_id":"x")"), 400},
            {"POST", "/v1/events", event("", "network.nope"), 400},
            {"POST", "/v1/events", R"({"events":[{}]})", 400},
            {"POST", "/v1/events", R"({"events":[1]})", 400},
            {"POST", "/v1/events", R"({"events":[]})", 400},
            {"POST", "/v1/events", R"({"events":"x"})", 400},
            {"POST", "/v1/events", "{}", 400},
            {"POST", "/v1/events", "", 400},
            {"POST", "/v1/events", R"({"events":[],"x":1})", 400},
            {"POST", "/v1/events", R"({"events":[]})", 400, "1.53"},
            {"POST", "/v1/events", event(""), 404, "1.53"},
            {"POST", "/v1/events", event(""), 204, "1.54"},
            {"GET", "/v1/events", "", 405}});
}

}  // namespace
}  // namespace ferrite::api
