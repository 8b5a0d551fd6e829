#include "store/store.h"

#include <chrono>
#include <condition_variable>
#include <exception>
#include <future>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/completion.h"
#include "base/error.h"
#include "base/log.h"
#include "store/schema.h"
#include "store/writer.h"

namespace ferrite::store {
namespace {

using Clock = std::chrono::steady_clock;

/// A connection for reading, and when it was made.
struct Reader {
    std::unique_ptr<Sql> db;
    Clock::time_point made;
};

/// Connections that are open for the next reader. A server allows so many and no more; who comes
/// then waits.
class ReaderPool {
public:
    explicit ReaderPool(const Store::Options& options) : options_(options) {}

    void give_back(Reader reader, bool good) {
        {
            std::lock_guard lock(mutex_);
            --borrowed_;
            if (good && idle_.size() < options_.readers) idle_.push_back(std::move(reader));
        }
        freed_.notify_one();
    }

    /// A connection with a transaction begun. What is idle here may have been closed by a server
    /// that was started anew.
    Reader begin() {
        auto reader = borrow();
        bool fresh = false;
        for (;;) {
            try {
                reader.db->begin(Sql::Mode::read_only);
                return reader;
            } catch (const Error&) {
                if (fresh || reader.db->harm() != Harm::connection) {
                    give_back(std::move(reader), false);
                    throw;
                }
            }
            fresh = true;
            forget_idle();
            reader = open();
        }
    }

    /// A connection without a transaction.
    Reader borrow() {
        std::unique_lock lock(mutex_);
        bool free = freed_.wait_for(lock, options_.pool_timeout, [&] { return !is_exhausted(); });
        if (!free)
            throw Error(503, "database_busy",
                        "All connections to the database are in use: try again in a moment, or "
                        "raise [database]max_pool_size and max_overflow.");
        ++borrowed_;
        while (!idle_.empty()) {
            auto reader = std::move(idle_.back());
            idle_.pop_back();
            if (!is_old(reader)) return reader;
        }
        lock.unlock();
        return open();
    }

    void forget_idle() {
        std::lock_guard lock(mutex_);
        idle_.clear();
    }

private:
    bool is_exhausted() const {
        return options_.database.is_server() && borrowed_ >= options_.readers + options_.overflow;
    }
    bool is_old(const Reader& reader) const {
        return options_.database.is_server() && options_.recycle.count() > 0 &&
               Clock::now() - reader.made > options_.recycle;
    }
    Reader open() {
        try {
            return {open_database(options_.database, Sql::Mode::read_only), Clock::now()};
        } catch (...) {
            give_back({}, false);
            throw;
        }
    }

    const Store::Options& options_;
    std::mutex mutex_;
    std::condition_variable freed_;
    std::vector<Reader> idle_;
    std::size_t borrowed_ = 0;
};

/// The first connection is waited for: servers may start together.
std::unique_ptr<Sql> connect_at_start(const Store::Options& options) {
    for (int attempt = 1;; ++attempt) {
        try {
            return open_database(options.database, Sql::Mode::read_write);
        } catch (const Error& error) {
            bool last = options.retries >= 0 && attempt > options.retries;
            if (last || error.code() != "database_lost") throw;
            log_warning("STORE_UNREACHABLE", "attempt={} error={}", attempt, error.message());
        }
        std::this_thread::sleep_for(options.retry_interval);
    }
}

}  // namespace

struct Store::State {
    Options options;
    ReaderPool readers{options};
    bool started = false;
    Writer writer;

    explicit State(Options o)
        : options(std::move(o)),
          writer([this] { return connect(); }, [this] { readers.forget_idle(); }) {}

    std::unique_ptr<Sql> connect() {
        if (!std::exchange(started, true)) return connect_at_start(options);
        return open_database(options.database, Sql::Mode::read_write);
    }
};

namespace {

Store::Options completed(Store::Options options) {
    if (!options.path.empty()) options.database = {.path = std::exchange(options.path, {})};
    return options;
}

}  // namespace

Store::Store(Options options) : state_(std::make_unique<State>(completed(std::move(options)))) {
    const auto& database = state_->options.database;
    try {
        auto& db = state_->writer.connection();
        if (database.is_server() && !state_->options.auto_upgrade)
            require_schema(db);
        else
            upgrade_schema(db);
        state_->writer.start();
    } catch (Error& error) {
        error.within(database.label());
        throw;
    }
}

Store::~Store() = default;

Task<> Store::write_erased(std::function<void(Sql&)> f) {
    auto job = std::make_shared<Writer::Job>();
    job->work = std::move(f);
    Completion durable;
    job->told = [durable]() mutable { durable.complete(); };
    state_->writer.push(job);
    co_await durable.wait();
    if (job->failure) std::rethrow_exception(job->failure);
}

std::size_t Store::commits() const {
    return state_->writer.commits();
}

void Store::end_after(std::size_t commits) {
    state_->writer.end_after(commits);
}

void Store::write_now(const std::function<void(Sql&)>& f) {
    auto job = std::make_shared<Writer::Job>();
    job->work = f;
    std::promise<void> durable;
    job->told = [&durable] { durable.set_value(); };
    state_->writer.push(job);
    durable.get_future().wait();
    if (job->failure) std::rethrow_exception(job->failure);
}

struct Store::Reading::Borrowed {
    Reader reader;
};

// On a server it is the beginning of a transaction that finds out whether the connection still is.
Store::Reading::Reading(Store& store, Snapshot snapshot)
    : store_(store),
      begun_(snapshot == Snapshot::kept || store.state_->options.database.is_server()),
      borrowed_(std::make_unique<Borrowed>(begun_ ? store.state_->readers.begin()
                                                  : store.state_->readers.borrow())) {}

Store::Reading::~Reading() {
    auto& reader = borrowed_->reader;
    bool good = true;
    try {
        if (begun_) reader.db->commit();
    } catch (const Error&) {
        good = false;  // A connection in doubt is not used again.
    }
    store_.state_->readers.give_back(std::move(reader), good);
}

Sql& Store::Reading::db() {
    return *borrowed_->reader.db;
}

}  // namespace ferrite::store
