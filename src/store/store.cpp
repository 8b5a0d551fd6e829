#include "store/store.h"

#include <condition_variable>
#include <deque>
#include <exception>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "base/completion.h"
#include "base/error.h"
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

void run_one(Sql& db, Waiting& job) {
    db.execute("SAVEPOINT one");
    try {
        job.work(db);
    } catch (...) {
        job.failure = std::current_exception();
        db.execute("ROLLBACK TO one");
    }
    db.execute("RELEASE one");
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

    void commit(std::vector<std::shared_ptr<Waiting>>& batch) {
        try {
            writer.execute("BEGIN IMMEDIATE");
            for (auto& job : batch) run_one(writer, *job);
            writer.execute("COMMIT");
        } catch (...) {
            // Nothing of the batch is durable: every one of them failed.
            for (auto& job : batch) job->failure = std::current_exception();
            try {
                writer.execute("ROLLBACK");
            } catch (const Error&) {
                // The failure itself may have ended the transaction already.
            }
        }
    }

    void run() {
        for (;;) {
            auto batch = next_batch();
            if (batch.empty()) return;
            commit(batch);
            for (auto& job : batch) job->told();
        }
    }
};

Store::Store(Options options) : state_(std::make_unique<State>(std::move(options))) {
    prepare_schema(state_->writer);
    state_->thread = std::thread([state = state_.get()] { state->run(); });
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
    connection_->execute("BEGIN");
}

Store::Reading::~Reading() {
    try {
        connection_->execute("COMMIT");
    } catch (const Error&) {
        return;  // A connection in doubt is not used again.
    }
    std::lock_guard lock(store_.state_->readers_mutex);
    auto& idle = store_.state_->readers;
    if (idle.size() < store_.state_->options.readers) idle.push_back(std::move(connection_));
}

}  // namespace ferrite::store
