#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/secret.h"
#include "store/sql.h"

namespace ferrite::store {

/// Which database, and how to get to it: an oslo.db URL taken apart.
struct Database {
    enum class Kind { sqlite, postgresql, mariadb };

    Kind kind = Kind::sqlite;
    std::string path;  ///< SQLite: the file.
    // The servers:
    std::string host;         ///< Name or address; empty with a socket.
    std::string unix_socket;  ///< MariaDB: the socket; PostgreSQL: its directory.
    std::uint16_t port = 0;   ///< 0: the usual one.
    std::string user;
    Secret password;
    std::string name;
    /// What else the URL says to the driver, by the names that its Python sibling has for it
    /// (psycopg2: libpq's own; PyMySQL: ssl_ca and so on). Values are of the kind they must be.
    std::map<std::string, Secret, std::less<>> parameters;

    bool is_server() const { return kind != Kind::sqlite; }
    /// For messages and logs: without the password.
    std::string label() const;
};

/// Reads `sqlite:///PATH`, `postgresql://USER:PASSWORD@HOST:PORT/NAME` and
/// `mysql://USER:PASSWORD@HOST:PORT/NAME`, also with the driver that the original names behind a
/// plus sign (`mysql+pymysql://`), `?host=` or `?unix_socket=` for a socket, and the parameters of
/// url_parameters.h. Throws InvalidValue that says what is wrong without the URL.
Database parse_database_url(const Secret& url);

/// Connects. Throws Error "database_lost" or "database" that names the database.
std::unique_ptr<Sql> open_database(const Database& database, Sql::Mode mode);

// One for each kind; see open_database().
std::unique_ptr<Sql> open_postgresql(const Database& database, Sql::Mode mode);
std::unique_ptr<Sql> open_mariadb(const Database& database, Sql::Mode mode);

}  // namespace ferrite::store
