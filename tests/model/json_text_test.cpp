#include "model/json_text.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "model/micro_version.h"

namespace ferrite::model {
namespace {

TEST(JsonText, NothingStoredIsAbsentAndReadsAsEmpty) {
    JsonText none;
    EXPECT_TRUE(none.absent());
    EXPECT_TRUE(none.value().is_null());
    EXPECT_TRUE(none.object().empty());
    EXPECT_TRUE(none.array().empty());
    EXPECT_TRUE(none.get("key").is_null());
    EXPECT_EQ(none.get_text("key", "fallback"), "fallback");
    EXPECT_TRUE(JsonText(Json(nullptr)).absent());
    EXPECT_FALSE(JsonText(Json(JsonObject())).absent());
}

TEST(JsonText, MembersAreSetAndErased) {
    JsonText text;
    text.set("a", 1);
    text.set("b", "two");
    EXPECT_EQ(text.text(), R"({"a":1,"b":"two"})");
    text.set("a", nullptr);
    EXPECT_EQ(text.get_text("b"), "two");
    EXPECT_EQ(text.get_text("a", "no text"), "no text");
    text.erase({"a", "not there"});
    EXPECT_EQ(text.text(), R"({"b":"two"})");
    text.erase({"b"});
    EXPECT_EQ(text.text(), "{}");
}

TEST(JsonText, ErasingNothingLeavesTheTextAlone) {
    JsonText text(std::string(R"({ "a" : 1 })"));
    text.erase({"b"});
    EXPECT_EQ(text.text(), R"({ "a" : 1 })");
    JsonText none;
    none.erase({"a"});
    EXPECT_TRUE(none.absent());
}

TEST(JsonText, AnotherKindThanExpectedReadsAsEmpty) {
    JsonText list(std::string("[1,2]"));
    EXPECT_TRUE(list.object().empty());
    EXPECT_EQ(list.array().size(), 2U);
    EXPECT_TRUE(list.get("a").is_null());
    EXPECT_TRUE(JsonText(std::string(R"({"a":1})")).array().empty());
}

TEST(JsonText, DepthIsBounded) {
    std::string deep = std::string(65, '[') + std::string(65, ']');
    EXPECT_THROW(JsonText(deep).value(), InvalidValue);
    EXPECT_NO_THROW(JsonText(std::string(64, '[') + std::string(64, ']')).value());
}

TEST(MicroVersions, CompareAndPrint) {
    EXPECT_LT(since(1, 9), since(1, 10));
    EXPECT_EQ(since(1, 115), kLatestVersion);
    EXPECT_EQ(kLatestVersion.text(), "1.115");
    EXPECT_EQ(kMinimumVersion.text(), "1.1");
}

TEST(MicroVersions, OfReleases) {
    struct Row {
        std::string_view release;
        int minor;
    };
    constexpr Row rows[] = {
        {"9.2", 35},     {"10.1", 38},   {"11.1", 46},   {"12.1", 56},   {"13.0", 58},
        {"15.0", 65},    {"16.0", 68},   {"17.0", 72},   {"18.2", 78},   {"20.1", 78},
        {"21.1", 80},    {"21.4", 82},   {"23.0", 87},   {"24.1", 90},   {"26.1", 93},
        {"29.0", 96},    {"32.0", 101},  {"35.0", 111},  {"37.0", 112},  {"2023.1", 82},
        {"2023.2", 87},  {"2024.1", 90}, {"2024.2", 93}, {"2025.1", 96}, {"2025.2", 101},
        {"2026.1", 111},
    };
    for (const auto& row : rows) {
        auto version = version_of_release(row.release);
        ASSERT_TRUE(version) << row.release;
        EXPECT_EQ(version->minor, row.minor) << row.release;
    }
    for (std::string_view release : {"", "9", "22.0", "21.40", "99.9"})
        EXPECT_FALSE(version_of_release(release)) << release;
}

}  // namespace
}  // namespace ferrite::model
