#include "base/log.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>

#include "base/error.h"
#include "base/secret.h"

namespace ferrite {
namespace {

using testing::MatchesRegex;

class Log : public testing::Test {
protected:
    ~Log() override {
        configure_log(LogLevel::info);
        std::filesystem::remove(path_);
    }

    std::string written() const {
        std::ostringstream text;
        text << std::ifstream(path_).rdbuf();
        return text.str();
    }

    std::string path_ = testing::TempDir() + "ferrite_log_test_" +
                        testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(Log, WritesOneLineWithTimeLevelAndIdentifier) {
    configure_log(LogLevel::info, path_);
    log_info("NETBOOT_OFFER_SENT", "node={} port={}", "n1", 67);
    EXPECT_THAT(written(), MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\."
                                        "[0-9]{3}Z INFO NETBOOT_OFFER_SENT node=n1 port=67\n"));
}

TEST_F(Log, LeavesOutWhatIsBelowItsLevel) {
    configure_log(LogLevel::warning, path_);
    EXPECT_FALSE(log_enabled(LogLevel::info));
    log_debug("A", "x");
    log_info("B", "x");
    EXPECT_EQ(written(), "");
    log_error("C", "x");
    EXPECT_THAT(written(), MatchesRegex(".* ERROR C x\n"));
}

TEST_F(Log, TakesAnotherLevelWhileItIsOpen) {
    configure_log(LogLevel::info, path_);
    log_debug("A", "x");
    set_log_level(LogLevel::debug);
    log_debug("B", "x");
    EXPECT_THAT(written(), MatchesRegex(".* DEBUG B x\n"));
}

TEST_F(Log, TextCannotForgeALine) {
    configure_log(LogLevel::info, path_);
    log_warning("API_REQUEST", "path={}",
                "/v1\r\n2026-01-01T00:00:00.000Z INFO FORGED \x1b[2J\x7f");
    EXPECT_THAT(written(), MatchesRegex(".* WARNING API_REQUEST path=/v1\\\\r\\\\n2026-01-01T00:00:"
                                        "00.000Z INFO FORGED \\\\x1b.2J\\\\x7f\n"));
}

TEST_F(Log, BracesInTextAreOnlyText) {
    configure_log(LogLevel::info, path_);
    log_info("X", "{}", "{} {0} %v");
    EXPECT_THAT(written(), MatchesRegex(".* INFO X \\{\\} \\{0\\} %v\n"));
}

TEST_F(Log, SecretsStaySecret) {
    configure_log(LogLevel::info, path_);
    log_info("X", "password={}", Secret("hunter2"));
    EXPECT_THAT(written(), MatchesRegex(".* X password=.secret.\n"));
}

TEST_F(Log, SaysWhichFileCannotBeOpened) {
    try {
        configure_log(LogLevel::info, "/proc/no-such-directory/ferrite.log");
        FAIL() << "must not open";
    } catch (const Error& error) {
        EXPECT_THAT(error.message(), testing::HasSubstr("/proc/no-such-directory/ferrite.log"));
    }
}

}  // namespace
}  // namespace ferrite
