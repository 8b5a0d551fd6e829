#include "base/time.h"

#include <gtest/gtest.h>

namespace ferrite {
namespace {

using namespace std::chrono_literals;

Timestamp at(std::chrono::microseconds since_epoch) {
    return Timestamp(since_epoch);
}

TEST(Time, IsWrittenWithItsOffsetAndAFractionOnlyWhenThereIsOne) {
    EXPECT_EQ(to_text(at(1787250307s)), "2026-08-20T18:25:07+00:00");
    EXPECT_EQ(to_text(at(1787250307s + 45us)), "2026-08-20T18:25:07.000045+00:00");
    EXPECT_EQ(to_text(at(0s)), "1970-01-01T00:00:00+00:00");
    EXPECT_EQ(to_text(at(-1us)), "1969-12-31T23:59:59.999999+00:00");
}

TEST(Time, ReadsWhatItWrites) {
    for (auto time : {at(1787250307s), at(1787250307s + 123456us), at(951782400s), at(-1us)})
        EXPECT_EQ(parse_timestamp(to_text(time)), time) << to_text(time);
}

TEST(Time, ReadsNothingElse) {
    for (std::string_view text :
         {"", "2026-08-20", "2026-08-20T18:25:07", "2026-08-20T18:25:07Z",
          "2026-08-20 18:25:07+00:00", "2026-08-20T18:25:07+01:00", "2026-02-30T00:00:00+00:00",
          "2026-08-20T24:00:00+00:00", "2026-08-20T18:60:07+00:00", "2026-08-20T18:25:07.1+00:00",
          "2026-08-20T18:25:07+00:00 ", "2O26-08-20T18:25:07+00:00"}) {
        EXPECT_EQ(parse_timestamp(text), std::nullopt) << text;
    }
}

TEST(Time, NowHasNoFraction) {
    EXPECT_EQ(now_seconds().time_since_epoch() % 1s, 0us);
    EXPECT_GT(now_seconds(), at(1700000000s));
}

}  // namespace
}  // namespace ferrite
