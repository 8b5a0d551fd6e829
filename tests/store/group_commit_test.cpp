#include <atomic>
#include <latch>
#include <set>
#include <thread>

#include "base/runtime.h"
#include "store/store_fixture.h"

// The writer: what waits together is committed together, and each fails alone.

namespace ferrite::store {
namespace {

/// Coroutines of a test count down when they are done.
Task<> counted(Task<> work, std::latch* done) {
    co_await std::move(work);
    done->count_down();
}

void insert_named(Sql& db, const std::string& name) {
    model::Node node;
    node.uuid = new_uuid();
    node.name = name;
    node.driver = "fake-hardware";
    nodes::insert(db, node);
}

Task<> write_node(Store* store, std::string name) {
    co_await store->write([&](Sql& db) { insert_named(db, name); });
}

/// Writes a node and throws behind it when its number is odd.
Task<> write_or_fail(Store* store, int number, std::string* failure) {
    try {
        co_await store->write([&](Sql& db) {
            insert_named(db, "n" + std::to_string(number));
            if (number % 2) throw Conflict("number " + std::to_string(number));
        });
    } catch (const Conflict& conflict) {
        *failure = conflict.message();
    }
}

Task<> try_to_reserve(Store* store, std::int64_t id, std::string host, std::atomic<int>* won) {
    auto mine = co_await store->write([&](Sql& db) { return nodes::reserve(db, id, host); });
    if (mine) ++*won;
}

Task<> add_to_counter(Store* store, std::string ident) {
    co_await store->write([&](Sql& db) {
        auto before = nodes::get(db, ident);
        auto node = before;
        node.extra.set("n",
                       node.extra.get("n").is_int64() ? node.extra.get("n").as_int64() + 1 : 1);
        nodes::save(db, before, node);
    });
}

class GroupCommit : public StoreTest {
protected:
    ~GroupCommit() override {
        // Threads end first, then the writer, and the frames of the coroutines last.
        runtime_.stop();
        store_.reset();
    }

    /// Runs `make(i)` for i below `count` at once and waits for all.
    template <class F>
    void all_at_once(int count, F make) {
        std::latch done(count);
        for (int i = 0; i < count; ++i) runtime_.spawn("writer", counted(make(i), &done));
        done.wait();
    }

    std::set<std::string> names() {
        std::set<std::string> found;
        read([&](Sql& db) {
            Query q(db, "SELECT name FROM nodes");
            while (q.step()) found.emplace(q.text(0));
        });
        return found;
    }

    Runtime runtime_{{.threads = 4, .name = "test"}};
};

TEST_F(GroupCommit, HundredsOfWritersAreAllStored) {
    std::set<std::string> expected;
    all_at_once(500, [&](int i) {
        expected.insert("n" + std::to_string(i));
        return write_node(store_.get(), "n" + std::to_string(i));
    });
    EXPECT_EQ(names(), expected);
    reopen();
    EXPECT_EQ(names(), expected);
}

TEST_F(GroupCommit, EachFailsAloneAndIsToldWhy) {
    std::vector<std::string> failures(300);
    all_at_once(300, [&](int i) { return write_or_fail(store_.get(), i, &failures[i]); });
    std::set<std::string> expected;
    for (int i = 0; i < 300; ++i) {
        EXPECT_EQ(failures[i], i % 2 ? "number " + std::to_string(i) : "");
        if (i % 2 == 0) expected.insert("n" + std::to_string(i));
    }
    EXPECT_EQ(names(), expected);
}

TEST_F(GroupCommit, OnlyOneOfManyGetsTheLock) {
    for (int round = 0; round < 5; ++round) {
        auto id = add_node("round" + std::to_string(round)).id;
        std::atomic<int> won = 0;
        all_at_once(64, [&](int i) {
            return try_to_reserve(store_.get(), id, "host-" + std::to_string(i), &won);
        });
        EXPECT_EQ(won, 1);
    }
}

TEST_F(GroupCommit, ReadAndWriteInOneTransactionLosesNothing) {
    add_node("counter");
    all_at_once(200, [&](int) { return add_to_counter(store_.get(), "counter"); });
    EXPECT_EQ(node("counter").extra.text(), R"({"n":200})");
}

Task<> write_result(Store* store, std::unique_ptr<std::string>* result) {
    *result =
        co_await store->write([](Sql&) { return std::make_unique<std::string>("moved here"); });
}

TEST_F(GroupCommit, ResultsAreMovedToTheAsker) {
    std::unique_ptr<std::string> result;
    runtime_.run(write_result(store_.get(), &result));
    ASSERT_TRUE(result);
    EXPECT_EQ(*result, "moved here");
}

TEST_F(GroupCommit, WriteNowIsStoredWhenItReturns) {
    store().write_now([](Sql& db) { insert_named(db, "now"); });
    EXPECT_TRUE(names().contains("now"));
    EXPECT_EQ(
        message_of<Conflict>([&] { store().write_now([](Sql&) { throw Conflict("not so"); }); }),
        "not so");
    // Whatever is thrown arrives as it was.
    EXPECT_THROW(store().write_now([](Sql&) { throw 42; }), int);
    EXPECT_THROW(store().write_now([](Sql&) { throw std::bad_alloc(); }), std::bad_alloc);
    EXPECT_EQ(names(), std::set<std::string>{"now"});
}

TEST_F(GroupCommit, WriteNowFromManyThreads) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t)
        threads.emplace_back([this, t] {
            for (int i = 0; i < 25; ++i)
                store().write_now([&](Sql& db) {
                    insert_named(db, std::to_string(t) + "-" + std::to_string(i));
                });
        });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(names().size(), 200U);
}

TEST_F(GroupCommit, AReaderSeesOneSnapshot) {
    add_node("first");
    auto seen = read([&](Sql& db) {
        auto rows = [&] {
            Query q(db, "SELECT count(*) FROM nodes");
            return q.step() ? q.integer(0) : -1;
        };
        auto before = rows();
        store().write_now([](Sql& writer) { insert_named(writer, "second"); });
        return std::pair(before, rows());
    });
    EXPECT_EQ(seen, std::pair(std::int64_t{1}, std::int64_t{1}));
    EXPECT_EQ(count("nodes"), 2);
}

TEST_F(GroupCommit, ALookUpSeesWhatIsStoredWithoutATransaction) {
    auto rows = [](Sql& db) {
        Query q(db, "SELECT count(*) FROM nodes");
        return q.step() ? q.integer(0) : -1;
    };
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(store().look_up(rows), i);
        add_node("n" + std::to_string(i));
    }
    EXPECT_EQ(store().look_up([](Sql& db) { return db.in_transaction(); }),
              database_.database().is_server());
    EXPECT_EQ(read(rows), 3) << "a connection serves both kinds of readers in turn";
}

TEST_F(GroupCommit, ALookUpThatThrowsHoldsNoSnapshot) {
    for (int i = 0; i < 3; ++i) {
        add_node("n" + std::to_string(i));
        EXPECT_EQ(message_of<Conflict>([&] {
                      store().look_up([](Sql& db) {
                          Query q(db, "SELECT uuid FROM nodes");
                          q.step();
                          throw Conflict("in the middle");
                          return 0;
                      });
                  }),
                  "in the middle");
        EXPECT_EQ(store().look_up([](Sql& db) { return nodes::all_uuids(db).size(); }),
                  static_cast<std::size_t>(i + 1));
    }
}

TEST_F(GroupCommit, MoreReadersThanConnectionsAreKept) {
    add_node("n");
    std::function<std::int64_t(int)> nested = [&](int depth) -> std::int64_t {
        return read([&](Sql& db) {
            if (depth > 0) return nested(depth - 1);
            Query q(db, "SELECT count(*) FROM nodes");
            return q.step() ? q.integer(0) : -1;
        });
    };
    EXPECT_EQ(nested(12), 1);
    EXPECT_EQ(nested(12), 1);
}

TEST_F(GroupCommit, AReaderThatThrowsLeavesTheConnectionUsable) {
    for (int i = 0; i < 10; ++i)
        EXPECT_EQ(message_of<Conflict>([&] {
                      read([](Sql& db) {
                          Query q(db, "SELECT count(*) FROM nodes");
                          q.step();
                          throw Conflict("in the middle");
                          return 0;
                      });
                  }),
                  "in the middle");
    EXPECT_EQ(count("nodes"), 0);
}

Task<> nothing() {
    co_return;
}

/// Holds the writer until `go`, so that what is pushed meanwhile is committed together.
Task<> hold_writer(Store* store, std::latch* held, std::latch* go) {
    co_await store->write([&](Sql&) {
        held->count_down();
        go->wait();
    });
}

TEST_F(GroupCommit, ClosingCommitsWhatWaits) {
    Runtime one({.threads = 1, .name = "one"});
    std::latch held(1), go(1);
    one.spawn("holder", hold_writer(store_.get(), &held, &go));
    held.wait();
    for (int i = 0; i < 50; ++i) one.spawn("w", write_node(store_.get(), std::to_string(i)));
    one.run(nothing());  // one thread: all fifty wait for the writer now
    one.stop();
    std::thread closer([&] { store_.reset(); });
    go.count_down();
    closer.join();
    reopen();
    EXPECT_EQ(names().size(), 50U);
}

/// Runs `f` and remembers the code of the Error that it ends with.
template <class F>
Task<> code_of_write(Store* store, F f, std::string* code) {
    try {
        co_await store->write(f);
        *code = "stored";
    } catch (const Error& failure) {
        *code = failure.code();
    }
}

TEST_F(GroupCommit, AFullDiskIsSaidAndOvercome) {
    SKIP_UNLESS_SQLITE("it can be told how big its file may get");
    write([&](Sql& db) {
        Query size(db, "PRAGMA page_count");
        ASSERT_TRUE(size.step());
        Query(db, "PRAGMA max_page_count=" + std::to_string(size.integer(0) + 8)).step();
    });
    // One thread, so the three wait in this order while the writer is held.
    Runtime one({.threads = 1, .name = "one"});
    std::latch held(1), go(1), done(3);
    std::string first, second, third;
    auto writer = [&](std::string name, std::string* code) {
        auto insert = [name](Sql& db) { insert_named(db, name); };
        one.spawn("writer", counted(code_of_write(store_.get(), insert, code), &done));
    };
    one.spawn("holder", hold_writer(store_.get(), &held, &go));
    held.wait();
    std::string big(1 << 20, 'x');
    writer("first", &first);
    writer(big, &second);
    writer("third", &third);
    one.run(nothing());
    go.count_down();
    done.wait();
    one.stop();

    // SQLite undoes a whole transaction when the disk is full; who has not begun is not touched.
    EXPECT_EQ(first, "disk_full");
    EXPECT_EQ(second, "disk_full");
    EXPECT_EQ(third, "stored");
    EXPECT_EQ(names(), std::set<std::string>{"third"});

    write([&](Sql& db) { Query(db, "PRAGMA max_page_count=1000000").step(); });
    write([&](Sql& db) { insert_named(db, big); });
    EXPECT_EQ(names(), (std::set<std::string>{"third", big}));
}

}  // namespace
}  // namespace ferrite::store
