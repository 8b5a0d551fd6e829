#include "store/store.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <future>
#include <limits>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "base/completion.h"
#include "base/error.h"
#include "base/log.h"
#include "store/schema.h"

namespace ferrite::store {
namespace {

/// A transaction that waits for its turn, and how to tell its asker that it is durable.
struct Waiting {
    std::function<void(Sql&)> work;
    std::function<void()> told;
    std::exception_ptr failure;
};

/// More than this in one flush would let the first wait for too many others.
constexpr std::size_t kMaxBatch = 256;

/// After so many writes the statistics that queries are planned by are taken anew.
constexpr std::size_t kAnalyseEvery = 4096;

using Jobs = std::span<const std::shared_ptr<Waiting>>;

void run(Sql& db, std::string_view statement) {
    Query(db, statement).run();
}

/// Runs a job in a savepoint of the open transaction. Throws when the transaction is lost with it.
void run_one(Sql& db, Waiting& job) {
    run(db, "SAVEPOINT one");
    try {
        job.work(db);
    } catch (...) {
        job.failure = std::current_exception();
        if (!db.in_transaction()) throw;
        run(db, "ROLLBACK TO one");
    }
    run(db, "RELEASE one");
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

/// Commits `jobs` together. When one of them breaks the transaction, as a full disk does, the ones
/// behind it have not run yet: returns how many are dealt with.
std::size_t commit_some(Sql& db, Jobs jobs) {
    std::size_t begun = 0;
    try {
        run(db, "BEGIN IMMEDIATE");
        for (const auto& job : jobs) {
            ++begun;
            run_one(db, *job);
        }
        run(db, "COMMIT");
    } catch (...) {
        // Nothing of what has begun is durable, and nothing can begin without a transaction.
        if (begun == 0) begun = jobs.size();
        for (const auto& job : jobs.first(begun))
            if (!job->failure) job->failure = own_copy(std::current_exception());
        if (db.in_transaction()) run(db, "ROLLBACK");
    }
    return begun;
}

/// Takes the statistics that tell which of several indices of a query is the better one. Looks at
/// some rows of each index only.
void analyse(Sql& db) {
    db.execute("PRAGMA analysis_limit=1000; ANALYZE;");
}

}  // namespace

struct Store::State {
    Options options;
    Sql writer;
    std::mutex mutex;
    std::condition_variable wake;
    std::deque<std::shared_ptr<Waiting>> queue;
    bool stopping = false;
    std::mutex readers_mutex;
    std::vector<std::unique_ptr<Sql>> readers;
    std::thread thread;
    std::atomic<std::size_t> commits = 0;

    std::atomic<std::size_t> last_commit = std::numeric_limits<std::size_t>::max();

    bool has_ended() const { return commits >= last_commit; }

    explicit State(Options o)
        : options(std::move(o)), writer(options.path, Sql::Mode::read_write) {}

    void push(std::shared_ptr<Waiting> job) {
        {
            std::lock_guard lock(mutex);
            if (stopping) throw Error(503, "stopping", "The service is shutting down.");
            queue.push_back(std::move(job));
        }
        wake.notify_one();
    }

    std::vector<std::shared_ptr<Waiting>> next_batch() {
        std::unique_lock lock(mutex);
        wake.wait(lock, [&] { return stopping || !queue.empty(); });
        std::vector<std::shared_ptr<Waiting>> batch;
        while (!queue.empty() && batch.size() < kMaxBatch) {
            batch.push_back(std::move(queue.front()));
            queue.pop_front();
        }
        return batch;
    }

    /// Statistics are a help, not a duty: a full disk fails the next write, not this.
    void refresh_statistics() {
        try {
            analyse(writer);
        } catch (const Error& error) {
            log_warning("STORE_STATISTICS", "error={}", error.message());
        }
        // A connection keeps the statistics that it found when it was opened.
        std::lock_guard lock(readers_mutex);
        readers.clear();
    }

    void serve() {
        std::size_t since_analysis = 0;
        for (;;) {
            auto batch = next_batch();
            if (batch.empty()) return;
            since_analysis += batch.size();
            for (Jobs jobs(batch); !jobs.empty();) {
                if (has_ended()) return;
                auto done = commit_some(writer, jobs);
                ++commits;
                if (has_ended()) return;
                for (const auto& job : jobs.first(done)) job->told();
                jobs = jobs.subspan(done);
            }
            if (since_analysis < kAnalyseEvery) continue;
            refresh_statistics();
            since_analysis = 0;
        }
    }
};

Store::Store(Options options) : state_(std::make_unique<State>(std::move(options))) {
    try {
        prepare_schema(state_->writer);
        analyse(state_->writer);
    } catch (Error& error) {
        error.within(state_->options.path);
        throw;
    }
    state_->thread = std::thread([state = state_.get()] { state->serve(); });
}

Store::~Store() {
    {
        std::lock_guard lock(state_->mutex);
        state_->stopping = true;
    }
    state_->wake.notify_one();
    state_->thread.join();
}

Task<> Store::write_erased(std::function<void(Sql&)> f) {
    auto job = std::make_shared<Waiting>();
    job->work = std::move(f);
    Completion durable;
    job->told = [durable]() mutable { durable.complete(); };
    state_->push(job);
    co_await durable.wait();
    if (job->failure) std::rethrow_exception(job->failure);
}

std::size_t Store::commits() const {
    return state_->commits;
}

void Store::end_after(std::size_t commits) {
    state_->last_commit = commits;
}

void Store::write_now(const std::function<void(Sql&)>& f) {
    auto job = std::make_shared<Waiting>();
    job->work = f;
    std::promise<void> durable;
    job->told = [&durable] { durable.set_value(); };
    state_->push(job);
    durable.get_future().wait();
    if (job->failure) std::rethrow_exception(job->failure);
}

Store::Reading::Reading(Store& store) : store_(store) {
    {
        std::lock_guard lock(store_.state_->readers_mutex);
        auto& idle = store_.state_->readers;
        if (!idle.empty()) {
            connection_ = std::move(idle.back());
            idle.pop_back();
        }
    }
    if (!connection_)
        connection_ = std::make_unique<Sql>(store_.state_->options.path, Sql::Mode::read_only);
    run(*connection_, "BEGIN");
}

Store::Reading::~Reading() {
    try {
        run(*connection_, "COMMIT");
    } catch (const Error&) {
        return;  // A connection in doubt is not used again.
    }
    std::lock_guard lock(store_.state_->readers_mutex);
    auto& idle = store_.state_->readers;
    if (idle.size() < store_.state_->options.readers) idle.push_back(std::move(connection_));
}

}  // namespace ferrite::store
