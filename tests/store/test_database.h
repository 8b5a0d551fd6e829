#pragma once

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "store/database.h"
#include "store/schema.h"

/// The database that the tests of this program run on: $FERRITE_TEST_DATABASE, sqlite (the
/// default), postgresql or mariadb. The server is started for the first test and ended with the
/// program.
namespace ferrite::store {

inline Database::Kind tested_kind() {
    const char* name = std::getenv("FERRITE_TEST_DATABASE");
    std::string_view kind = name ? name : "sqlite";
    if (kind == "postgresql") return Database::Kind::postgresql;
    if (kind == "mariadb") return Database::Kind::mariadb;
    return Database::Kind::sqlite;
}

inline bool on_sqlite() {
    return tested_kind() == Database::Kind::sqlite;
}

/// tests/harness/database.py as a child process.
class TestServer {
public:
    static TestServer& get() {
        static TestServer server;
        return server;
    }
    ~TestServer() {
        if (control_ >= 0) close(control_);
        if (child_ > 0) waitpid(child_, nullptr, 0);
    }
    TestServer(const TestServer&) = delete;
    TestServer& operator=(const TestServer&) = delete;

    /// A database that is there from the beginning.
    const Database& first() const { return first_; }

private:
    TestServer() {
        int to[2], from[2];
        if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0) return;
        child_ = fork();
        if (child_ == 0) {
            dup2(to[0], STDIN_FILENO);
            dup2(from[1], STDOUT_FILENO);
            auto program = std::string(FERRITE_SOURCE_DIR) + "/tests/harness/database.py";
            execl(program.c_str(), program.c_str(), std::getenv("FERRITE_TEST_DATABASE"), nullptr);
            _exit(127);
        }
        close(to[0]);
        close(from[1]);
        control_ = to[1];
        std::string line;
        for (char c; ::read(from[0], &c, 1) == 1 && c != '\n';) line += c;
        close(from[0]);
        if (line.empty()) end_program();
        first_ = parse_database_url(Secret(line));
    }

    /// Without a server there is nothing to test: status 77, or 1 when it should have been there.
    [[noreturn]] void end_program() const {
        int status = 0;
        waitpid(child_, &status, 0);
        std::fputs("store tests skipped or failed: there is no database server\n", stderr);
        std::_Exit(WIFEXITED(status) && WEXITSTATUS(status) == 77 ? 77 : 1);
    }

    pid_t child_ = -1;
    int control_ = -1;
    Database first_;
};

/// A database of the test's own: gone with the object, or empty again and the next test's.
class TestDatabase {
public:
    enum class Content { nothing, tables };

    /// `tables` are there on a server, where making them takes longer than most tests do.
    explicit TestDatabase(Content content = Content::nothing) : content_(content) {
        std::string pattern = std::filesystem::temp_directory_path() / "ferrite-store-XXXXXX";
        directory_ = mkdtemp(pattern.data());
        database_.path = directory_ + "/db.sqlite";
        if (on_sqlite()) return;
        database_ = TestServer::get().first();
        if (content_ == Content::tables && !spares().empty()) {
            database_.name = std::move(spares().back().name);
            cleaner_ = std::move(spares().back().cleaner);
            spares().pop_back();
            return;
        }
        static std::atomic<int> number = 0;
        database_.name = "t" + std::to_string(++number);
        of_server("CREATE DATABASE " + database_.name);
        if (content_ == Content::nothing) return;
        cleaner_ = open();
        upgrade_schema(*cleaner_);
    }
    ~TestDatabase() {
        if (database_.is_server() && !is_kept())
            of_server("DROP DATABASE " + database_.name +
                      (database_.kind == Database::Kind::postgresql ? " WITH (FORCE)" : ""));
        std::filesystem::remove_all(directory_);
    }
    TestDatabase(const TestDatabase&) = delete;
    TestDatabase& operator=(const TestDatabase&) = delete;

    const Database& database() const { return database_; }
    /// For other files of the test.
    const std::string& directory() const { return directory_; }
    std::unique_ptr<Sql> open(Sql::Mode mode = Sql::Mode::read_write) const {
        return open_database(database_, mode);
    }

private:
    /// A database with the tables of the schema and not one row, and the connection that sees to
    /// that: servers take their time to make one.
    struct Spare {
        std::string name;
        std::unique_ptr<Sql> cleaner;
    };
    static std::vector<Spare>& spares() {
        static std::vector<Spare> spares;
        return spares;
    }

    /// Empties it for the next test; false when that can not be or is not wanted.
    bool is_kept() {
        if (!cleaner_) return false;
        try {
            for (const auto& table : tables(*cleaner_))
                Query(*cleaner_, "DELETE FROM " + table).run();
            spares().push_back({database_.name, std::move(cleaner_)});
            return true;
        } catch (const Error&) {
            return false;  // the test has cut all connections or left a transaction open
        }
    }

    std::vector<std::string> tables(Sql& db) const {
        std::vector<std::string> names;
        Query q(db,
                "SELECT table_name FROM information_schema.tables WHERE table_name <> "
                "'schema_version' AND table_schema IN ('public', ?)");
        q.bind(0, std::string_view(database_.name));
        while (q.step()) names.emplace_back(q.text(0));
        return names;
    }

    static void of_server(const std::string& statement) {
        static auto connection = open_database(TestServer::get().first(), Sql::Mode::read_write);
        connection->execute(statement);
    }

    Content content_;
    std::string directory_;
    Database database_;
    std::unique_ptr<Sql> cleaner_;
};

#define SKIP_UNLESS_SQLITE(why) \
    if (!on_sqlite()) GTEST_SKIP() << "of SQLite only: " << why

}  // namespace ferrite::store
