#include "sim/faults.h"

#include <gmock/gmock.h>

#include "base/error.h"

namespace ferrite::sim {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

int count(const std::vector<Faults>& all, Fault fault) {
    return static_cast<int>(
        std::ranges::count_if(all, [&](const Faults& faults) { return faults.has(fault); }));
}

TEST(Quantities, DurationsHaveUnits) {
    EXPECT_EQ(parse_duration("50ms"), milliseconds(50));
    EXPECT_EQ(parse_duration("1.5s"), milliseconds(1'500));
    EXPECT_EQ(parse_duration("2m"), milliseconds(120'000));
    for (auto text : {"", "5", "s", "5 s", "-1s", "5d", "infs", "nans", "25h"})
        EXPECT_THAT([&] { parse_duration(text); },
                    ThrowsMessage<InvalidValue>(HasSubstr("is no duration")))
            << text;
}

TEST(Quantities, RangesAreDrawnWithinTheirBounds) {
    auto range = parse_duration_range("5s..20s");
    EXPECT_EQ(range, (DurationRange{milliseconds(5'000), milliseconds(20'000)}));
    EXPECT_EQ(parse_duration_range("50ms"), (DurationRange{milliseconds(50), milliseconds(50)}));
    EXPECT_THAT([] { parse_duration_range("2s..1s"); },
                ThrowsMessage<InvalidValue>(HasSubstr("ends before it begins")));
    Random random(7), again(7);
    for (int i = 0; i < 1000; ++i) {
        auto drawn = range.draw(random);
        EXPECT_GE(drawn, range.shortest);
        EXPECT_LE(drawn, range.longest);
        EXPECT_EQ(drawn, range.draw(again));
    }
}

TEST(FaultRules, NameKindMachinesAndDelay) {
    auto share = parse_fault_rule("slow-bmc=5%:3s");
    EXPECT_EQ(share.fault, Fault::slow_bmc);
    EXPECT_DOUBLE_EQ(share.share, 0.05);
    EXPECT_EQ(share.delay, milliseconds(3'000));
    auto numbers = parse_fault_rule("agent-crash=3,10-19");
    EXPECT_EQ(numbers.fault, Fault::agent_crash);
    EXPECT_THAT(numbers.ranges, ElementsAre(std::pair(3u, 3u), std::pair(10u, 19u)));
}

TEST(FaultRules, SayWhatTheyCannotBe) {
    const std::pair<const char*, const char*> cases[] = {
        {"deaf-bmc=1%", "There is no fault 'deaf-bmc'. There are: dead-bmc"},
        {"dead-bmc", "does not say which machines"},
        {"dead-bmc=", "does not say which machines"},
        {"dead-bmc=101%", "no share from 0% to 100%"},
        {"dead-bmc=x%", "no share from 0% to 100%"},
        {"dead-bmc=0", "no machine number"},
        {"dead-bmc=7-3", "end before they begin"},
        {"dead-bmc=1%:3s", "takes no delay"},
        {"slow-bmc=1%:3", "is no duration"},
    };
    for (auto [text, why] : cases)
        EXPECT_THAT([&] { parse_fault_rule(text); }, ThrowsMessage<InvalidValue>(HasSubstr(why)))
            << text;
}

TEST(FaultRules, EveryWordIsReadAsItIsWritten) {
    Faults all;
    for (const auto& row : fault_rows()) parse_fault(row.word, all);
    Faults again;
    for (const auto& word : all.words()) parse_fault(word, again);
    EXPECT_EQ(all.words(), again.words());
    EXPECT_EQ(all.words().size(), fault_rows().size());
    EXPECT_THAT(Faults().words(), IsEmpty());
}

TEST(FaultRules, SharesAreExactDisjointAndOfTheSeed) {
    std::vector<FaultRule> rules = {parse_fault_rule("dead-bmc=1%"),
                                    parse_fault_rule("slow-bmc=5%:1s")};
    auto faults = draw_faults(rules, 10'000, 42);
    EXPECT_EQ(count(faults, Fault::dead_bmc), 100);
    EXPECT_EQ(count(faults, Fault::slow_bmc), 500);
    for (const auto& one : faults)
        EXPECT_FALSE(one.has(Fault::dead_bmc) && one.has(Fault::slow_bmc));
    auto again = draw_faults(rules, 10'000, 42), other = draw_faults(rules, 10'000, 43);
    bool same = true, differs = false;
    for (std::size_t i = 0; i < faults.size(); ++i) {
        same = same && faults[i].words() == again[i].words();
        differs = differs || faults[i].words() != other[i].words();
    }
    EXPECT_TRUE(same);
    EXPECT_TRUE(differs);
}

TEST(FaultRules, NumbersCountFromOne) {
    auto faults = draw_faults({parse_fault_rule("stuck-bmc=2-3")}, 3, 1);
    EXPECT_FALSE(faults[0].has(Fault::stuck_bmc));
    EXPECT_TRUE(faults[1].has(Fault::stuck_bmc));
    EXPECT_TRUE(faults[2].has(Fault::stuck_bmc));
    EXPECT_THAT([] { draw_faults({parse_fault_rule("dead-bmc=4")}, 3, 1); },
                ThrowsMessage<InvalidValue>(HasSubstr("no machine 4 in a fleet of 3")));
}

}  // namespace
}  // namespace ferrite::sim
