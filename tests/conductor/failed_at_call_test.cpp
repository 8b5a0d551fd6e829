#include "conductor/operations_kit.h"

namespace ferrite::conductor {
namespace {

/// Lets the hardware fail at each call of an operation in turn, and then ends the process while the
/// failure is being cleaned up, at each call of that in turn: the node ends as after the failure
/// alone.
class FailedAtEveryCall : public EveryOperation {
protected:
    /// Nobody works on it; all states of work are participles.
    bool idle(const std::string& uuid) {
        auto now = node(uuid);
        return !now.provision_state.value_or("").ends_with("ing") && !now.reservation &&
               !now.target_power_state;
    }

    /// In words, in which every node has the same name.
    std::string end_of(const std::string& uuid) {
        EXPECT_TRUE(eventually([&] { return idle(uuid); })) << state(uuid);
        auto now = node(uuid);
        auto error = now.last_error.value_or("");
        for (auto at = error.find(uuid); at != error.npos; at = error.find(uuid))
            error.replace(at, uuid.size(), "UUID");
        return fmt::format("{}, maintenance {}, fault '{}', error '{}'",
                           now.provision_state.value_or(""), now.maintenance,
                           now.fault.value_or(""), error);
    }
};

TEST_P(FailedAtEveryCall, EndsAlikeHoweverOftenItIsCleanedUp) {
    auto calls = undisturbed().calls;
    for (const auto& call : calls) {
        SCOPED_TRACE("failing: " + call);
        script.fail(call, "it is broken");
        script.forget_calls();
        auto first = prepared();
        bool accepted = status_of(request(first)) == 0;
        auto alone = end_of(first);
        if (accepted) EXPECT_NE(last_error(first), "");
        auto made = script.calls();
        auto clean_up = each_once({std::ranges::find(made, call) + 1, made.end()});
        for (const auto& last : accepted ? clean_up : std::vector<std::string>()) {
            SCOPED_TRACE("killed at: " + last);
            script.forget_calls();
            script.close(last);
            auto uuid = prepared();
            runtime->spawn("request", request(uuid));
            ASSERT_TRUE(eventually([&] { return script.called(last); }));
            kill();
            script.open(last);
            start();
            EXPECT_EQ(end_of(uuid), alone);
        }
        script.mend(call);
    }
}

INSTANTIATE_FOR_EVERY_OPERATION(FailedAtEveryCall);

}  // namespace
}  // namespace ferrite::conductor
