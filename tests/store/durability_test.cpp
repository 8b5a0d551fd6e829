#include <csignal>
#include <random>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include "store/store_fixture.h"

// kill -9 at any moment: what the store has said to be stored is there afterwards.

namespace ferrite::store {
namespace {

/// A row that the child was told is stored.
struct Report {
    std::uint32_t round;
    std::uint32_t thread;
    std::uint32_t number;
};

std::string name_of(const Report& report) {
    return "r" + std::to_string(report.round) + "-" + std::to_string(report.thread) + "-" +
           std::to_string(report.number);
}

/// Writes nodes from several threads, so that commits are grouped, and reports each one. Never
/// returns; ends the process when it can not go on.
[[noreturn]] void write_until_killed(const std::string& path, std::uint32_t round, int pipe) {
    try {
        Store store({.path = path});
        auto writer = [&](std::uint32_t thread) {
            for (std::uint32_t number = 0;; ++number) {
                Report report{round, thread, number};
                store.write_now([&](Sql& db) {
                    model::Node node;
                    node.uuid = new_uuid();
                    node.name = name_of(report);
                    node.driver = "fake-hardware";
                    nodes::insert(db, node);
                    node.description = "two statements, one transaction";
                    nodes::save(db, nodes::get(db, node.uuid), node);
                });
                // Shorter than PIPE_BUF: reports of different threads do not mix.
                if (write(pipe, &report, sizeof report) != sizeof report) _exit(3);
            }
        };
        std::thread others[] = {std::thread(writer, 1), std::thread(writer, 2)};
        writer(0);
    } catch (...) {
        _exit(4);
    }
    _exit(5);
}

class Durability : public testing::Test {
protected:
    ~Durability() override { std::filesystem::remove_all(directory_); }

    /// Starts a writer, kills it after some reports and a little longer, and returns every report
    /// that had left it.
    std::vector<Report> killed_writer(std::uint32_t round, std::mt19937& random) {
        int ends[2];
        if (pipe(ends) != 0) return {};
        pid_t child = fork();
        if (child == 0) {
            close(ends[0]);
            write_until_killed(path_, round, ends[1]);
        }
        close(ends[1]);
        auto enough = std::uniform_int_distribution<std::size_t>(0, 60)(random);
        auto longer =
            std::chrono::microseconds(std::uniform_int_distribution<int>(0, 3000)(random));
        std::vector<Report> reports;
        Report report;
        auto next = [&] { return ::read(ends[0], &report, sizeof report) == sizeof report; };
        while (reports.size() < enough && next()) reports.push_back(report);
        auto end = std::chrono::steady_clock::now() + longer;
        while (std::chrono::steady_clock::now() < end) {
        }
        kill(child, SIGKILL);
        while (next()) reports.push_back(report);
        close(ends[0]);
        int status = 0;
        EXPECT_EQ(waitpid(child, &status, 0), child);
        EXPECT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself: " << WEXITSTATUS(status);
        return reports;
    }

    std::string directory_ = [] {
        std::string pattern = std::filesystem::temp_directory_path() / "ferrite-kill-XXXXXX";
        return std::string(mkdtemp(pattern.data()));
    }();
    std::string path_ = directory_ + "/db";
};

TEST_F(Durability, WhatWasReportedSurvivesKill) {
    SKIP_UNLESS_SQLITE("servers are not killed with us");
    std::mt19937 random(20260214);
    std::vector<Report> reported;
    for (std::uint32_t round = 0; round < 20; ++round) {
        auto reports = killed_writer(round, random);
        reported.insert(reported.end(), reports.begin(), reports.end());
        Store store({.path = path_});
        store.read([&](Sql& db) {
            for (const auto& report : reported) {
                auto node = nodes::find(db, name_of(report));
                ASSERT_TRUE(node) << name_of(report) << " is lost after round " << round;
                ASSERT_EQ(node->description, "two statements, one transaction");
            }
            Query check(db, "PRAGMA integrity_check");
            ASSERT_TRUE(check.step());
            ASSERT_EQ(check.text(0), "ok");
            Query half(db, "SELECT count(*) FROM nodes WHERE description IS NULL");
            ASSERT_TRUE(half.step());
            ASSERT_EQ(half.integer(0), 0) << "half a transaction was stored";
        });
        if (HasFatalFailure()) return;
    }
    EXPECT_GT(reported.size(), 100U);
}

}  // namespace
}  // namespace ferrite::store
