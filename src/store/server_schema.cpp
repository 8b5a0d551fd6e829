#include "store/server_schema.h"

#include <chrono>
#include <thread>

#include <fmt/core.h>

#include "base/error.h"

namespace ferrite::store::server_schema {
namespace {

constexpr auto kBetweenTries = std::chrono::milliseconds(100);
constexpr auto kLongestUpgrade = std::chrono::minutes(30);

}  // namespace

std::vector<std::string> texts(Sql& db, std::string_view query,
                               const std::vector<std::string_view>& parameters) {
    std::vector<std::string> found;
    Query rows(db, query);
    int index = 0;
    for (auto parameter : parameters) rows.bind(index++, parameter);
    while (rows.step()) found.emplace_back(rows.text(0));
    return found;
}

std::vector<Column> columns(Sql& db, std::string_view query, std::string_view table) {
    std::vector<Column> found;
    Query rows(db, query);
    rows.bind(0, table);
    while (rows.step()) found.push_back({std::string(rows.text(0)), std::string(rows.text(1))});
    return found;
}

std::int64_t version(Sql& db) {
    if (db.dialect().columns(db, "schema_version").empty()) return 0;
    Query row(db, "SELECT max(version) FROM schema_version");
    return row.step() ? row.integer(0) : 0;
}

void set_version(Sql& db, std::int64_t version) {
    db.execute("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL PRIMARY KEY)");
    Query row(db, "INSERT INTO schema_version (version) VALUES (?)");
    row.bind(0, version).run();
}

void lock(Sql& db, std::string_view try_lock) {
    auto end = std::chrono::steady_clock::now() + kLongestUpgrade;
    for (;;) {
        {
            Query tried(db, try_lock);
            if (tried.step() && tried.integer(0) == 1) return;
        }
        if (std::chrono::steady_clock::now() > end)
            throw Error(503, "schema",
                        "Another program has been upgrading this database for half "
                        "an hour: end it, or wait for it, and try again.");
        std::this_thread::sleep_for(kBetweenTries);
    }
}

}  // namespace ferrite::store::server_schema
