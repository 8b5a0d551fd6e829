#include "store/writer.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <limits>
#include <mutex>
#include <random>
#include <span>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "store/dialect.h"

namespace ferrite::store {
namespace {

using Job = Writer::Job;
using Jobs = std::span<const std::shared_ptr<Job>>;

/// More than this in one flush would let the first wait for too many others.
constexpr std::size_t kMaxBatch = 256;

/// After so many writes the statistics that queries are planned by are taken anew.
constexpr std::size_t kAnalyseEvery = 4096;

/// A batch that lost so many races is taken apart: those before the one that loses run by
/// themselves, and that one alone, so many times.
constexpr int kTriesTogether = 3;
constexpr int kTriesAlone = 20;

/// After so long, one that still loses is told so: who waits behind it has waited long enough.
constexpr auto kLongestContest = std::chrono::seconds(30);

/// How long a job waits for a database that can not be reached.
constexpr auto kLongestOutage = std::chrono::seconds(15);

void run(Sql& db, std::string_view statement) {
    Query(db, statement).run();
}

/// Runs a job in a savepoint of the open transaction. Throws when the transaction is lost with it.
void run_one(Sql& db, Job& job) {
    job.failure = nullptr;
    run(db, "SAVEPOINT one");
    try {
        job.work(db);
        run(db, "RELEASE SAVEPOINT one");  // fails when the job hid that a statement had failed
        return;
    } catch (...) {
        job.failure = std::current_exception();
        if (!db.in_transaction() || db.harm() != Harm::none) throw;
    }
    run(db, "ROLLBACK TO one");
    run(db, "RELEASE SAVEPOINT one");
}

/// An exception of its own for each asker: they may add context, on different threads.
std::exception_ptr own_copy(std::exception_ptr cause) {
    try {
        std::rethrow_exception(cause);
    } catch (const Error& error) {
        return std::make_exception_ptr(Error(error));
    } catch (...) {
        return cause;
    }
}

void fail_all(Jobs jobs, std::exception_ptr cause) {
    for (const auto& job : jobs)
        if (!job->failure) job->failure = own_copy(cause);
}

/// Nobody knows whether a COMMIT happened whose answer was lost; to run it again might do it twice.
std::exception_ptr in_doubt() {
    return std::make_exception_ptr(
        Error(503, "database_in_doubt",
              "The connection to the database was lost while the change was made durable: look "
              "whether it took place, and ask again if it did not."));
}

struct Commit {
    std::size_t settled = 0;  ///< So many jobs, from the first, are dealt with; none: run again.
    Harm harm = Harm::none;   ///< After Harm::connection it is of no more use.
    std::size_t sound = 0;    ///< With none settled: so many ran before the one that broke it.
};

/// Undoes what is open. A connection that can not even do that is given up: it may be gone, and if
/// it is not, nobody knows what the next transaction on it would find.
Harm undo(Sql& db) {
    try {
        if (db.in_transaction()) db.rollback();
        return db.harm();
    } catch (...) {
        return Harm::connection;
    }
}

/// Commits `jobs` together. When one of them breaks the transaction, as a full disk does, the ones
/// behind it have not run yet and are not settled.
Commit commit_some(Sql& db, Jobs jobs) {
    std::size_t begun = 0;
    bool committing = false;
    try {
        db.begin(Sql::Mode::read_write);
        for (const auto& job : jobs) {
            ++begun;
            run_one(db, *job);
            if (db.harm() != Harm::none) break;  // though the job did not mind
        }
        if (db.harm() == Harm::none) {
            committing = true;
            db.commit();
            return {.settled = begun};
        }
    } catch (...) {
        if (committing && db.harm() == Harm::connection) {
            fail_all(jobs, in_doubt());
            return {.settled = jobs.size(), .harm = Harm::connection};
        }
        if (db.harm() == Harm::none) {
            // Nothing of what has begun is durable, and nothing can begin without a transaction.
            if (begun == 0) begun = jobs.size();
            fail_all(jobs.first(begun), std::current_exception());
            return {.settled = begun, .harm = undo(db)};
        }
    }
    return {.harm = undo(db), .sound = begun > 0 ? begun - 1 : 0};
}

}  // namespace

struct Writer::State {
    Connect connect;
    std::function<void()> refreshed;
    std::unique_ptr<Sql> db;
    std::mutex mutex;
    std::condition_variable wake;
    std::deque<std::shared_ptr<Job>> queue;
    bool stopping = false;
    std::minstd_rand random{std::random_device{}()};
    std::vector<std::shared_ptr<Job>> untold;  ///< Their askers wait for one who ended.
    std::atomic<std::size_t> commits = 0;
    std::atomic<std::size_t> last_commit = std::numeric_limits<std::size_t>::max();
    std::thread thread;

    bool has_ended() const { return commits >= last_commit; }

    std::vector<std::shared_ptr<Job>> next_batch() {
        std::unique_lock lock(mutex);
        wake.wait(lock, [&] { return stopping || !queue.empty(); });
        std::vector<std::shared_ptr<Job>> batch;
        while (!queue.empty() && batch.size() < kMaxBatch) {
            batch.push_back(std::move(queue.front()));
            queue.pop_front();
        }
        return batch;
    }

    /// Statistics are a help, not a duty: a full disk fails the next write, not this.
    void refresh_statistics() {
        if (!db) return;
        auto statements = db->dialect().analyse();
        if (statements.empty()) return;
        try {
            db->execute(statements);
        } catch (const Error& error) {
            log_warning("STORE_STATISTICS", "error={}", error.message());
        }
        refreshed();
    }

    /// Connects again after an outage; returns null, or why there is no connection after the
    /// longest one that is waited for.
    std::exception_ptr reconnect() {
        db.reset();
        auto end = std::chrono::steady_clock::now() + kLongestOutage;
        for (auto pause = std::chrono::milliseconds(50);;
             pause = std::min(2 * pause, std::chrono::milliseconds(1000))) {
            try {
                db = connect();
                return nullptr;
            } catch (const Error& error) {
                if (std::chrono::steady_clock::now() + pause > end) {
                    log_warning("STORE_UNREACHABLE", "error={}", error.message());
                    return std::current_exception();
                }
            }
            std::this_thread::sleep_for(pause);
        }
    }

    /// Transactions that met must not meet again in step.
    void let_others_finish(int attempt) {
        std::uniform_int_distribution<int> spread(1, 4 << std::min(attempt, 6));
        std::this_thread::sleep_for(std::chrono::milliseconds(spread(random)));
    }

    /// Settles at least the first of `jobs`: each is durable or knows why it is not. Returns how
    /// many are; the others have to run again.
    std::size_t settle(Jobs jobs) {
        auto end = std::chrono::steady_clock::now() + kLongestContest;
        for (int attempt = 1;; ++attempt) {
            if (!db)
                if (auto why = reconnect()) {
                    fail_all(jobs, why);
                    return jobs.size();
                }
            auto commit = commit_some(*db, jobs);
            if (commit.harm == Harm::connection) db.reset();
            if (commit.settled > 0) return commit.settled;
            bool late = attempt >= kTriesTogether && std::chrono::steady_clock::now() > end;
            if (late || attempt >= kTriesAlone) {
                fail_all(jobs, std::make_exception_ptr(Error(
                                   503, "database_busy",
                                   "Others keep changing the same rows: try again in a moment.")));
                return jobs.size();
            }
            // Whoever others keep waiting must not keep those waiting who stand before him.
            if (attempt + 1 >= kTriesTogether)
                jobs = jobs.first(std::max<std::size_t>(commit.sound, 1));
            if (db) let_others_finish(attempt);
        }
    }

    void serve() {
        std::size_t since_analysis = 0;
        for (;;) {
            auto batch = next_batch();
            if (batch.empty()) return;
            since_analysis += batch.size();
            for (Jobs jobs(batch); !jobs.empty();) {
                if (has_ended()) return untold.assign(jobs.begin(), jobs.end());
                auto done = settle(jobs);
                ++commits;
                if (has_ended()) return untold.assign(jobs.begin(), jobs.end());
                for (const auto& job : jobs.first(done)) job->told();
                jobs = jobs.subspan(done);
            }
            if (since_analysis < kAnalyseEvery) continue;
            refresh_statistics();
            since_analysis = 0;
        }
    }
};

Writer::Writer(Connect connect, std::function<void()> refreshed)
    : state_(std::make_unique<State>()) {
    state_->connect = std::move(connect);
    state_->refreshed = std::move(refreshed);
    state_->db = state_->connect();
}

Writer::~Writer() {
    {
        std::lock_guard lock(state_->mutex);
        state_->stopping = true;
    }
    state_->wake.notify_one();
    if (state_->thread.joinable()) state_->thread.join();
    // Who waited for one that ended in their midst waits for nothing now.
    for (const auto& job : state_->untold) job->told();
    for (const auto& job : state_->queue) job->told();
}

Sql& Writer::connection() {
    return *state_->db;
}

void Writer::start() {
    state_->refresh_statistics();
    state_->thread = std::thread([state = state_.get()] { state->serve(); });
}

void Writer::push(std::shared_ptr<Job> job) {
    {
        std::lock_guard lock(state_->mutex);
        if (state_->stopping) throw Error(503, "stopping", "The service is shutting down.");
        state_->queue.push_back(std::move(job));
    }
    state_->wake.notify_one();
}

std::size_t Writer::commits() const {
    return state_->commits;
}

void Writer::end_after(std::size_t commits) {
    state_->last_commit = commits;
}

}  // namespace ferrite::store
