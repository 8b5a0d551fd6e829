#include "ipmi/session.h"

#include <atomic>
#include <optional>

#include <gtest/gtest.h>

#include "ipmi/udp_bmc.h"

namespace ferrite::ipmi {
namespace {

/// Runs one coroutine on the runtime and brings its result to the test's thread.
template <typename T>
Task<> store(Task<T> work, std::optional<T>* result) {
    result->emplace(co_await std::move(work));
}

struct SessionTest : testing::Test {
    template <typename T>
    T wait(Task<T> work) {
        std::optional<T> result;
        runtime.run(store(std::move(work), &result));
        return std::move(*result);
    }
    void wait(Task<> work) { runtime.run(std::move(work)); }

    template <typename T>
    std::optional<Reason> reason_of(Task<T> work) {
        try {
            wait(std::move(work));
            return {};
        } catch (const Error& error) {
            return error.reason();
        }
    }

    Runtime runtime{{.threads = 2, .name = "ipmi-test"}};
    UdpBmc bmc{runtime, bmc_options()};
    Transport transport{runtime};
};

TEST_F(SessionTest, DoesEverythingADriverNeeds) {
    Session session(transport, bmc.client());
    EXPECT_EQ(wait(session.power_state()), PowerState::off);
    wait(session.power(PowerAction::on));
    EXPECT_EQ(wait(session.power_state()), PowerState::on);
    wait(session.power(PowerAction::reset));

    wait(session.disable_boot_timeout());
    wait(session.set_boot_device(BootDevice::pxe, Persistence::all_boots, Firmware::uefi));
    auto setting = wait(session.boot_device());
    EXPECT_TRUE(setting.valid);
    EXPECT_EQ(setting.device, BootDevice::pxe);
    EXPECT_EQ(setting.persistence, Persistence::all_boots);
    EXPECT_EQ(setting.firmware, Firmware::uefi);
    EXPECT_EQ(bmc.with([](FakeBmc& b) { return b.chassis.boot_option(3); }), Bytes{0x08});

    EXPECT_EQ(wait(session.device_id()).ipmi_version, "2.0");
    EXPECT_EQ(wait(session.raw(kNetFnApp, 0x04, {})), (Bytes{0x55, 0x00}));
}

TEST_F(SessionTest, CloseFreesTheSlotAndTheNextCommandOpensAgain) {
    Session session(transport, bmc.client());
    wait(session.power_state());
    EXPECT_EQ(bmc.with([](FakeBmc& b) { return b.protocol.session_count(); }), 1u);
    wait(session.close());
    wait(session.power_state());
    EXPECT_EQ(bmc.with([](FakeBmc& b) { return b.protocol.session_count(); }), 1u);
}

TEST_F(SessionTest, DestructionTakesTheSessionOut) {
    {
        Session session(transport, bmc.client());
        wait(session.power_state());
        EXPECT_EQ(transport.session_count(), 1u);
    }
    EXPECT_EQ(transport.session_count(), 0u);
}

TEST_F(SessionTest, RefusalsAndWrongPasswordsAreErrors) {
    Session session(transport, bmc.client());
    EXPECT_EQ(reason_of(session.raw(0x2E, 0x77, {})), Reason::refused);
    auto options = bmc.client();
    options.password = Secret("wrong");
    Session stranger(transport, options);
    EXPECT_EQ(reason_of(stranger.power_state()), Reason::bad_password);
}

TEST_F(SessionTest, MoreDataThanFitsIsRefusedHere) {
    Session session(transport, bmc.client());
    EXPECT_THROW(wait(session.raw(kNetFnApp, 0x04, Bytes(kMostData + 1))), InvalidValue);
    EXPECT_EQ(reason_of(session.raw(kNetFnChassis, 0x77, Bytes(kMostData))), Reason::refused);
}

TEST_F(SessionTest, NobodyThereIsNoAnswer) {
    auto options = bmc.client();
    options.port = 9;  // discard: nobody listens
    options.timeout = 300ms;
    Session session(transport, options);
    EXPECT_EQ(reason_of(session.power_state()), Reason::no_answer);
}

TEST_F(SessionTest, AnUnknownNameSaysSo) {
    auto options = bmc.client();
    options.host = "no-such-host.invalid";
    Session session(transport, options);
    try {
        wait(session.power_state());
        ADD_FAILURE();
    } catch (const Error& error) {
        EXPECT_EQ(error.reason(), Reason::no_answer);
        EXPECT_NE(error.message().find("name resolution"), std::string::npos) << error.message();
    }
}

TEST_F(SessionTest, ATransportThatGoesAwayFailsWhatWaits) {
    auto local = std::make_unique<Transport>(runtime);
    auto options = bmc.client();
    options.port = 9;
    Session session(*local, options);
    auto asked = std::make_shared<Signal>();
    auto done = std::make_shared<Signal>();
    auto reason = std::make_shared<std::optional<Reason>>();
    auto ask = [](Task<PowerState> work, std::shared_ptr<Signal> start, std::shared_ptr<Signal> end,
                  std::shared_ptr<std::optional<Reason>> why) -> Task<> {
        start->set();
        try {
            co_await std::move(work);
        } catch (const Error& error) {
            *why = error.reason();
        }
        end->set();
    };
    runtime.spawn("ask", ask(session.power_state(), asked, done, reason));
    wait(asked->wait_for(1min));
    local.reset();
    EXPECT_TRUE(wait(done->wait_for(1min)));
    EXPECT_EQ(*reason, Reason::closed);
    EXPECT_EQ(reason_of(session.power_state()), Reason::closed);
}

/// A poll that goes on beside the test, and how it ended.
struct Poll {
    std::shared_ptr<Signal> done = std::make_shared<Signal>();
    std::shared_ptr<std::optional<PowerState>> state =
        std::make_shared<std::optional<PowerState>>();

    static Task<> run(Poll poll, Task<PowerState> work) {
        try {
            *poll.state = co_await std::move(work);
        } catch (const ferrite::Error&) {
            // The state stays empty.
        }
        poll.done->set();
    }
    static Task<PowerState> switch_on(Session* session) {
        co_await session->power(PowerAction::on);
        co_return PowerState::on;
    }
};

TEST_F(SessionTest, AUsersCommandOvertakesPollsOfABmcThatIsSlowToAnswer) {
    auto options = bmc.client();
    options.timeout = 1min;
    Session session(transport, options);
    wait(session.power_state());
    bmc.set_mute(true);
    std::vector<Poll> polls(3);
    for (auto& poll : polls)
        runtime.spawn("poll", Poll::run(poll, session.power_state(Urgency::poll)));
    wait(sleep_for(50ms));
    Poll user;
    runtime.spawn("user", Poll::run(user, Poll::switch_on(&session)));
    wait(sleep_for(300ms));
    bmc.set_mute(false);
    EXPECT_TRUE(wait(user.done->wait_for(1min)));
    for (auto& poll : polls) {
        EXPECT_TRUE(wait(poll.done->wait_for(1min)));
        EXPECT_EQ(*poll.state, PowerState::on) << "they came behind it";
    }
}

TEST_F(SessionTest, ASilentBmcIsPolledNoMoreUntilItAnswersAUser) {
    auto options = bmc.client();
    options.timeout = 50ms;
    options.breaker = {.silences = 2, .first_rest = 1h};
    Session session(transport, options);
    bmc.set_mute(true);
    for (int i = 0; i < 2; ++i)
        EXPECT_EQ(reason_of(session.power_state(Urgency::poll)), Reason::no_answer);
    EXPECT_THROW(wait(session.power_state(Urgency::poll)), CircuitOpen);
    EXPECT_EQ(reason_of(session.power_state()), Reason::no_answer) << "a user gets through";
    bmc.set_mute(false);
    EXPECT_THROW(wait(session.power_state(Urgency::poll)), CircuitOpen);
    for (int i = 0; i < 100 && reason_of(session.power_state()); ++i) {
    }
    EXPECT_NO_THROW((void)reason_of(session.power_state(Urgency::poll)));
}

/// What the many sessions of the next test count down together.
struct Tally {
    explicit Tally(int count) : left(count) {}
    std::atomic<int> left;
    std::atomic<int> failures = 0;
    Signal all_done;
};

Task<> use(std::shared_ptr<Session> session, std::shared_ptr<Tally> tally) {
    try {
        co_await session->power(PowerAction::on);
        if (co_await session->power_state() != PowerState::on) ++tally->failures;
    } catch (const Error& error) {
        if (++tally->failures == 1) ADD_FAILURE() << "the first of the failures: " << error.what();
    }
    if (--tally->left == 0) tally->all_done.set();
}

TEST(ManySessions, TwoThousandRunOnOneThread) {
    constexpr int kSessions = 2000;
    constexpr int kBmcs = 16;
    Runtime runtime({.threads = 1, .name = "ipmi-one"});
    auto options = bmc_options();
    options.max_sessions = kSessions;
    std::vector<std::unique_ptr<UdpBmc>> bmcs;
    for (int i = 0; i < kBmcs; ++i) bmcs.push_back(std::make_unique<UdpBmc>(runtime, options));

    Transport transport(runtime);
    std::vector<std::shared_ptr<Session>> sessions;
    auto tally = std::make_shared<Tally>(kSessions);
    for (int i = 0; i < kSessions; ++i) {
        auto client = bmcs[static_cast<std::size_t>(i % kBmcs)]->client();
        client.retry_interval = 1s;
        client.timeout = 5min;  // a loaded machine under a sanitizer
        client.idle_timeout = 5min;
        sessions.push_back(std::make_shared<Session>(transport, client));
        runtime.spawn("use", use(sessions.back(), tally));
    }
    std::optional<bool> done;
    runtime.run(store(tally->all_done.wait_for(10min), &done));
    EXPECT_TRUE(*done);
    EXPECT_EQ(tally->failures, 0);
    EXPECT_EQ(transport.session_count(), static_cast<std::size_t>(kSessions));
    std::size_t open = 0;
    for (auto& bmc : bmcs) open += bmc->with([](FakeBmc& b) { return b.protocol.session_count(); });
    EXPECT_GE(open, static_cast<std::size_t>(kSessions));
}

}  // namespace
}  // namespace ferrite::ipmi
