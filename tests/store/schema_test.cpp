#include "store/schema.h"

#include <fstream>

#include "store/dialect.h"
#include "store/store_fixture.h"
#include "store/tables.h"

namespace ferrite::store {
namespace {

/// The schema of SQLite, and files that are damaged; UpgradeTest is of all databases.
class Schema : public StoreTest {
protected:
    void SetUp() override { SKIP_UNLESS_SQLITE("these look into its files"); }

    /// Changes the file as it lies there, without the store.
    void tamper(const char* statements) {
        store_.reset();
        database_.open()->execute(statements);
    }
    std::string failure_of(const std::string& path) {
        return message_of([&] { Store broken({.path = path}); });
    }
    static void expect_mentions(const std::string& message, std::string_view words) {
        EXPECT_NE(message.find(words), std::string::npos) << message;
    }
};

TEST_F(Schema, EveryStoredFieldHasAColumnOfItsType) {
    auto check = [&](const auto& table) {
        read([&](Sql& db) {
            std::map<std::string, std::string, std::less<>> columns;
            Query q(db, "PRAGMA table_info(" + std::string(table.name) + ")");
            while (q.step()) columns.emplace(q.text(1), q.text(2));
            std::size_t stored = 1;  // id
            for (const auto& field : table.fields) {
                if (!field.stored()) continue;
                ++stored;
                auto column = columns.find(field.name);
                ASSERT_NE(column, columns.end()) << field.name;
                EXPECT_EQ(column->second, sqlite_dialect().column_type(field.type, false))
                    << field.name;
            }
            EXPECT_EQ(columns.size(), stored) << table.name;
        });
    };
    check(node_table());
    check(port_table());
    check(portgroup_table());
    check(volume_connector_table());
    check(volume_target_table());
    check(chassis_table());
    check(conductor_table());
    check(node_history_table());
}

TEST_F(Schema, MissingColumnsAreAdded) {
    auto uuid = add_node("old").uuid;
    tamper(
        "ALTER TABLE nodes DROP COLUMN description;"
        "DROP INDEX nodes_shard; ALTER TABLE nodes DROP COLUMN shard;"
        "DROP INDEX nodes_free;"
        "DROP INDEX nodes_instance_uuid; ALTER TABLE nodes DROP COLUMN instance_uuid;"
        "DROP TABLE chassis;");
    reopen();
    EXPECT_EQ(node("old").uuid, uuid);
    EXPECT_FALSE(node("old").description);
    alter("old", [](model::Node& n) { n.description = "new column"; });
    EXPECT_EQ(node("old").description, "new column");
    EXPECT_EQ(count("chassis"), 0);
    auto instance = new_uuid();
    alter("old", [&](model::Node& n) { n.instance_uuid = instance; });
    EXPECT_THROW(add_node([&](model::Node& n) { n.instance_uuid = instance; }), Conflict);
    EXPECT_EQ(read([](Sql& db) {
                  Query q(db, "SELECT 1 FROM sqlite_master WHERE name='nodes_shard'");
                  return q.step();
              }),
              true);
}

TEST_F(Schema, RowsThatWereThereGetTheInitialValue) {
    model::Port port;
    port.uuid = new_uuid();
    port.address = "52:54:00:00:00:01";
    port.node_uuid = new_uuid();
    write([&](Sql& db) { ports::insert(db, port); });
    add_node("old");
    tamper(
        "ALTER TABLE ports DROP COLUMN pxe_enabled;"
        "ALTER TABLE ports DROP COLUMN is_smartnic;"
        "ALTER TABLE ports DROP COLUMN available_for_dynamic_portgroup;"
        "ALTER TABLE nodes DROP COLUMN retired;"
        "DROP INDEX nodes_conductor_group; ALTER TABLE nodes DROP COLUMN conductor_group;"
        "ALTER TABLE nodes DROP COLUMN automated_clean;");
    reopen();
    auto found = read([&](Sql& db) { return ports::get(db, port.uuid); });
    EXPECT_TRUE(found.pxe_enabled);
    EXPECT_FALSE(found.is_smartnic);
    EXPECT_TRUE(found.available_for_dynamic_portgroup);
    EXPECT_FALSE(node("old").automated_clean);
    // Filters see it as well.
    auto matches = [&](const char* text) {
        return read([&](Sql& db) { return Query(db, text).step(); });
    };
    EXPECT_TRUE(matches("SELECT 1 FROM ports WHERE pxe_enabled = 1"));
    EXPECT_TRUE(matches("SELECT 1 FROM ports WHERE is_smartnic = 0"));
    EXPECT_TRUE(matches("SELECT 1 FROM nodes WHERE retired = 0"));
    EXPECT_TRUE(matches("SELECT 1 FROM nodes WHERE conductor_group = ''"));
    EXPECT_TRUE(matches("SELECT 1 FROM nodes WHERE automated_clean IS NULL"));
}

TEST_F(Schema, OpeningAgainChangesNothing) {
    auto schema = [&] {
        return read([](Sql& db) {
            std::string text;
            Query q(db, "SELECT sql FROM sqlite_master ORDER BY name");
            while (q.step()) text += std::string(q.text(0)) + "\n";
            return text;
        });
    };
    auto before = schema();
    reopen();
    reopen();
    EXPECT_EQ(schema(), before);
}

TEST_F(Schema, ColumnsOfANewerProgramAreLeftAlone) {
    add_node("n");
    tamper("ALTER TABLE nodes ADD COLUMN from_the_future TEXT DEFAULT 'kept'");
    reopen();
    alter("n", [](model::Node& n) { n.owner = "o"; });
    EXPECT_TRUE(read([](Sql& db) {
        return Query(db, "SELECT 1 FROM nodes WHERE from_the_future='kept' AND owner='o'").step();
    }));
}

TEST_F(Schema, ANewerSchemaIsRefused) {
    tamper("PRAGMA user_version=2");
    auto message = failure_of(database_.database().path);
    expect_mentions(message, database_.database().path);
    expect_mentions(message, "schema 2");
    expect_mentions(message, "newer");
}

TEST_F(Schema, ABadPathIsNamed) {
    auto path = database_.directory() + "/no/such/directory/db";
    auto message = failure_of(path);
    expect_mentions(message, path);
    expect_mentions(message, "directory");
    expect_mentions(failure_of(database_.directory()), database_.directory());
}

TEST_F(Schema, AFileThatIsNoDatabaseIsNamed) {
    auto path = database_.directory() + "/words";
    std::ofstream(path) << std::string(4096, 'x');
    auto message = failure_of(path);
    expect_mentions(message, path);
    expect_mentions(message, "not a database");
}

}  // namespace
}  // namespace ferrite::store
