#include <algorithm>
#include <thread>

#include <fmt/core.h>

#include "store/dialect.h"
#include "store/schema.h"
#include "store/store_fixture.h"

// From the first schema that there ever was to the newest, on each database.

namespace ferrite::store {
namespace {

using enum model::FieldType;

struct OldColumn {
    const char* name;
    model::FieldType type;
    bool indexed = false;
    bool unique = false;
};

/// Nodes and ports as the first schema had them, without what no test looks at.
const std::vector<OldColumn> kOldNodes = {
    {"uuid", uuid, true, true},
    {"created_at", timestamp},
    {"updated_at", timestamp},
    {"driver", text, true},
    {"driver_info", object},
    {"name", text, true, true},
    {"instance_uuid", uuid, true, true},
    {"maintenance", boolean},
    {"provision_state", text, true},
    {"provision_updated_at", timestamp},
    {"reservation", text, true},
    {"resource_class", text, true},
    {"power_state", text},
    {"traits", list},
    {"allocation_uuid", uuid},
    {"conductor_affinity", text},
};
const std::vector<OldColumn> kOldPorts = {
    {"uuid", uuid, true, true}, {"address", text, true, true},
    {"node_uuid", uuid, true},  {"pxe_enabled", boolean},
    {"extra", object},
};

void make_old_table(Sql& db, const std::string& table, const std::vector<OldColumn>& old) {
    const auto& dialect = db.dialect();
    auto columns = dialect.id_column();
    for (const auto& column : old)
        columns += fmt::format(", \"{}\" {}", column.name,
                               dialect.column_type(column.type, column.indexed));
    db.execute(fmt::format("CREATE TABLE {} ({}){}", table, columns, dialect.table_options()));
    for (const auto& column : old)
        if (column.indexed)
            db.execute(dialect.create_index({.name = fmt::format("{}_{}", table, column.name),
                                             .table = table,
                                             .columns = fmt::format("\"{}\"", column.name),
                                             .unique = column.unique}));
}

class Upgrade : public testing::Test {
protected:
    /// A database as the first program left it, with rows in it.
    std::unique_ptr<Sql> old_database() {
        auto db = database_.open();
        make_old_table(*db, "nodes", kOldNodes);
        make_old_table(*db, "ports", kOldPorts);
        db->dialect().set_schema_version(*db, 1);
        for (int i = 0; i < 3; ++i)
            Query(*db,
                  "INSERT INTO nodes (uuid, name, driver, driver_info, maintenance, "
                  "provision_state, provision_updated_at, traits) VALUES (?,?,?,?,?,?,?,?)")
                .bind(0, uuids_[i])
                .bind(1, fmt::format("node-{}", i))
                .bind(2, "fake-hardware")
                .bind(3, R"({"address":"\u00e4 '\\"})")
                .bind(4, i % 2)
                .bind(5, "available")
                .bind(6, 1'700'000'000'000'000 + i)
                .bind(7, "[]")
                .run();
        Query(*db, "INSERT INTO ports (uuid, address, node_uuid, pxe_enabled) VALUES (?,?,?,?)")
            .bind(0, new_uuid())
            .bind(1, "52:54:00:00:00:01")
            .bind(2, uuids_[0])
            .bind(3, 0)
            .run();
        return db;
    }

    std::unique_ptr<Store> start() {
        return std::make_unique<Store>(Store::Options{.database = database_.database()});
    }

    TestDatabase database_;
    std::vector<std::string> uuids_{new_uuid(), new_uuid(), new_uuid()};
};

TEST_F(Upgrade, KeepsEveryRowAndFillsWhatIsNew) {
    auto db = old_database();
    auto before = schema_status(*db);
    EXPECT_EQ(before.version, 1);
    EXPECT_FALSE(before.up_to_date());
    auto run = upgrade_schema(*db);
    EXPECT_EQ(run, before.pending) << "the plan that was shown is the one that was run";
    EXPECT_TRUE(schema_status(*db).up_to_date());
    EXPECT_TRUE(upgrade_schema(*db).empty());

    for (int i = 0; i < 3; ++i) {
        auto node = nodes::get(*db, uuids_[i]);
        EXPECT_EQ(node.name, fmt::format("node-{}", i));
        EXPECT_EQ(node.driver_info.text(), R"({"address":"\u00e4 '\\"})");
        EXPECT_EQ(node.maintenance, i % 2 != 0);
        EXPECT_EQ(node.reservation_generation, 0);
        EXPECT_FALSE(node.shard);
        EXPECT_EQ(node.conductor_group, "");
        auto lease = nodes::reserve(*db, node.id, "host");
        ASSERT_TRUE(lease);
        EXPECT_EQ(lease->generation, 1);
    }
    auto port = ports::find_by_address(*db, "52:54:00:00:00:01");
    ASSERT_TRUE(port);
    EXPECT_FALSE(port->pxe_enabled);
    EXPECT_TRUE(port->available_for_dynamic_portgroup);
}

TEST_F(Upgrade, OfAServerIsAskedFor) {
    if (on_sqlite()) {
        old_database();
        start()->read([&](Sql& db) { EXPECT_TRUE(nodes::find(db, uuids_[0])); });
        return;
    }
    auto empty = message_of([&] { start(); });
    EXPECT_NE(empty.find("ferrited db upgrade"), empty.npos) << empty;
    auto db = old_database();
    auto old = message_of([&] { start(); });
    EXPECT_NE(old.find("ferrited db upgrade"), old.npos) << old;
    EXPECT_NE(old.find(database_.database().label()), old.npos) << old;
    upgrade_schema(*db);
    start()->read([&](Sql& reader) { EXPECT_TRUE(nodes::find(reader, uuids_[0])); });
}

TEST_F(Upgrade, ByManyAtOnceHappensOnce) {
    old_database();
    std::vector<Plan> run(4);
    std::vector<std::thread> threads;
    for (auto& plan : run) threads.emplace_back([&] { plan = upgrade_schema(*database_.open()); });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(std::ranges::count_if(run, [](const Plan& plan) { return !plan.empty(); }), 1);
    EXPECT_TRUE(schema_status(*database_.open()).up_to_date());
}

TEST_F(Upgrade, RunsTheMigrationsThatAreNewer) {
    auto db = old_database();
    upgrade_schema(*db);
    constexpr std::string_view second[] = {"UPDATE nodes SET driver='second'"};
    constexpr std::string_view third[] = {"UPDATE nodes SET driver='third' WHERE driver='second'"};
    const Migration known[] = {{1, "tables", {}}, {2, "second", second}, {3, "third", third}};
    EXPECT_EQ(schema_status(*db, known).pending.size(), 2U);
    upgrade_schema(*db, known);
    EXPECT_EQ(nodes::get(*db, uuids_[0]).driver, "third");
    EXPECT_EQ(schema_status(*db, known).version, 3);

    // The program that knows only the first must leave the database alone.
    EXPECT_TRUE(schema_status(*db).is_newer());
    for (auto use : {+[](Sql& d) { upgrade_schema(d); }, +[](Sql& d) { require_schema(d); }}) {
        auto message = message_of([&] { use(*db); });
        EXPECT_NE(message.find("newer program"), message.npos) << message;
    }
}

}  // namespace
}  // namespace ferrite::store
