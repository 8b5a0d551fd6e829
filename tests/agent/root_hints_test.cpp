#include "agent/root_hints.h"

#include <gtest/gtest.h>

#include "agent/agent_error.h"

namespace ferrite::agent {
namespace {

constexpr std::uint64_t kGiB = 1ull << 30;

struct Row {
    std::string_view hint;
    HintTest::Kind kind;
    std::string_view value;
    bool holds;
};

class Hint : public testing::TestWithParam<Row> {};

TEST_P(Hint, Holds) {
    const auto& row = GetParam();
    EXPECT_EQ(HintTest::parse(row.hint, row.kind).holds(row.value), row.holds)
        << row.hint << " on " << row.value;
}

constexpr auto kText = HintTest::Kind::text;
constexpr auto kNumber = HintTest::Kind::number;

INSTANTIATE_TEST_SUITE_P(
    Operators, Hint,
    testing::Values(Row{"10", kNumber, "10", true}, Row{"10", kNumber, "10.5", false},
                    Row{"= 10", kNumber, "12", true}, Row{"= 10", kNumber, "9", false},
                    Row{"== 10", kNumber, "10", true}, Row{"!= 10", kNumber, "10", false},
                    Row{">= 447", kNumber, "447.13", true}, Row{"<= 447", kNumber, "447.13", false},
                    Row{"> 447", kNumber, "447", false}, Row{"<10", kNumber, "9", true},
                    Row{"<range-in> [ 10 20 ]", kNumber, "20", true},
                    Row{"<range-in> [ 10 20 )", kNumber, "20", false},
                    Row{"<range-in> ( 10 20 ]", kNumber, "10", false},
                    Row{"<range-in> ( 10 20 ]", kNumber, "11.5", true},
                    Row{"<or> 10 <or> 20", kNumber, "20.5", false}));

INSTANTIATE_TEST_SUITE_P(
    Texts, Hint,
    testing::Values(Row{"WD Blue", kText, "wd blue ", true}, Row{"WD", kText, "wd blue", false},
                    Row{"s== WD Blue", kText, "WD BLUE", true},
                    Row{"s!= WD", kText, "wd blue", true}, Row{"s< b", kText, "a", true},
                    Row{"s> b", kText, "a", false}, Row{"s<= b", kText, "b", true},
                    Row{"s>= b", kText, "b", true}, Row{"<in> lu", kText, "wd blue", true},
                    Row{"<in> xx", kText, "wd blue", false},
                    Row{"<or> sda <or> SDB x", kText, "sdb x", true},
                    Row{"<or> sda <or> sdb", kText, "sdc", false},
                    Row{"<all-in> a", kText, "a", true}, Row{"<all-in> a b", kText, "a", false},
                    Row{"samsung", kText, "Samsung", true}, Row{"s== s==", kText, "s==", true}));

TEST(HintTest, RefusesWhatDoesNotFitTogether) {
    for (auto bad : {"", ">= ", "<all-in> ", ">= ten", "<range-in> 1 2", "<range-in> [ a b ]"})
        EXPECT_THROW(HintTest::parse(bad, kNumber), InvalidValue) << bad;
    EXPECT_THROW(HintTest::parse("ten", kNumber), InvalidValue);
    EXPECT_THROW(HintTest::parse("<in> ", kText), InvalidValue);
}

Disk disk(std::string name, std::uint64_t gib) {
    Disk made;
    made.name = std::move(name);
    made.size = gib * kGiB;
    return made;
}

Json node_with_hints(JsonObject hints) {
    return JsonObject{{"properties", JsonObject{{"root_device", std::move(hints)}}}};
}

TEST(RootDisk, IsTheSmallestThatIsLargeEnough) {
    auto chosen = choose_root_disk(
        {disk("/dev/sda", 100), disk("/dev/sdb", 3), disk("/dev/sdd", 20), disk("/dev/sdc", 20)},
        nullptr, 4 * kGiB);
    EXPECT_EQ(chosen.name, "/dev/sdc");
    EXPECT_THROW(choose_root_disk({disk("/dev/sdb", 3)}, nullptr, 4 * kGiB), AgentError);
    EXPECT_EQ(choose_root_disk({disk("/dev/sdb", 3)}, nullptr, 1 * kGiB).name, "/dev/sdb");
}

TEST(RootDisk, IsTheFirstThatMatchesAllHints) {
    auto a = disk("/dev/sda", 100);
    auto b = disk("/dev/sdb", 200);
    b.rotational = true;
    b.serial = "S1";
    auto c = b;
    c.name = "/dev/sdc";
    auto node = node_with_hints({{"rotational", true}, {"size", 200}, {"serial", "s1"}});
    EXPECT_EQ(choose_root_disk({a, b, c}, node, 4 * kGiB).name, "/dev/sdb");
    EXPECT_EQ(choose_root_disk({a, b}, node_with_hints({{"rotational", "no"}}), 0).name,
              "/dev/sda");
    EXPECT_THROW(choose_root_disk({a}, node, 0), AgentError);
}

TEST(RootDisk, HintsOfTheInstanceWinOverThoseOfTheNode) {
    auto node = node_with_hints({{"name", "/dev/sda"}});
    node.as_object()["instance_info"] =
        JsonObject{{"root_device", JsonObject{{"name", "/dev/sdb"}}}};
    EXPECT_EQ(choose_root_disk({disk("/dev/sda", 9), disk("/dev/sdb", 9)}, node, 0).name,
              "/dev/sdb");
}

TEST(RootDisk, AWwnMatchesWithAndWithoutExtension) {
    auto a = disk("/dev/sda", 9);
    a.wwn = "0x600508b1001c1f7e3d8b5e7a0c1d2e3f";
    a.wwn_base = "0x600508b1001c1f7e";
    EXPECT_EQ(choose_root_disk({a}, node_with_hints({{"wwn", "0x600508b1001c1f7e"}}), 0).name,
              a.name);
    EXPECT_EQ(choose_root_disk({a}, node_with_hints({{"wwn", *a.wwn}}), 0).name, a.name);
}

TEST(RootDisk, AMissingAttributeIsCalledNone) {
    auto a = disk("/dev/sda", 9);
    EXPECT_NO_THROW(choose_root_disk({a}, node_with_hints({{"model", "none"}}), 0));
    EXPECT_NO_THROW(choose_root_disk({a}, node_with_hints({{"model", "s!= x"}}), 0));
}

TEST(RootDisk, UnknownHintsFindNothing) {
    EXPECT_THROW(choose_root_disk({disk("/dev/sda", 9)}, node_with_hints({{"colour", "red"}}), 0),
                 AgentError);
}

TEST(RootDisk, IsNeverOneOfTheSkipList) {
    Json node = JsonObject{
        {"properties",
         JsonObject{{"skip_block_devices", JsonArray{JsonObject{{"name", "/dev/sda"}},
                                                     JsonObject{{"volume_name", "keep"}}}}}}};
    EXPECT_EQ(choose_root_disk({disk("/dev/sda", 5), disk("/dev/sdb", 9)}, node, 0).name,
              "/dev/sdb");
    EXPECT_EQ(without_skipped({disk("/dev/sda", 5), disk("/dev/sdb", 9)}, node).size(), 1u);
}

}  // namespace
}  // namespace ferrite::agent
