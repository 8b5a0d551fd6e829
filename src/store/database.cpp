#include "store/database.h"

#include <string_view>
#include <utility>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <fmt/core.h>

#include "base/error.h"
#include "store/sqlite.h"
#include "store/url_parameters.h"

namespace ferrite::store {
namespace {

[[noreturn]] void refuse(std::string_view why) {
    throw InvalidValue(fmt::format(
        "{}: write sqlite:///PATH, postgresql://USER:PASSWORD@HOST/NAME or "
        "mysql+pymysql://USER:PASSWORD@HOST/NAME, with %40 for an @ in the password and so on",
        why));
}

/// The kind by the scheme; what stands behind a plus sign is a Python driver.
Database::Kind kind_of(std::string_view scheme) {
    auto kind = scheme.substr(0, scheme.find('+'));
    if (kind == "postgresql" || kind == "postgres") return Database::Kind::postgresql;
    if (kind == "mysql" || kind == "mariadb") return Database::Kind::mariadb;
    refuse("the URL names no database that is known");
}

/// Where the server is can be said among the parameters, too.
void take_place(Database& database) {
    auto take = [&](std::string_view name, std::string& field) {
        auto found = database.parameters.find(name);
        if (found == database.parameters.end()) return;
        field = found->second.reveal();
        database.parameters.erase(found);
    };
    take("unix_socket", database.unix_socket);
    take("host", database.host);
    if (database.host.starts_with('/')) database.unix_socket = std::exchange(database.host, {});
}

Database parse_server_url(std::string_view text) {
    auto parsed = boost::urls::parse_uri(text);
    if (!parsed) refuse("this is no URL");
    const boost::urls::url_view& url = *parsed;
    Database database{.kind = kind_of(url.scheme())};
    database.host = url.host_address();
    database.port = url.port_number();
    database.user = url.user();
    database.password = Secret(url.password());
    auto segments = url.segments();
    if (segments.size() != 1 || segments.front().empty())
        refuse("the URL names no database behind the host");
    database.name = segments.front();
    // An @ that ends the password stands behind a ? only when the password has an unescaped one;
    // what follows that is no parameter and must not be told.
    if (url.encoded_query().contains('@')) refuse("there is an @ behind the question mark");
    for (const auto& [key, value, has_value] : url.params()) {
        auto& parameters = database.parameters;
        check_url_parameter(database.kind, key, value);
        if (!parameters.emplace(key, Secret(value)).second) refuse_repeated_parameter(key);
    }
    take_place(database);
    return database;
}

}  // namespace

std::string Database::label() const {
    if (!is_server()) return path;
    auto where = !unix_socket.empty() ? unix_socket : host.empty() ? "localhost" : host;
    if (port && unix_socket.empty()) where += fmt::format(":{}", port);
    return fmt::format("{} {} at {}", kind == Kind::postgresql ? "PostgreSQL" : "MariaDB", name,
                       where);
}

Database parse_database_url(const Secret& secret) {
    std::string_view url = secret.reveal();
    constexpr std::string_view kSqlite = "sqlite:///";
    if (!url.starts_with(kSqlite)) return parse_server_url(url);
    url.remove_prefix(kSqlite.size());
    if (url.contains('?'))
        refuse("a file has no parameters, so nothing can stand behind a question mark");
    Database database{.path = std::string(url)};
    if (database.path.empty()) refuse("the URL names no file");
    return database;
}

std::unique_ptr<Sql> open_database(const Database& database, Sql::Mode mode) {
    switch (database.kind) {
        case Database::Kind::sqlite:
            return open_sqlite(database.path, mode);
        case Database::Kind::postgresql:
            return open_postgresql(database, mode);
        case Database::Kind::mariadb:
            return open_mariadb(database, mode);
    }
    refuse("the database is of no kind that is known");
}

}  // namespace ferrite::store
