#include "store/writer.h"

#include <atomic>
#include <future>
#include <latch>

#include <gtest/gtest.h>

#include "base/error.h"
#include "store/dialect.h"

// The writer over a connection that fails where a test says so: what no server does on demand.

namespace ferrite::store {
namespace {

/// Runs nothing; `script` sees each statement and may fail it.
class Scripted final : public Sql {
public:
    using Script = std::function<void(Scripted&, std::string_view statement)>;

    explicit Scripted(Script script) : script_(std::move(script)) {}
    ~Scripted() override { forget_statements(); }

    const Dialect& dialect() const override { return sqlite_dialect(); }
    void execute(const std::string&) override {}
    std::int64_t last_insert_id() override { return 0; }
    bool in_transaction() const override { return open_; }

    void run(std::string_view statement) {
        if (script_) script_(*this, statement);
        if (statement.starts_with("BEGIN")) open_ = true;
        if (statement == "COMMIT" || statement == "ROLLBACK") open_ = false;
    }
    [[noreturn]] void fail(Harm harm, const char* code) {
        suffer(harm);
        throw Error(503, code, "as the script says");
    }

private:
    class Run final : public Statement {
    public:
        Run(Scripted& db, std::string_view text) : Statement(std::string(text)), db_(db) {}
        void bind(int, std::string_view) override {}
        void bind(int, std::int64_t) override {}
        void bind_null(int) override {}
        bool step() override {
            db_.run(Statement::text());
            return false;
        }
        std::int64_t changed() override { return 0; }
        bool is_null(int) const override { return true; }
        std::string_view text(int) const override { return {}; }
        std::int64_t integer(int) const override { return 0; }
        void reset() override {}

    private:
        Scripted& db_;
    };

    std::unique_ptr<Statement> prepare(std::string_view text) override {
        return std::make_unique<Run>(*this, text);
    }

    Script script_;
    bool open_ = false;
};

class WriterTest : public testing::Test {
protected:
    /// The first connection follows `script`, those after it do as they are told.
    void start(Scripted::Script script) {
        writer_ = std::make_unique<Writer>(
            [this, script]() -> std::unique_ptr<Sql> {
                return std::make_unique<Scripted>(++connections_ == 1 ? script : nullptr);
            },
            [] {});
        writer_->start();
    }

    /// Asks for `work`; the code of what it ends with, or "stored".
    std::future<std::string> ask(std::function<void(Scripted&)> work) {
        auto job = std::make_shared<Writer::Job>();
        auto answer = std::make_shared<std::promise<std::string>>();
        job->work = [work = std::move(work)](Sql& db) { work(static_cast<Scripted&>(db)); };
        job->told = [answer, raw = job.get()] { answer->set_value(end_of(*raw)); };
        writer_->push(job);
        return answer->get_future();
    }

    static std::string end_of(const Writer::Job& job) {
        try {
            if (job.failure) std::rethrow_exception(job.failure);
            return "stored";
        } catch (const Error& error) {
            return error.code();
        }
    }

    std::atomic<int> connections_ = 0;
    std::unique_ptr<Writer> writer_;
};

TEST_F(WriterTest, WhoLostARaceRunsAgainThoughTheRollbackFails) {
    start([](Scripted& db, std::string_view statement) {
        if (statement == "ROLLBACK") db.fail(Harm::connection, "database_lost");
    });
    int runs = 0;
    auto end = ask([&](Scripted& db) {
        if (++runs == 1) db.fail(Harm::transaction, "database_busy");
    });
    EXPECT_EQ(end.get(), "stored");
    EXPECT_EQ(runs, 2);
    EXPECT_EQ(connections_, 2);
}

TEST_F(WriterTest, WhatTheCommitSaidIsToldThoughTheRollbackFails) {
    start([](Scripted& db, std::string_view statement) {
        if (statement == "COMMIT") db.fail(Harm::none, "disk_full");
        if (statement == "ROLLBACK") db.fail(Harm::connection, "database_lost");
    });
    int runs = 0;
    EXPECT_EQ(ask([&](Scripted&) { ++runs; }).get(), "disk_full");
    EXPECT_EQ(runs, 1);
    EXPECT_EQ(ask([](Scripted&) {}).get(), "stored");
    EXPECT_EQ(connections_, 2);
}

TEST_F(WriterTest, AConnectionThatDoesNotUndoIsGivenUp) {
    start([](Scripted& db, std::string_view statement) {
        if (statement == "COMMIT") db.fail(Harm::none, "database");
        if (statement == "ROLLBACK") db.fail(Harm::none, "database");
    });
    EXPECT_EQ(ask([](Scripted&) {}).get(), "database");
    EXPECT_EQ(ask([](Scripted&) {}).get(), "stored");
    EXPECT_EQ(connections_, 2);
}

TEST_F(WriterTest, ALostAnswerToACommitLeavesDoubtAndNoSecondRun) {
    start([](Scripted& db, std::string_view statement) {
        if (statement == "COMMIT") db.fail(Harm::connection, "database_lost");
    });
    int runs = 0;
    EXPECT_EQ(ask([&](Scripted&) { ++runs; }).get(), "database_in_doubt");
    EXPECT_EQ(runs, 1);
    EXPECT_EQ(ask([](Scripted&) {}).get(), "stored");
}

TEST_F(WriterTest, OneThatKeepsLosingDoesNotKeepThoseBeforeItWaiting) {
    start({});
    std::latch held(1), go(1);
    auto holder = ask([&](Scripted&) {
        held.count_down();
        go.wait();
    });
    held.wait();
    int before = 0, losing = 0;
    bool second_was_stored = false;
    ask([](Scripted&) {});
    auto second = ask([&](Scripted&) { ++before; }).share();
    auto third = ask([&, second](Scripted& db) {
        second_was_stored = second.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
        if (++losing < 6) db.fail(Harm::transaction, "database_busy");
    });
    go.count_down();
    EXPECT_EQ(second.get(), "stored");
    EXPECT_EQ(third.get(), "stored");
    EXPECT_EQ(before, 3) << "twice with the one that loses, and then without it";
    EXPECT_TRUE(second_was_stored);
    EXPECT_EQ(connections_, 1);
}

}  // namespace
}  // namespace ferrite::store
