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
    EXPECT_EQ(parsed("sqlite:///relative.db").path, "relative.db");
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
    EXPECT_EQ(my.parameters.at("ssl_ca").reveal(), "/etc/ca.pem");
    EXPECT_EQ(my.label(), "MariaDB ironic at 10.0.0.1");
    EXPECT_EQ(parsed("mysql://u@h/n").kind, Database::Kind::mariadb);
    EXPECT_EQ(parsed("mysql://u@/n?unix_socket=/run/s").unix_socket, "/run/s");
    EXPECT_EQ(parsed("postgresql://u@/n?host=/run/pg").unix_socket, "/run/pg");
    EXPECT_TRUE(parsed("postgresql://u@/n?host=/run/pg").parameters.empty());
}

TEST(DatabaseUrl, PassesOnWhatTheDriverIsToKnow) {
    auto pg = parsed(
        "postgresql+psycopg2://u:p@h/n?sslmode=verify-ca&sslrootcert=/a&sslcert=/c&sslkey=/k"
        "&connect_timeout=3&target_session_attrs=read-write");
    EXPECT_EQ(pg.parameters.size(), 6U);
    EXPECT_EQ(pg.parameters.at("sslmode").reveal(), "verify-ca");
    auto my = parsed(
        "mysql+pymysql://u:p@h/n?charset=utf8mb4&ssl_ca=/a&ssl_cert=/c&ssl_key=%2Fk"
        "&ssl_verify_cert=true&ssl_check_hostname=false&read_timeout=60");
    EXPECT_EQ(my.parameters.at("ssl_key").reveal(), "/k");
    EXPECT_EQ(my.parameters.at("ssl_check_hostname").reveal(), "false");
    EXPECT_EQ(parsed("mysql+mysqldb://u:p@h/n?ssl_mode=required").parameters.size(), 1U);
}

TEST(DatabaseUrl, RefusesWhatItDoesNotKnowByName) {
    struct {
        std::string url, names;
    } cases[] = {
        {"postgresql://u:hunter2@h/n?sslmod=require", "'sslmod'"},
        {"postgresql://u:hunter2@h/n?ssl_ca=/a", "sslrootcert"},
        {"postgresql://u:hunter2@h/n?password=hunter2", "'password'"},
        {"postgresql://u:hunter2@h/n?sslmode=hunter2", "verify-full"},
        {"postgresql://u:hunter2@h/n?sslcert=", "'sslcert'"},
        {"postgresql://u:hunter2@h/n?connect_timeout=soon", "a number"},
        {"postgresql://u:hunter2@h/n?host=a&host=b", "more than once"},
        {"mysql://u:hunter2@h/n?sslmode=require", "ssl_mode"},
        {"mysql://u:hunter2@h/n?ssl_verify_cert=hunter2", "true false"},
        {"mysql://u:hunter2@h/n?charset=latin1", "utf8mb4"},
        {"sqlite:///f?timeout=3", "no parameters"},
        // A password with a question mark in it.
        {"postgresql://u:1/n?hunter2@h/n", "@ behind the question mark"},
    };
    for (const auto& [url, names] : cases) {
        auto message = message_of<InvalidValue>([&] { parsed(url); });
        EXPECT_NE(message.find(names), message.npos) << url << ": " << message;
        EXPECT_EQ(message.find("hunter2"), message.npos) << message;
    }
}

TEST(DatabaseUrl, AsksForNoCertificateThatNobodyChecks) {
    for (std::string what :
         {"ssl_verify_cert=true&ssl_verify_identity=false", "ssl_mode=VERIFY_CA"}) {
        auto database = parsed("mysql://u:hunter2@127.0.0.1:1/n?" + what);
        auto message = message_of([&] { open_database(database, Sql::Mode::read_write); });
        EXPECT_NE(message.find("ssl_ca=FILE"), message.npos) << message;
    }
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
