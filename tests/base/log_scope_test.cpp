#include "base/log_scope.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>

#include "base/completion.h"
#include "base/log.h"
#include "base/runtime.h"

namespace ferrite {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class LogScopeTest : public testing::Test {
protected:
    LogScopeTest() { configure_log(LogLevel::info, path_); }
    ~LogScopeTest() override {
        configure_log(LogLevel::info);
        std::filesystem::remove(path_);
    }
    std::string written() const {
        std::ostringstream text;
        text << std::ifstream(path_).rdbuf();
        return text.str();
    }

    std::string path_ = testing::TempDir() + "ferrite_log_scope_test_" +
                        testing::UnitTest::GetInstance()->current_test_info()->name();
    Runtime runtime_{{.threads = 4, .name = "scope"}};
};

Task<> say(std::string what) {
    log_info("SAID", "what={}", what);
    co_return;
}

Task<> wait_and_say(std::string what, Completion done) {
    co_await say(what + "-begins");
    co_await sleep_for(1ms);
    log_info("SAID", "what={}-slept", what);
    co_await done.wait();
    log_info("SAID", "what={}-ends", what);
}

TEST_F(LogScopeTest, ABlockHasItsWords) {
    {
        std::string words = "request=r1";
        LogScope scope(words);
        EXPECT_EQ(log_words(), "request=r1");
        log_info("INSIDE", "x=1");
    }
    log_info("OUTSIDE", "x=2");
    EXPECT_EQ(log_words(), "");
    EXPECT_THAT(written(), HasSubstr(" INFO INSIDE x=1 request=r1\n"));
    EXPECT_THAT(written(), HasSubstr(" INFO OUTSIDE x=2\n"));
}

TEST_F(LogScopeTest, WordsFollowACoroutineOverItsThreads) {
    constexpr int kMany = 50;
    auto together = [](Runtime* runtime) -> Task<> {
        std::vector<std::shared_ptr<Signal>> ended;
        for (int i = 0; i < kMany; ++i) {
            auto name = std::to_string(i);
            Completion done;
            auto over = std::make_shared<Signal>();
            ended.push_back(over);
            auto one = [](std::string n, Completion d, std::shared_ptr<Signal> o) -> Task<> {
                co_await with_log_words("request=r" + n + ".", wait_and_say(n, d));
                log_info("AFTER", "what={}", n);
                o->set();
            };
            runtime->spawn("one", one(name, done, over));
            runtime->spawn("other", [](Completion d) -> Task<> {
                co_await sleep_for(2ms);
                d.complete();
            }(done));
        }
        for (auto& each : ended) EXPECT_TRUE(co_await each->wait_for(60s));
    };
    runtime_.run(together(&runtime_));
    auto text = written();
    for (int i = 0; i < kMany; ++i)
        for (auto part : {"begins", "slept", "ends"})
            EXPECT_THAT(text, HasSubstr(fmt::format("SAID what={0}-{1} request=r{0}.\n", i, part)));
}

TEST_F(LogScopeTest, SpawnedWorkGetsTheWordsThatItIsHanded) {
    auto parent = [](Runtime* runtime, std::shared_ptr<Signal> over) -> Task<> {
        auto child = [](std::shared_ptr<Signal> o) -> Task<> {
            co_await say("child");
            o->set();
        };
        runtime->spawn("child", with_log_words(log_words(), child(over)));
        co_return;
    };
    auto over = std::make_shared<Signal>();
    runtime_.run(with_log_words("request=p", parent(&runtime_, over)));
    runtime_.run([](std::shared_ptr<Signal> signal) -> Task<> {
        EXPECT_TRUE(co_await signal->wait_for(60s));
    }(over));
    EXPECT_THAT(written(), HasSubstr("SAID what=child request=p\n"));
}

TEST_F(LogScopeTest, NoWordsAndFailuresPass) {
    runtime_.run(with_log_words("", say("plain")));
    EXPECT_THAT(written(), HasSubstr("what=plain\n"));
    auto fails = []() -> Task<> {
        co_await sleep_for(1ms);
        throw std::runtime_error("no");
    };
    EXPECT_THROW(runtime_.run(with_log_words("request=f", fails())), std::runtime_error);
}

}  // namespace
}  // namespace ferrite
