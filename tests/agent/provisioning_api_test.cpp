#include "agent/provisioning_api.h"

#include <gtest/gtest.h>

#include "agent/heartbeat_pace.h"

namespace ferrite::agent {
namespace {

using namespace std::chrono_literals;

TEST(Lookup, ReadsWhatTheServiceSays) {
    auto answer = parse_lookup(R"({"node":{"uuid":"u","properties":{}},"config":{
        "heartbeat_timeout":120,"agent_token":"abc","agent_token_required":true,
        "tls_min_version":"1.3","permitted_image_formats":["raw"],
        "agent_md5_checksum_enable":false,"disable_deep_image_inspection":true}})");
    EXPECT_EQ(answer.node_uuid, "u");
    EXPECT_EQ(answer.heartbeat_timeout, 120s);
    EXPECT_EQ(answer.agent_token, "abc");
    EXPECT_EQ(answer.minimum_tls_version, "1.3");
    EXPECT_EQ(answer.permitted_image_formats, std::vector<std::string>{"raw"});
    EXPECT_EQ(answer.md5_allowed, false);
    EXPECT_EQ(answer.deep_inspection, false);
}

TEST(Lookup, TakesTheOldPlaceOfTheTimeout) {
    auto answer = parse_lookup(R"({"node":{"uuid":"u"},"heartbeat_timeout":60})");
    EXPECT_EQ(answer.heartbeat_timeout, 60s);
    EXPECT_EQ(answer.md5_allowed, std::nullopt);
}

TEST(Lookup, RefusesWhatIsIncomplete) {
    for (auto body : {"", "[]", "{}", R"({"node":{"uuid":"u"}})",
                      R"({"node":{},"config":{"heartbeat_timeout":3}})",
                      R"({"node":{"uuid":"u"},"config":{"heartbeat_timeout":"x"}})"})
        EXPECT_THROW(parse_lookup(body), InvalidValue) << body;
}

TEST(Token, IsReplacedOnlyByAnotherOfSufficientLength) {
    const std::string good(32, 'x');
    EXPECT_EQ(accept_token(Secret("held"), good), Secret(good));
    EXPECT_EQ(accept_token(Secret("held"), "******"), Secret("held"));
    EXPECT_EQ(accept_token(Secret("held"), std::string(31, 'x')), Secret("held"));
    EXPECT_TRUE(accept_token(Secret(), "******").empty());
}

TEST(ApiMinor, IsReadFromOneDotN) {
    EXPECT_EQ(parse_api_minor("1.115"), 115u);
    for (auto bad : {"", "1", "1.", "2.5", "1.x", "1.5.6", "1.-3"})
        EXPECT_EQ(parse_api_minor(bad), std::nullopt) << bad;
}

TEST(HeartbeatBody, GrowsWithTheVersion) {
    Heartbeat beat{"u", "https://10.0.0.5:9999", "1.0", Secret("tok"), "PEM"};
    EXPECT_EQ(heartbeat_body(beat, 31), (JsonObject{{"callback_url", "https://10.0.0.5:9999"}}));
    EXPECT_EQ(heartbeat_body(beat, 36).size(), 2u);
    EXPECT_EQ(heartbeat_body(beat, 62).at("agent_token"), Json("tok"));
    EXPECT_EQ(heartbeat_body(beat, 68).at("agent_verify_ca"), Json("PEM"));
    beat.certificate_pem.clear();
    EXPECT_FALSE(heartbeat_body(beat, 68).contains("agent_verify_ca"));
}

TEST(HeartbeatPace, IsAShareOfTheTimeout) {
    HeartbeatPace pace(300s);
    EXPECT_EQ(pace.after_success(false, 0), 90s);
    EXPECT_EQ(pace.after_success(false, 0.5), 135s);
    EXPECT_EQ(pace.after_failure(0), 5s);
    EXPECT_EQ(pace.after_failure(1), 10s);
}

TEST(HeartbeatPace, RepeatsSoonWhileAResultIsUnread) {
    HeartbeatPace pace(300s);
    EXPECT_EQ(pace.after_success(true, 0), 2s);
    EXPECT_EQ(pace.after_success(true, 0), 4s);
    EXPECT_EQ(pace.after_success(true, 0), 8s);
    for (int i = 0; i < 10; ++i) pace.after_success(true, 0);
    EXPECT_EQ(pace.after_success(true, 0), 90s);
    pace.after_success(false, 0);
    EXPECT_EQ(pace.after_success(true, 0), 2s);
}

TEST(LookupPause, GrowsToAMinute) {
    EXPECT_EQ(lookup_pause(1, 0, false, 1s, 0), 1s);
    EXPECT_EQ(lookup_pause(1, 0, false, 0s, 0.5), 500ms);
    EXPECT_EQ(lookup_pause(4, 0, false, 1s, 1), 8s);
    EXPECT_EQ(lookup_pause(100, 0, false, 1s, 1), 60s);
    EXPECT_EQ(lookup_pause(1, 1, true, 1s, 0), 6s);
    EXPECT_EQ(lookup_pause(1, 2, true, 1s, 0), 11s);
    EXPECT_EQ(lookup_pause(1, 9, true, 1s, 0), 31s);
}

}  // namespace
}  // namespace ferrite::agent
