#include "base/uuid.h"

#include <set>
#include <string>
#include <thread>

#include <gmock/gmock.h>

namespace ferrite {
namespace {

constexpr auto kUuid = "6fc1a3b0-9d2e-4c5f-8a7b-0123456789ab";

TEST(Uuid, NewOnesAreDifferentAndOfVersionFour) {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        auto uuid = new_uuid();
        ASSERT_EQ(uuid.size(), 36u);
        EXPECT_EQ(normalised_uuid(uuid), uuid);
        EXPECT_EQ(uuid[14], '4');
        EXPECT_THAT("89ab", testing::HasSubstr(std::string(1, uuid[19])));
        EXPECT_TRUE(seen.insert(uuid).second);
    }
}

TEST(Uuid, ThreadsDoNotShareRandomBytes) {
    std::string here = new_uuid();
    std::string there;
    std::jthread([&] { there = new_uuid(); }).join();
    EXPECT_NE(here, there);
}

TEST(Uuid, AcceptsEveryCommonSpelling) {
    for (std::string_view text :
         {"6fc1a3b0-9d2e-4c5f-8a7b-0123456789ab", "6FC1A3B0-9D2E-4C5F-8A7B-0123456789AB",
          "6fc1a3b09d2e4c5f8a7b0123456789ab", "{6fc1a3b0-9d2e-4c5f-8a7b-0123456789ab}",
          "urn:uuid:6fc1a3b0-9d2e-4c5f-8a7b-0123456789ab"}) {
        EXPECT_EQ(normalised_uuid(text), kUuid) << text;
    }
}

TEST(Uuid, RefusesEverythingElse) {
    for (std::string_view text : {"", "node-1", "6fc1a3b0-9d2e-4c5f-8a7b-0123456789a", "{}",
                                  "urn:uuid:", "6fc1a3b0-9d2e-4c5f-8a7b-0123456789abc",
                                  "6fc1a3b0-9d2e-4c5f-8a7b-0123456789ag"}) {
        EXPECT_EQ(normalised_uuid(text), std::nullopt) << text;
    }
}

TEST(RandomToken, IsUrlSafeAndAsLongAsItsBytesNeed) {
    EXPECT_EQ(random_token(0), "");
    EXPECT_EQ(random_token(1).size(), 2u);
    EXPECT_EQ(random_token(2).size(), 3u);
    EXPECT_EQ(random_token(3).size(), 4u);
    auto token = random_token(600);  // more than the pool holds at once
    EXPECT_EQ(token.size(), 800u);
    EXPECT_EQ(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                      "0123456789-_"),
              token.npos);
    EXPECT_NE(random_token(32), random_token(32));
}

}  // namespace
}  // namespace ferrite
