#include "conductor/operations_kit.h"

namespace ferrite::conductor {
namespace {

/// Ends the process while the hardware is at a call, each in turn, and starts it again: the call is
/// made a second time, and the operation comes to its end.
class KilledAtEveryCall : public EveryOperation {};

TEST_P(KilledAtEveryCall, EndsWhereItWouldHaveEnded) {
    auto calls = undisturbed().calls;
    ASSERT_FALSE(calls.empty());
    for (const auto& call : calls) {
        SCOPED_TRACE(call);
        script.forget_calls();
        auto uuid = prepared();
        script.close(call);
        runtime->spawn("request", request(uuid));
        ASSERT_TRUE(eventually([&] { return script.called(call); }));
        bool begun = !node(uuid).in_state(GetParam().from) || node(uuid).target_power_state;
        kill();
        script.open(call);
        start();
        EXPECT_TRUE(is_released(uuid));
        if (!begun) continue;
        EXPECT_TRUE(eventually([&] { return at_rest(uuid); })) << state(uuid);
        EXPECT_GE(std::ranges::count(script.calls(), call), 2);
        EXPECT_EQ(last_error(uuid), "");
    }
}

INSTANTIATE_FOR_EVERY_OPERATION(KilledAtEveryCall);

}  // namespace
}  // namespace ferrite::conductor
