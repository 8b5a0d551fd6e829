#include "base/process.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/runtime.h"

namespace ferrite {
namespace {

using namespace std::chrono_literals;

Task<> run_into(ProcessOptions options, ProcessResult* result) {
    *result = co_await run_process(std::move(options));
}

ProcessResult run(ProcessOptions options) {
    Runtime runtime({.threads = 1});
    ProcessResult result;
    runtime.run(run_into(std::move(options), &result));
    return result;
}

ProcessOptions shell(std::string script) {
    return {.argv = {"sh", "-c", std::move(script)}};
}

TEST(Process, GivesOutputAndExitCode) {
    auto result = run(shell("echo out; echo err >&2; exit 7"));
    EXPECT_EQ(result.exit_code, 7);
    EXPECT_EQ(result.output, "out\n");
    EXPECT_EQ(result.error_output, "err\n");
    EXPECT_FALSE(result.timed_out);
}

TEST(Process, WritesInputAndReadsAtTheSameTime) {
    std::string input(2 * 1024 * 1024, 'x');
    auto result = run({.argv = {"cat"}, .input = input, .max_output_bytes = 4 * 1024 * 1024});
    EXPECT_EQ(result.output, input);
    EXPECT_EQ(run({.argv = {"true"}, .input = input}).exit_code, 0);
    EXPECT_EQ(run({.argv = {"cat"}}).output, "");
}

TEST(Process, EnvironmentIsAddedAndReplaces) {
    setenv("PROCESS_TEST_OLD", "old", 1);
    setenv("PROCESS_TEST_KEPT", "kept", 1);
    auto options = shell("echo $PROCESS_TEST_OLD $PROCESS_TEST_NEW $PROCESS_TEST_KEPT");
    options.environment = {"PROCESS_TEST_OLD=changed", "PROCESS_TEST_NEW=new"};
    EXPECT_EQ(run(options).output, "changed new kept\n");
}

TEST(Process, TimeoutKillsTheWholeGroup) {
    auto options = shell("echo begun; sleep 600 & sleep 600");
    options.timeout = 200ms;
    auto result = run(options);
    EXPECT_TRUE(result.timed_out);
    EXPECT_EQ(result.exit_code, 128 + 9);
    EXPECT_EQ(result.output, "begun\n");
}

TEST(Process, WhatTheChildLeavesBehindDoesNotHoldUs) {
    auto result = run(shell("sleep 600 & echo done"));
    EXPECT_EQ(result.output, "done\n");
    EXPECT_EQ(result.exit_code, 0);
}

TEST(Process, OutputIsCapped) {
    auto options = shell("head -c 3000000 /dev/zero; echo end >&2");
    options.max_output_bytes = 1000;
    auto result = run(options);
    EXPECT_EQ(result.output.size(), 1000u);
    EXPECT_EQ(result.error_output, "end\n");
    EXPECT_EQ(result.exit_code, 0);
}

TEST(Process, MemoryIsLimited) {
    // dd wants a buffer of the size of a block.
    ProcessOptions options{.argv = {"dd", "if=/dev/zero", "of=/dev/null", "bs=512M", "count=1"}};
    EXPECT_EQ(run(options).exit_code, 0);
    options.memory_limit_bytes = 256 * 1024 * 1024;
    EXPECT_NE(run(options).exit_code, 0);
}

TEST(Process, SignalIsInTheExitCode) {
    EXPECT_EQ(run(shell("kill -TERM $$")).exit_code, 128 + 15);
}

TEST(Process, WhatCannotStartIsAnErrorThatNamesIt) {
    try {
        run({.argv = {"no-such-program-anywhere"}});
        FAIL();
    } catch (const Error& e) {
        EXPECT_NE(e.message().find("no-such-program-anywhere"), std::string::npos);
    }
    EXPECT_THROW(run({}), Error);
    ProcessOptions limited{.argv = {"no-such-program-anywhere"}, .memory_limit_bytes = 1 << 30};
    EXPECT_THROW(run(limited), Error);
}

TEST(Process, StoppedRuntimeKillsTheChild) {
    Runtime runtime({.threads = 1});
    static ProcessResult unused;
    runtime.spawn("sleep", run_into({.argv = {"sleep", "600"}}, &unused));
    runtime.run(run_into({.argv = {"true"}}, &unused));
    runtime.stop();
}

}  // namespace
}  // namespace ferrite
