#include "store/ports.h"

#include <limits>

#include <fmt/core.h>

#include "base/error.h"
#include "base/uuid.h"
#include "store/tables.h"

namespace ferrite::store::ports {
namespace {

using model::Port;

[[noreturn]] void explain_duplicate(const Error& error, const Port& port) {
    if (error.code() != "duplicate") throw error;
    std::string_view column = error.message();
    if (column == "ports.address")
        throw Conflict(fmt::format("A port with MAC address {} already exists.", port.address));
    if (column == "ports.name")
        throw Conflict(fmt::format("A port with name {} already exists.", port.name.value_or("")));
    throw Conflict(fmt::format("A port with UUID {} already exists.", port.uuid));
}

}  // namespace

void insert(Sql& db, Port& port) {
    port.created_at = now_seconds();
    try {
        insert_row(db, port_table(), port);
    } catch (const Error& error) {
        explain_duplicate(error, port);
    }
}

std::optional<Port> find(Sql& db, std::string_view ident) {
    if (auto uuid = normalised_uuid(ident)) return find_row(db, port_table(), "uuid", *uuid);
    return find_row(db, port_table(), "name", std::string(ident));
}

Port get(Sql& db, std::string_view ident) {
    if (auto port = find(db, ident)) return std::move(*port);
    throw NotFound(fmt::format("Port {} could not be found.", ident));
}

std::optional<Port> find_by_address(Sql& db, std::string_view mac) {
    return find_row(db, port_table(), "address", std::string(mac));
}

std::vector<Port> of_node(Sql& db, std::string_view node_uuid) {
    std::vector<Port> found;
    auto fields = all_fields(port_table());
    PageQuery query{.where = {{"node_uuid = ?", {std::string(node_uuid)}}},
                    .limit = std::numeric_limits<std::int64_t>::max()};
    read_page<Port>(db, port_table(), query, fields, [&](const Port& p) { found.push_back(p); });
    return found;
}

bool save(Sql& db, const Port& before, Port& port) {
    try {
        port.updated_at = before.updated_at;
        if (!update_row(db, port_table(), before, port)) return false;
    } catch (const Error& error) {
        explain_duplicate(error, port);
    }
    port.updated_at = now_seconds();
    Query stamp(db, "UPDATE ports SET updated_at=? WHERE id=?");
    stamp.bind(0, port.updated_at->time_since_epoch().count()).bind(1, port.id).run();
    return true;
}

void remove(Sql& db, const Port& port) {
    Query row(db, "DELETE FROM ports WHERE id=?");
    row.bind(0, port.id).run();
}

std::int64_t page(Sql& db, const PageQuery& query,
                  std::span<const model::Field<Port>* const> fields,
                  const std::function<void(const Port&)>& each) {
    return read_page<Port>(db, port_table(), query, fields, each);
}

}  // namespace ferrite::store::ports
