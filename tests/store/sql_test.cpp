#include "store/sql.h"

#include <fmt/core.h>

#include "store/dialect.h"
#include "store/store_fixture.h"

namespace ferrite::store {
namespace {

class SqlTest : public testing::Test {
protected:
    SqlTest() {
        const auto& dialect = db_->dialect();
        auto text = dialect.column_type(model::FieldType::text, true);
        auto number = dialect.column_type(model::FieldType::integer, false);
        db_->execute(fmt::format("CREATE TABLE t ({}, name {}, n {}){}", dialect.id_column(), text,
                                 number, dialect.table_options()));
        db_->execute(dialect.create_index(
            {.name = "t_name", .table = "t", .columns = "name", .unique = true}));
    }

    void add(std::string_view name, std::int64_t n) {
        Query(db(), "INSERT INTO t (name, n) VALUES (?, ?)").bind(0, name).bind(1, n).run();
    }
    std::int64_t rows() {
        Query q(db(), "SELECT count(*) FROM t");
        return q.step() ? q.integer(0) : -1;
    }
    Sql& db() { return *db_; }

    TestDatabase database_;
    std::unique_ptr<Sql> db_ = database_.open();
};

TEST_F(SqlTest, ValuesComeBackAsTheyWere) {
    using namespace std::string_view_literals;
    std::vector texts{""sv, "plain"sv, "'; DROP TABLE t; --"sv, "\\"sv, "a "sv, "A "sv};
    if (on_sqlite()) texts.insert(texts.end(), {"a\0b"sv, "\xff\xfe"sv});
    for (auto text : texts) {
        add(text, -1);
        Query q(db(), "SELECT name, n FROM t WHERE name = ?");
        q.bind(0, text);
        ASSERT_TRUE(q.step());
        EXPECT_EQ(q.text(0), text);
        EXPECT_FALSE(q.is_null(0));
        EXPECT_EQ(q.integer(1), -1);
        EXPECT_FALSE(q.step());
    }
    add("big", std::numeric_limits<std::int64_t>::min());
    Query q(db(), "SELECT n FROM t WHERE name='big'");
    ASSERT_TRUE(q.step());
    EXPECT_EQ(q.integer(0), std::numeric_limits<std::int64_t>::min());
}

TEST_F(SqlTest, NullIsToldFromEmpty) {
    Query(db(), "INSERT INTO t (name, n) VALUES (?, ?)").bind_null(0).bind(1, 1).run();
    add("", 2);
    Query q(db(), "SELECT name FROM t ORDER BY n");
    ASSERT_TRUE(q.step());
    EXPECT_TRUE(q.is_null(0));
    EXPECT_EQ(q.text(0).data(), nullptr);
    EXPECT_EQ(q.integer(0), 0);
    ASSERT_TRUE(q.step());
    EXPECT_FALSE(q.is_null(0));
    EXPECT_NE(q.text(0).data(), nullptr);
    EXPECT_EQ(q.text(0), "");
}

TEST_F(SqlTest, ViewOfNothingIsEmptyText) {
    add(std::string_view(), 1);
    Query q(db(), "SELECT name FROM t");
    ASSERT_TRUE(q.step());
    EXPECT_FALSE(q.is_null(0));
}

TEST_F(SqlTest, QueriesOfTheSameTextMayNest) {
    for (auto name : {"a", "b", "c"}) add(name, 1);
    constexpr auto text = "SELECT name FROM t WHERE n = ? ORDER BY name";
    for (int turn = 0; turn < 3; ++turn) {  // the second turn runs on kept statements
        std::string seen;
        Query outer(db(), text);
        outer.bind(0, 1);
        while (outer.step()) {
            Query inner(db(), text);
            inner.bind(0, 1);
            while (inner.step()) {
                Query innermost(db(), text);
                innermost.bind(0, 2);  // finds nothing, and disturbs nobody
                EXPECT_FALSE(innermost.step());
                seen += std::string(outer.text(0)) + std::string(inner.text(0)) + " ";
            }
        }
        EXPECT_EQ(seen, "aa ab ac ba bb bc ca cb cc ");
    }
}

TEST_F(SqlTest, AKeptStatementStartsAfresh) {
    add("a", 1);
    add("b", 1);
    constexpr auto text = "SELECT name FROM t WHERE n = ?";
    {
        Query half(db(), text);
        half.bind(0, 1);
        ASSERT_TRUE(half.step());  // and there is one more row
    }
    Query unbound(db(), text);
    EXPECT_FALSE(unbound.step()) << "the value of the query before is still bound";
}

TEST_F(SqlTest, AFailedStatementCanBeUsedAgain) {
    add("a", 1);
    for (int turn = 0; turn < 2; ++turn) {
        try {
            add("a", 2);
            FAIL() << "the name was taken twice";
        } catch (const Error& failure) {
            EXPECT_EQ(failure.code(), "duplicate");
            EXPECT_EQ(failure.message(), "t.name");
            EXPECT_EQ(failure.http_status(), 409);
        }
    }
    add("b", 2);
    EXPECT_EQ(rows(), 2);
}

TEST_F(SqlTest, MoreTextsThanAreKept) {
    add("a", 1);
    Query open(db(), "SELECT name FROM t");
    ASSERT_TRUE(open.step());
    for (int i = 0; i < 1200; ++i) {
        Query q(db(), "SELECT n + " + std::to_string(i) + " FROM t");
        ASSERT_TRUE(q.step());
        ASSERT_EQ(q.integer(0), i + 1);
    }
    EXPECT_EQ(open.text(0), "a");
}

TEST_F(SqlTest, RunTellsHowManyRowsChanged) {
    for (auto name : {"a", "b", "c"}) add(name, 1);
    EXPECT_EQ(Query(db(), "UPDATE t SET n=2 WHERE name < 'c'").run(), 2);
    EXPECT_EQ(Query(db(), "UPDATE t SET n=3 WHERE name = 'z'").run(), 0);
    EXPECT_EQ(Query(db(), "DELETE FROM t").run(), 3);
    add("d", 1);
    auto id = db_->last_insert_id();
    add("e", 1);
    EXPECT_GT(db_->last_insert_id(), id);
}

TEST_F(SqlTest, ErrorsSayWhatWasTried) {
    auto of_query = message_of([&] { Query(db(), "SELECT missing FROM t"); });
    EXPECT_NE(of_query.find("SELECT missing FROM t"), std::string::npos) << of_query;
    EXPECT_NE(of_query.find("missing", 30), std::string::npos) << of_query;
    auto of_statement = message_of([&] { db_->execute("NONSENSE"); });
    EXPECT_NE(of_statement.find("NONSENSE"), std::string::npos) << of_statement;
    EXPECT_EQ(rows(), 0);
}

TEST_F(SqlTest, AReaderSeesWhatIsWrittenAndWritesNothing) {
    add("a", 1);
    SKIP_UNLESS_SQLITE("a server's readers are kept from writing by their transactions");
    auto reader = database_.open(Sql::Mode::read_only);
    Query q(*reader, "SELECT name FROM t");
    ASSERT_TRUE(q.step());
    EXPECT_EQ(q.text(0), "a");
    EXPECT_THROW(reader->execute("DELETE FROM t"), Error);
    EXPECT_EQ(rows(), 1);
}

}  // namespace
}  // namespace ferrite::store
