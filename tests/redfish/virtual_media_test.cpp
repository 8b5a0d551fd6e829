#include "redfish/virtual_media.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "redfish/event_subscriptions.h"
#include "redfish/fake_service.h"

namespace ferrite::redfish {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kMedia = "/redfish/v1/Managers/1/VirtualMedia";

JsonObject link(std::string_view path) {
    return {{"@odata.id", path}};
}

/// A BMC whose manager has a slot for disks and one for CDs.
class VirtualMediaTest : public testing::Test {
protected:
    VirtualMediaTest() {
        bmc_.resources["/redfish/v1/Managers/1"] = {{"VirtualMedia", link(kMedia)}};
        bmc_.resources[kMedia] = {
            {"Members", JsonArray{link(path("Usb")), link(path("Cd")), link(path("Dvd"))}}};
        add_slot("Usb", {"USBStick", "Floppy"});
        add_slot("Cd", {"CD"});
        add_slot("Dvd", {"DVD", "CD"});
        bmc_.actions["/redfish/v1/EventService/Subscriptions"] =
            bmc_.address() + "/redfish/v1/EventService/Subscriptions/7";
        bmc_.actions["/redfish/v1/EventService/Subscriptions/7"] = "";
        bmc_.resources["/redfish/v1/EventService"] = {
            {"Subscriptions", link("/redfish/v1/EventService/Subscriptions")}};
        bmc_.resources["/redfish/v1/EventService/Subscriptions"] = {
            {"Members", JsonArray{link("/redfish/v1/EventService/Subscriptions/7/")}}};
        bmc_.resources["/redfish/v1/EventService/Subscriptions/7"] = {
            {"Id", "7"}, {"Destination", "https://h/events"}, {"Secret", "x"}};
    }

    static std::string path(const std::string& slot) { return std::string(kMedia) + "/" + slot; }
    void add_slot(const std::string& name, JsonArray types) {
        JsonObject insert{{"target", path(name) + "/Insert"}};
        JsonObject eject{{"target", path(name) + "/Eject"}};
        bmc_.resources[path(name)] = {{"MediaTypes", types},
                                      {"Inserted", false},
                                      {"Actions", JsonObject{{"#VirtualMedia.InsertMedia", insert},
                                                             {"#VirtualMedia.EjectMedia", eject}}}};
        bmc_.actions[path(name) + "/Insert"] = "";
        bmc_.actions[path(name) + "/Eject"] = "";
    }
    ClientOptions options() {
        auto options = options_for_address(bmc_.address());
        options.user = "admin";
        options.password = Secret("s3cret");
        return options;
    }
    void insert(std::vector<std::string> types) {
        runtime_.run(insert_media(&client_, "", std::move(types), "http://h/a.iso"));
    }
    template <class T>
    T result_of(Task<T> task) {
        T result;
        runtime_.run(keep(std::move(task), &result));
        return result;
    }
    template <class T>
    static Task<> keep(Task<T> task, T* result) {
        *result = co_await std::move(task);
    }

    Runtime runtime_{{.threads = 2, .name = "redfish"}};
    test::FakeService bmc_{runtime_};
    HttpClient http_{runtime_.executor()};
    Client client_{http_, options()};
};

constexpr const char* kInserted =
    R"({"Image":"http://h/a.iso","Inserted":true,"WriteProtected":true})";

TEST_F(VirtualMediaTest, TheFirstSlotThatFitsTakesTheImage) {
    insert({"CD", "DVD"});
    EXPECT_THAT(bmc_.changes(), ElementsAre("POST " + path("Cd") + "/Insert " + kInserted));
}

TEST_F(VirtualMediaTest, WhatIsInTheSlotIsEjectedFirst) {
    bmc_.resources[path("Usb")]["Inserted"] = true;
    insert({"USBStick"});
    EXPECT_THAT(bmc_.changes(), ElementsAre("POST " + path("Usb") + "/Eject {}",
                                            "POST " + path("Usb") + "/Insert " + kInserted));
}

TEST_F(VirtualMediaTest, ASlotThatRefusesLeavesItToTheNext) {
    bmc_.refusals = 1;
    bmc_.refusal_status = 405;
    insert({"CD"});
    EXPECT_THAT(bmc_.changes(), ElementsAre("POST " + path("Cd") + "/Insert " + kInserted,
                                            "POST " + path("Dvd") + "/Insert " + kInserted));
    bmc_.refusals = 2;
    EXPECT_THROW(insert({"CD"}), Error);
}

TEST_F(VirtualMediaTest, WithoutASlotItIsRefused) {
    try {
        insert({"Tape"});
        FAIL() << "nothing was thrown";
    } catch (const InvalidValue& error) {
        EXPECT_THAT(error.message(), HasSubstr("Tape"));
    }
    EXPECT_THAT(bmc_.changes(), IsEmpty());
}

TEST_F(VirtualMediaTest, OnlyFullSlotsOfTheTypesAreEmptied) {
    bmc_.resources[path("Cd")]["Inserted"] = true;
    bmc_.resources[path("Usb")]["Inserted"] = true;
    runtime_.run(eject_media(&client_, "", {"CD"}));
    EXPECT_THAT(bmc_.changes(), ElementsAre("POST " + path("Cd") + "/Eject {}"));
    runtime_.run(eject_media(&client_, "", {}));
    EXPECT_EQ(bmc_.changes().size(), 3U);
}

TEST_F(VirtualMediaTest, SlotsOfTheSystemAreTakenBeforeThoseOfItsManager) {
    bmc_.resources["/redfish/v1/Systems/1"] = {
        {"VirtualMedia", link("/redfish/v1/Systems/1/VirtualMedia")}};
    bmc_.resources["/redfish/v1/Systems/1/VirtualMedia"] = {{"Members", JsonArray{}}};
    EXPECT_THAT(result_of(read_virtual_media(&client_, "")), IsEmpty());
}

TEST_F(VirtualMediaTest, ReadsWhatIsThere) {
    bmc_.resources[path("Cd")]["Image"] = "http://h/old.iso";
    auto slots = result_of(read_virtual_media(&client_, ""));
    ASSERT_EQ(slots.size(), 3U);
    EXPECT_EQ(slots[1].image, "http://h/old.iso");
    EXPECT_TRUE(takes(slots[0], "Floppy"));
    EXPECT_FALSE(takes(slots[0], "CD"));
    auto odd = virtual_media_from_json("/x", Json{{"MediaTypes", 1}, {"Inserted", "yes"}});
    EXPECT_FALSE(odd.inserted);
    EXPECT_THAT(odd.media_types, IsEmpty());
}

TEST_F(VirtualMediaTest, SubscriptionsAreMadeReadAndEnded) {
    EXPECT_EQ(ferrite::to_text(Json(result_of(list_subscriptions(&client_)))), R"([{"Id":"7"}])");
    auto made = result_of(add_subscription(&client_, {{"Destination", "https://h/events"}}));
    EXPECT_EQ(ferrite::to_text(Json(made)), R"({"Id":"7","Destination":"https://h/events"})");
    EXPECT_EQ(ferrite::to_text(Json(result_of(read_subscription(&client_, "7")))),
              ferrite::to_text(Json(made)));
    runtime_.run(remove_subscription(&client_, "7"));
    EXPECT_THAT(
        bmc_.changes(),
        ElementsAre(
            R"(POST /redfish/v1/EventService/Subscriptions {"Destination":"https://h/events"})",
            "DELETE /redfish/v1/EventService/Subscriptions/7 "));
    EXPECT_THROW(result_of(read_subscription(&client_, "8")), Error);
}

}  // namespace
}  // namespace ferrite::redfish
