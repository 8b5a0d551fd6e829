#include "store/database.h"

#include <gtest/gtest.h>

#include "store/dialect.h"
#include "store/store_fixture.h"

namespace ferrite::store {
namespace {

Database parsed(const std::string& url) {
    return parse_database_url(Secret(url));
}

TEST(DatabaseUrl, NamesAFile) {
    EXPECT_EQ(parsed("sqlite:////var/lib/f.db").path, "/var/lib/f.db");
    EXPECT_EQ(parsed("sqlite:///relative.db?timeout=3").path, "relative.db");
    EXPECT_FALSE(parsed("sqlite:///f").is_server());
}

TEST(DatabaseUrl, NamesAServer) {
    auto pg = parsed("postgresql+psycopg2://us%40er:p%2Fw%3A@db.example:5433/ferrite");
    EXPECT_EQ(pg.kind, Database::Kind::postgresql);
    EXPECT_EQ(pg.user, "us@er");
    EXPECT_EQ(pg.password.reveal(), "p/w:");
    EXPECT_EQ(pg.host, "db.example");
    EXPECT_EQ(pg.port, 5433);
    EXPECT_EQ(pg.name, "ferrite");
    EXPECT_EQ(pg.label(), "PostgreSQL ferrite at db.example:5433");

    auto my = parsed("mysql+pymysql://u:p@10.0.0.1/ironic?charset=utf8&ssl_ca=/etc/ca.pem");
    EXPECT_EQ(my.kind, Database::Kind::mariadb);
    EXPECT_EQ(my.host, "10.0.0.1");
    EXPECT_EQ(my.certificate_authority, "/etc/ca.pem");
    EXPECT_EQ(my.label(), "MariaDB ironic at 10.0.0.1");
    EXPECT_EQ(parsed("mysql://u@h/n").kind, Database::Kind::mariadb);
    EXPECT_EQ(parsed("mysql://u@/n?unix_socket=/run/s").unix_socket, "/run/s");
    EXPECT_EQ(parsed("postgresql://u@/n?host=/run/pg").unix_socket, "/run/pg");
}

TEST(DatabaseUrl, IsNeverShownWhenItIsRefused) {
    for (std::string url : {"oracle://u:hunter2@h/n", "postgresql://u:hunter2@h", "hunter2",
                            "mysql://u:hunter2@h/", "sqlite:///", "postgresql://u:hunter2@h/a/b"}) {
        auto message = message_of<InvalidValue>([&] { parsed(url); });
        EXPECT_NE(message.find("postgresql://"), message.npos) << url << ": " << message;
        EXPECT_EQ(message.find("hunter2"), message.npos) << message;
    }
}

TEST(DatabaseUrl, OfAServerThatIsNotThereIsSaidWithoutThePassword) {
    for (std::string scheme : {"postgresql", "mysql"}) {
        auto database = parsed(scheme + "://u:hunter2@127.0.0.1:1/n");
        auto message = message_of([&] { open_database(database, Sql::Mode::read_write); });
        EXPECT_NE(message.find("127.0.0.1:1"), message.npos) << message;
        EXPECT_EQ(message.find("hunter2"), message.npos) << message;
    }
}

TEST(Spell, ParametersByNumber) {
    Spelling numbered{.numbered = true, .like = "ILIKE ? ESCAPE ''"};
    auto plain = spell("SELECT '?', \"a?\" FROM t WHERE a = ? AND b = ?", numbered);
    EXPECT_EQ(plain.sql, "SELECT '?', \"a?\" FROM t WHERE a = $1 AND b = $2");
    EXPECT_EQ(plain.parameters, (std::vector{0, 1}));
    auto named = spell("WHERE a = ?5 AND b IN (?2, ?5)", numbered);
    EXPECT_EQ(named.sql, "WHERE a = $1 AND b IN ($2, $1)");
    EXPECT_EQ(named.parameters, (std::vector{4, 1}));
    EXPECT_EQ(spell("x LIKE ? LIMIT ?", numbered).sql, "x ILIKE $1 ESCAPE '' LIMIT $2");
}

TEST(Spell, ParametersByPlace) {
    Spelling places{.like = "LIKE ? COLLATE c"};
    auto named = spell("a = ?2 AND b = ?1 AND c LIKE ?2", places);
    EXPECT_EQ(named.sql, "a = ? AND b = ? AND c LIKE ? COLLATE c");
    EXPECT_EQ(named.parameters, (std::vector{1, 0, 1}));
}

TEST(Spell, APlusInFrontOfAColumnIsForSqlite) {
    Spelling places{.like = "LIKE ?"};
    EXPECT_EQ(spell("WHERE +\"a\" IS NULL AND (+b = 1) AND c = d + 1", places).sql,
              "WHERE \"a\" IS NULL AND (b = 1) AND c = d + 1");
}

TEST(Spell, AQuoteThatDoesNotEndEndsWithTheText) {
    EXPECT_EQ(spell("a = 'b", {}).sql, "a = 'b");
}

class Conditions : public StoreTest {};

TEST_F(Conditions, LikeMindsNoCapitalsAndNoBackslash) {
    for (auto text : {"Rack A\\1", "rack b", "100%", "other"})
        add_node([&](model::Node& node) { node.description = text; });
    auto found = [&](const std::string& pattern) {
        return read([&](Sql& db) {
            Query q(db, "SELECT count(*) FROM nodes WHERE description LIKE ?");
            q.bind(0, std::string_view(pattern));
            return q.step() ? q.integer(0) : -1;
        });
    };
    EXPECT_EQ(found("%RACK%"), 2);
    EXPECT_EQ(found("%a\\1%"), 1);
    EXPECT_EQ(found("rack _"), 1);
    EXPECT_EQ(found("%\\%"), 1);
}

TEST_F(Conditions, TextIsEqualByteByByte) {
    for (auto name : {"a", "A", "a ", "\xc3\xa4"}) add_node(name);
    EXPECT_EQ(count("nodes"), 4);
    EXPECT_EQ(node("A").name, "A");
    EXPECT_EQ(node("a ").name, "a ");
}

}  // namespace
}  // namespace ferrite::store
