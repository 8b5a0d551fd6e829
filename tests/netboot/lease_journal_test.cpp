#include "netboot/lease_journal.h"

#include <fstream>
#include <memory>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "netboot/fakes.h"

namespace ferrite::netboot {
namespace {

using namespace std::chrono_literals;

class LeaseJournalTest : public testing::Test {
protected:
    LeaseJournalTest() {
        std::string pattern = testing::TempDir() + "leases-XXXXXX";
        directory_ = ::mkdtemp(pattern.data());
        path_ = directory_ / "dhcp.leases";
    }
    ~LeaseJournalTest() override { std::filesystem::remove_all(directory_); }

    static DhcpLease lease(std::uint8_t number, std::string hostname = "") {
        return {.mac = MacAddress({2, 0, 0, 0, 0, number}),
                .address = IpAddress::v4(0x0a000000u + number),
                .expires = now_seconds() + 1h + std::chrono::seconds(number),
                .hostname = std::move(hostname)};
    }
    std::vector<DhcpLease> stored() { return LeaseJournal(path_).load(); }
    std::string content() {
        std::ostringstream text;
        text << std::ifstream(path_).rdbuf();
        return text.str();
    }
    void write(std::string_view text) { std::ofstream(path_, std::ios::trunc) << text; }

    std::filesystem::path directory_;
    std::filesystem::path path_;
};

TEST_F(LeaseJournalTest, KeepsTheLastWordOnEachMachine) {
    auto renewed = lease(1, "node-1");
    renewed.expires += 1h;
    {
        LeaseJournal journal(path_);
        EXPECT_TRUE(journal.load().empty());
        journal.save(lease(1));
        journal.save(lease(2));
        journal.save(renewed);
        journal.erase(lease(2).mac);
        journal.erase(lease(3).mac);  // was never there
        journal.save(lease(4));
    }
    EXPECT_THAT(stored(), testing::ElementsAre(renewed, lease(4)));
}

TEST_F(LeaseJournalTest, SurvivesACutAnywhere) {
    {
        LeaseJournal journal(path_);
        journal.save(lease(1));
        journal.save(lease(2));
    }
    auto whole = content();
    auto first_line = whole.find('\n') + 1;
    for (auto size = first_line; size < whole.size(); ++size) {
        write(whole.substr(0, size));
        {
            LeaseJournal journal(path_);
            ASSERT_EQ(journal.load().size(), 1u) << size;
            journal.save(lease(3));
        }
        ASSERT_THAT(stored(), testing::SizeIs(2)) << "what follows the cut is whole, " << size;
    }
}

TEST_F(LeaseJournalTest, LeavesOutDamagedLines) {
    {
        LeaseJournal journal(path_);
        journal.save(lease(1));
        journal.save(lease(2));
    }
    auto text = content();
    text[text.find("10.0.0.1")] = '9';
    write(text + "nonsense\n\nlease a b c d 00000000\n");
    EXPECT_THAT(stored(), testing::ElementsAre(lease(2)));
}

TEST_F(LeaseJournalTest, IsRewrittenWhenMostOfItIsHistory) {
    {
        LeaseJournal journal(path_);
        auto expired = lease(9);
        expired.expires = Timestamp{};
        journal.save(expired);
        for (int round = 0; round < 1200; ++round) journal.save(lease(round % 3));
        EXPECT_LT(journal.line_count(), 1100u);
        EXPECT_EQ(journal.load().size(), 3u);
    }
    EXPECT_EQ(stored().size(), 3u);
    EXPECT_FALSE(std::filesystem::exists(path_.string() + ".new"));
}

TEST_F(LeaseJournalTest, BelongsToOneProcess) {
    LeaseJournal first(path_);
    EXPECT_THROW(LeaseJournal{path_}, Error);
}

TEST_F(LeaseJournalTest, NamesTheFileItCannotOpen) {
    try {
        LeaseJournal journal(directory_ / "absent" / "dhcp.leases");
        FAIL();
    } catch (const Error& error) {
        EXPECT_THAT(error.message(), testing::HasSubstr("absent/dhcp.leases"));
    }
}

TEST_F(LeaseJournalTest, KeepsHostNamesToOneWord) {
    LeaseJournal(path_).save(lease(1, "bad name\nlease x"));
    EXPECT_EQ(stored().at(0).hostname, "badnameleasex");
}

}  // namespace
}  // namespace ferrite::netboot
