#include <atomic>
#include <thread>

#include "store/allocations.h"
#include "store/conductors.h"
#include "store/store_fixture.h"

// Several programs on one server: each of these stores is to the others another program.

namespace ferrite::store {
namespace {

constexpr int kPrograms = 3;

class SharedDatabase : public StoreTest {
protected:
    void SetUp() override {
        if (on_sqlite()) GTEST_SKIP() << "one program alone may write to an SQLite file";
        for (int i = 0; i < kPrograms; ++i)
            programs_.push_back(
                std::make_unique<Store>(Store::Options{.database = database_.database()}));
    }

    /// Runs `work(store, i)` in every program at once.
    template <class F>
    void in_each(F work) {
        std::vector<std::thread> threads;
        for (int i = 0; i < kPrograms; ++i)
            threads.emplace_back([&, i] { work(*programs_[static_cast<std::size_t>(i)], i); });
        for (auto& thread : threads) thread.join();
    }

    std::vector<std::unique_ptr<Store>> programs_;
};

TEST_F(SharedDatabase, ReadAndWriteInOneTransactionLosesNothing) {
    add_node("counter");
    in_each([](Store& program, int) {
        for (int i = 0; i < 40; ++i)
            program.write_now([](Sql& db) {
                auto before = nodes::get(db, "counter");
                auto after = before;
                auto n = before.extra.get("n");
                after.extra.set("n", n.is_int64() ? n.as_int64() + 1 : 1);
                nodes::save(db, before, after);
            });
    });
    EXPECT_EQ(node("counter").extra.text(), R"({"n":120})");
}

TEST_F(SharedDatabase, OneOfThemGetsTheLock) {
    for (int round = 0; round < 20; ++round) {
        auto id = add_node("n" + std::to_string(round)).id;
        std::atomic<int> won = 0;
        in_each([&](Store& program, int i) {
            bool mine = false;
            program.write_now([&](Sql& db) {
                mine = nodes::reserve(db, id, "host-" + std::to_string(i)).has_value();
            });
            if (mine) ++won;
        });
        EXPECT_EQ(won, 1);
    }
}

TEST_F(SharedDatabase, OneOfThemGetsTheName) {
    std::atomic<int> stored = 0, refused = 0;
    in_each([&](Store& program, int) {
        for (int i = 0; i < 20; ++i) try {
                program.write_now([&](Sql& db) {
                    model::Node node;
                    node.uuid = new_uuid();
                    node.driver = "fake-hardware";
                    node.name = "name-" + std::to_string(i);
                    nodes::insert(db, node);
                });
                ++stored;
            } catch (const Conflict&) {
                ++refused;
            }
    });
    EXPECT_EQ(stored, 20);
    EXPECT_EQ(refused, 20 * (kPrograms - 1));
}

TEST_F(SharedDatabase, NoNodeIsGivenAwayTwice) {
    constexpr int kNodes = 20;
    for (int i = 0; i < kNodes; ++i)
        add_node([](model::Node& n) {
            n.resource_class = "baremetal";
            n.provision_state = "available";
            n.power_state = "power off";
        });
    std::atomic<int> placed = 0;
    in_each([&](Store& program, int) {
        for (int i = 0; i < kNodes; ++i) {
            model::Allocation allocation;
            allocation.uuid = new_uuid();
            allocation.resource_class = "baremetal";
            allocation.state = "allocating";
            program.write_now([&](Sql& db) { allocations::insert(db, allocation); });
            bool over = false;
            program.write_now([&](Sql& db) { over = allocations::place(db, allocation.uuid); });
            if (over) ++placed;
        }
    });
    EXPECT_EQ(placed, kNodes);
    EXPECT_EQ(read([](Sql& db) {
                  Query q(db, "SELECT count(DISTINCT node_uuid) FROM allocations");
                  return q.step() ? q.integer(0) : -1;
              }),
              kNodes);
}

TEST_F(SharedDatabase, WhatAnotherUndoesInOneJobHurtsNoOtherJob) {
    add_node("n");
    // One job in a batch meets the other programs again and again; its neighbours are stored.
    in_each([&](Store& program, int i) {
        std::vector<std::thread> writers;
        for (int t = 0; t < 4; ++t)
            writers.emplace_back([&program, i, t] {
                for (int k = 0; k < 10; ++k)
                    program.write_now([&](Sql& db) {
                        if (t == 0) {
                            auto before = nodes::get(db, "n");
                            auto after = before;
                            after.description = std::to_string(i * 100 + k);
                            nodes::save(db, before, after);
                            return;
                        }
                        model::Node node;
                        node.uuid = new_uuid();
                        node.driver = "fake-hardware";
                        nodes::insert(db, node);
                    });
            });
        for (auto& writer : writers) writer.join();
    });
    EXPECT_EQ(count("nodes"), 1 + kPrograms * 3 * 10);
}

TEST_F(SharedDatabase, ALostConnectionIsMadeAnew) {
    add_node("n");
    auto cut = [&] {
        auto admin = database_.open();
        if (database_.database().kind == Database::Kind::postgresql) {
            admin->execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()");
            return;
        }
        std::vector<std::int64_t> others;
        Query list(*admin,
                   "SELECT id FROM information_schema.processlist "
                   "WHERE db = DATABASE() AND id <> CONNECTION_ID()");
        while (list.step()) others.push_back(list.integer(0));
        for (auto id : others) admin->execute("KILL " + std::to_string(id));
    };
    read([](Sql& db) { nodes::get(db, "n"); });
    cut();
    int runs = 0;
    write([&](Sql& db) {
        ++runs;
        model::Node node;
        node.uuid = new_uuid();
        node.driver = "fake-hardware";
        nodes::insert(db, node);
    });
    cut();
    EXPECT_EQ(count("nodes"), 2);
    write([&](Sql& db) {
        auto before = nodes::get(db, "n");
        if (++runs == 2) cut();  // in the middle
        auto after = before;
        after.owner = "o";
        nodes::save(db, before, after);
    });
    EXPECT_EQ(runs, 3);
    EXPECT_EQ(node("n").owner, "o");
}

}  // namespace
}  // namespace ferrite::store
