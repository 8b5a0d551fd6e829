#include <atomic>
#include <thread>
#include <utility>

#include "store/allocations.h"
#include "store/chassis.h"
#include "store/conductors.h"
#include "store/portgroups.h"
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

    /// Ends every session with the database, as a server does that is stopped.
    void cut() const {
        auto admin = database_.open();
        if (on_postgresql()) {
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
    }

    bool on_postgresql() const { return database_.database().kind == Database::Kind::postgresql; }

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

TEST_F(SharedDatabase, AConnectionThatGoesWithALostRaceIsMadeAnew) {
    add_node("n");
    int runs = 0;
    write([&](Sql& db) {
        auto before = nodes::get(db, "n");
        auto after = before;
        after.owner = "ours";
        if (++runs > 1) return void(nodes::save(db, before, after));
        programs_[0]->write_now([&](Sql& other) {
            auto theirs = before;
            theirs.lessee = "theirs";
            nodes::save(other, before, theirs);
        });
        try {
            nodes::save(db, before, after);
            ADD_FAILURE() << "the race was not lost";
        } catch (const Error&) {
            cut();
            throw;
        }
    });
    EXPECT_EQ(runs, 2);
    EXPECT_EQ(node("n").owner, "ours");
    EXPECT_EQ(node("n").lessee, "theirs");
}

TEST_F(SharedDatabase, ARowThatSomebodyHoldsIsWaitedForInBounds) {
    auto id = add_node("n").id;
    auto holder = database_.open();
    holder->begin(Sql::Mode::read_write);
    ASSERT_TRUE(nodes::reserve(*holder, id, "holder"));

    auto other = database_.open();
    {
        Query limit(*other, on_postgresql() ? "SELECT current_setting('lock_timeout')"
                                            : "SELECT concat(@@innodb_lock_wait_timeout, 's')");
        ASSERT_TRUE(limit.step());
        EXPECT_EQ(limit.text(0), "5s");
    }
    other->execute(on_postgresql() ? "SET lock_timeout=10"
                                   : "SET SESSION innodb_lock_wait_timeout=0");
    other->begin(Sql::Mode::read_write);
    try {
        nodes::reserve(*other, id, "other");
        ADD_FAILURE() << "two have the row";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), "database_busy");
    }
    EXPECT_EQ(other->harm(), Harm::transaction);
    other->rollback();

    holder->rollback();
    other->begin(Sql::Mode::read_write);
    EXPECT_TRUE(nodes::reserve(*other, id, "other"));
    other->commit();
}

TEST_F(SharedDatabase, AWriterThatStopsInTheMiddleIsEndedAndRunsAgain) {
    add_node("n");
    auto admin = database_.open();
    int runs = 0;
    write([&](Sql& db) {
        auto before = nodes::get(db, "n");
        auto after = before;
        after.owner = "o";
        nodes::save(db, before, after);
        if (++runs > 1) return;
        std::string id;
        {
            Query q(db, on_postgresql() ? "SELECT pg_backend_pid(), current_setting("
                                          "'idle_in_transaction_session_timeout')"
                                        : "SELECT CONNECTION_ID(), "
                                          "concat(@@idle_transaction_timeout, 's')");
            ASSERT_TRUE(q.step());
            id = q.text(0);
            EXPECT_EQ(q.text(1), "20s");
        }
        db.execute(on_postgresql() ? "SET idle_in_transaction_session_timeout=10"
                                   : "SET SESSION idle_transaction_timeout=1");
        for (bool there = true; there;) {
            Query q(*admin, on_postgresql()
                                ? "SELECT count(*) FROM pg_stat_activity WHERE pid=?"
                                : "SELECT count(*) FROM information_schema.processlist WHERE id=?");
            q.bind(0, std::stoll(id));
            ASSERT_TRUE(q.step());
            there = q.integer(0) != 0;
        }
    });
    EXPECT_EQ(runs, 2);
    EXPECT_EQ(node("n").owner, "o");
}

/// What belongs to something, and the deleting of it, by two programs: the one that comes second
/// learns of the first although its snapshot is older.
class Parents : public SharedDatabase {
protected:
    /// Runs `theirs` in another program once `ours` has its snapshot, and then `ours`.
    template <class Ours, class Theirs>
    void meet(Ours ours, Theirs theirs) {
        bool met = false;
        programs_[0]->write_now([&](Sql& db) {
            Query(db, "SELECT count(*) FROM nodes").step();
            if (!std::exchange(met, true)) programs_[1]->write_now(theirs);
            ours(db);
        });
    }

    static model::Port port_of(const model::Node& node) {
        model::Port port;
        port.uuid = new_uuid();
        port.node_uuid = node.uuid;
        port.address = "52:54:00:00:00:01";
        return port;
    }
    static auto adds_to(const model::Node& node) {
        return [&node](Sql& db) {
            nodes::keep(db, node.uuid);
            auto port = port_of(node);
            ports::insert(db, port);
        };
    }
};

TEST_F(Parents, ANodeThatIsGoneGetsNoPart) {
    auto node = add_node("n");
    EXPECT_THROW(meet(adds_to(node), [&](Sql& db) { nodes::remove(db, node); }), NotFound);
    EXPECT_EQ(count("ports"), 0);
}

TEST_F(Parents, ANodeGoesWithTheNewestOfItsParts) {
    auto node = add_node("n");
    meet(
        [&](Sql& db) {
            // As its deleter does, who holds the node's lock.
            nodes::keep(db, node.uuid);
            nodes::remove(db, node);
        },
        adds_to(node));
    EXPECT_EQ(count("nodes"), 0);
    EXPECT_EQ(count("ports"), 0);
}

TEST_F(Parents, AChassisStaysWhenANodeHasJustBeenPutIntoIt) {
    model::Chassis chassis;
    chassis.uuid = new_uuid();
    write([&](Sql& db) { chassis::insert(db, chassis); });
    auto put_in = [&](Sql& db) {
        chassis::keep(db, chassis.uuid);
        model::Node node;
        node.uuid = new_uuid();
        node.chassis_uuid = chassis.uuid;
        nodes::insert(db, node);
    };
    auto remove = [&](Sql& db) { chassis::remove(db, chassis); };
    EXPECT_THROW(meet(remove, put_in), InvalidValue);
    EXPECT_EQ(count("chassis"), 1);
    write([](Sql& db) { Query(db, "DELETE FROM nodes").run(); });
    EXPECT_THROW(meet(put_in, remove), NotFound);
    EXPECT_EQ(count("nodes"), 0);
    EXPECT_EQ(count("chassis"), 0);
}

TEST_F(Parents, APortgroupStaysWhenAPortHasJustJoinedIt) {
    auto node = add_node("n");
    model::Portgroup group;
    group.uuid = new_uuid();
    group.node_uuid = node.uuid;
    write([&](Sql& db) { portgroups::insert(db, group); });
    auto join = [&](Sql& db) {
        portgroups::keep(db, group.uuid);
        auto port = port_of(node);
        port.portgroup_uuid = group.uuid;
        ports::insert(db, port);
    };
    auto remove = [&](Sql& db) { portgroups::remove(db, group); };
    EXPECT_THROW(meet(remove, join), InvalidValue);
    EXPECT_EQ(count("portgroups"), 1);
    write([](Sql& db) { Query(db, "DELETE FROM ports").run(); });
    EXPECT_THROW(meet(join, remove), NotFound);
    EXPECT_EQ(count("ports"), 0);
    EXPECT_EQ(count("portgroups"), 0);
}

}  // namespace
}  // namespace ferrite::store
