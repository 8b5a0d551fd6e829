#include "hardware/raid_config.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace ferrite::hardware {
namespace {

JsonObject config(std::string_view disks) {
    return parse_json("{\"logical_disks\":" + std::string(disks) + "}").as_object();
}

class GoodRaid : public testing::TestWithParam<const char*> {};
TEST_P(GoodRaid, IsTaken) {
    EXPECT_NO_THROW(check_raid_config(config(GetParam())));
}
INSTANTIATE_TEST_SUITE_P(
    LogicalDisks, GoodRaid,
    testing::Values(
        R"([{"size_gb":0,"raid_level":"JBOD"}])", R"([{"size_gb":"MAX","raid_level":"6+0"}])",
        R"([{"size_gb":1,"raid_level":"1","is_root_volume":true},{"size_gb":1,"raid_level":"0"}])",
        R"([{"size_gb":1,"raid_level":"5","volume_name":"v","share_physical_disks":false,
             "disk_type":"ssd","interface_type":"sas","number_of_physical_disks":3,
             "controller":"c","physical_disks":["a",{"size":">= 100"}]}])"));

class BadRaid : public testing::TestWithParam<const char*> {};
TEST_P(BadRaid, IsRefused) {
    EXPECT_THROW(check_raid_config(config(GetParam())), InvalidValue);
}
INSTANTIATE_TEST_SUITE_P(
    LogicalDisks, BadRaid,
    testing::Values("[]", "{}", "null", R"("x")", "[5]", R"([{"raid_level":"1"}])",
                    R"([{"size_gb":1}])", R"([{"size_gb":-1,"raid_level":"1"}])",
                    R"([{"size_gb":1.5,"raid_level":"1"}])",
                    R"([{"size_gb":"max","raid_level":"1"}])",
                    R"([{"size_gb":"10","raid_level":"1"}])", R"([{"size_gb":1,"raid_level":1}])",
                    R"([{"size_gb":1,"raid_level":"3"}])",
                    R"([{"size_gb":1,"raid_level":"1","nope":1}])",
                    R"([{"size_gb":1,"raid_level":"1","volume_name":7}])",
                    R"([{"size_gb":1,"raid_level":"1","is_root_volume":"true"}])",
                    R"([{"size_gb":1,"raid_level":"1","share_physical_disks":null}])",
                    R"([{"size_gb":1,"raid_level":"1","disk_type":"tape"}])",
                    R"([{"size_gb":1,"raid_level":"1","interface_type":"nvme"}])",
                    R"([{"size_gb":1,"raid_level":"1","number_of_physical_disks":0}])",
                    R"([{"size_gb":1,"raid_level":"1","controller":[]}])",
                    R"([{"size_gb":1,"raid_level":"1","physical_disks":["a"]}])",
                    R"([{"size_gb":1,"raid_level":"1","controller":"c","physical_disks":"a"}])",
                    R"([{"size_gb":1,"raid_level":"1","controller":"c","physical_disks":[1]}])",
                    R"([{"size_gb":1,"raid_level":"1","is_root_volume":true},
            {"size_gb":1,"raid_level":"0","is_root_volume":true}])"));

TEST(RaidConfig, HasLogicalDisksAndNothingElse) {
    EXPECT_THROW(check_raid_config({}), InvalidValue);
    auto more = config(R"([{"size_gb":1,"raid_level":"1"}])");
    more["nope"] = 1;
    EXPECT_THROW(check_raid_config(more), InvalidValue);
}

TEST(RaidConfig, EachMemberOfALogicalDiskIsExplained) {
    auto properties = logical_disk_properties();
    EXPECT_EQ(properties.size(), 10u);
    for (auto name : {"raid_level", "size_gb"})
        EXPECT_TRUE(properties.at(name).ends_with("Required.")) << name;
    EXPECT_TRUE(properties.at("controller").ends_with("Optional."));
}

}  // namespace
}  // namespace ferrite::hardware
