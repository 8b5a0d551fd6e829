#include "hardware/redfish_vendor.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/runtime.h"
#include "hardware/node_fixture.h"
#include "redfish/fake_service.h"

namespace ferrite::hardware {
namespace {

using testing::ElementsAre;

class RedfishVendorTest : public testing::Test {
protected:
    RedfishVendorTest() {
        node_.set_info("redfish_address", Json(bmc_.address()));
        node_.set_info("redfish_username", Json("admin"));
        node_.set_info("redfish_password", Json("s3cret"));
    }
    /// Whether the arguments are right for the method.
    bool takes(std::string_view name, const char* arguments) {
        auto methods = vendor_.methods();
        auto method = std::ranges::find(methods, name, &VendorMethod::name);
        if (method == methods.end()) return false;
        try {
            vendor_.validate_call(node_, *method, parse_json(arguments).get_object());
            return true;
        } catch (const InvalidValue&) {
            return false;
        }
    }
    Json call(std::string method, JsonObject arguments) {
        Json value;
        runtime_.run(keep(vendor_.call(&node_, std::move(method), std::move(arguments)), &value));
        return value;
    }
    static Task<> keep(Task<Json> task, Json* value) { *value = co_await std::move(task); }

    Runtime runtime_{{.threads = 2, .name = "redfish"}};
    test::FakeService bmc_{runtime_};
    HttpClient http_{runtime_.executor()};
    RedfishBmcs bmcs_{http_, {}};
    RedfishVendor vendor_{bmcs_};
    test::LooseNode node_{"redfish"};
};

TEST_F(RedfishVendorTest, ChecksArguments) {
    EXPECT_TRUE(takes("eject_vmedia", "{}"));
    EXPECT_TRUE(takes("eject_vmedia", R"({"boot_device":"cd"})"));
    EXPECT_FALSE(takes("eject_vmedia", R"({"boot_device":"tape"})"));
    EXPECT_FALSE(takes("eject_vmedia", R"({"boot_device":1})"));
    EXPECT_TRUE(takes("get_all_subscriptions", "{}"));
    EXPECT_TRUE(takes("get_subscription", R"({"id":"1"})"));
    EXPECT_FALSE(takes("get_subscription", "{}"));
    EXPECT_FALSE(takes("delete_subscription", R"({"id":1})"));
    EXPECT_TRUE(takes("create_subscription", R"({"Destination":"https://h"})"));
    EXPECT_TRUE(takes("create_subscription",
                      R"({"Destination":"https://h","Protocol":"Redfish","Context":"c",)"
                      R"("EventTypes":["Alert"],"HttpHeaders":[]})"));
    for (const char* bad :
         {"{}", R"({"Destination":1})", R"({"Destination":"https://h","Protocol":"SNMP"})",
          R"({"Destination":"https://h","EventTypes":"Alert"})",
          R"({"Destination":"https://h","HttpHeaders":{}})",
          R"({"Destination":"https://h","Context":1})", R"({"Destination":"https://h","x":1})"})
        EXPECT_FALSE(takes("create_subscription", bad)) << bad;
    node_.node.driver_info = {};
    EXPECT_FALSE(takes("get_all_subscriptions", "{}"));
}

TEST_F(RedfishVendorTest, ReadsSubscriptionsOfTheBmc) {
    bmc_.resources["/redfish/v1/EventService"] = {};
    bmc_.resources["/redfish/v1/EventService/Subscriptions"] = {
        {"Members",
         JsonArray{JsonObject{{"@odata.id", "/redfish/v1/EventService/Subscriptions/1"}}}}};
    bmc_.resources["/redfish/v1/EventService/Subscriptions/1"] = {{"Id", "1"}};
    bmc_.actions["/redfish/v1/EventService/Subscriptions/1"] = "";
    EXPECT_EQ(ferrite::to_text(call("get_all_subscriptions", {})), R"([{"Id":"1"}])");
    EXPECT_EQ(ferrite::to_text(call("get_subscription", {{"id", "1"}})), R"({"Id":"1"})");
    EXPECT_TRUE(call("delete_subscription", {{"id", "1"}}).is_null());
    EXPECT_THAT(bmc_.changes(), ElementsAre("DELETE /redfish/v1/EventService/Subscriptions/1 "));
}

}  // namespace
}  // namespace ferrite::hardware
