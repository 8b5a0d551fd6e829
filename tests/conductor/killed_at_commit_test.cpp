#include "conductor/operations_kit.h"

namespace ferrite::conductor {
namespace {

/// Ends the process, as far as the database can tell, behind each commit of an operation in turn,
/// and starts it again. Nothing may be left undone, half done or locked.
class KilledAtEveryCommit : public EveryOperation {};

TEST_P(KilledAtEveryCommit, EndsAsIfNothingHadHappened) {
    auto whole = undisturbed();
    ASSERT_GE(whole.commits, 3u);
    for (std::size_t last = 1; last <= whole.commits; ++last) {
        SCOPED_TRACE(last);
        script.forget_calls();
        auto uuid = prepared();
        auto end = store->commits() + last;
        store->end_after(end);
        runtime->spawn("request", request(uuid));
        ASSERT_TRUE(eventually([&] { return store->commits() >= end; }));
        kill();
        start();
        // The first commit is that of the lock: what was not begun was not accepted.
        if (last == 1) {
            EXPECT_TRUE(is_released(uuid));
            EXPECT_EQ(state(uuid), GetParam().from);
            EXPECT_TRUE(script.calls().empty());
            continue;
        }
        EXPECT_TRUE(eventually([&] {
            return at_rest(uuid) && std::ranges::all_of(whole.calls, [&](const std::string& call) {
                       return script.called(call);
                   });
        })) << "state "
            << state(uuid) << ", done " << testing::PrintToString(script.calls());
        EXPECT_EQ(last_error(uuid), "");
    }
    EXPECT_EQ(errors_in_history(), 0);
}

INSTANTIATE_FOR_EVERY_OPERATION(KilledAtEveryCommit);

}  // namespace
}  // namespace ferrite::conductor
