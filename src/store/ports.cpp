#include "store/ports.h"

#include <fmt/core.h>

#include "base/error.h"
#include "base/uuid.h"
#include "store/tables.h"

namespace ferrite::store::ports {
namespace {

using model::Port;

std::string taken(const Port& port, std::string_view column) {
    if (column == "ports.address")
        return fmt::format("A port with MAC address {} already exists.", port.address);
    if (column == "ports.name")
        return fmt::format("A port with name {} already exists.", port.name.value_or(""));
    return fmt::format("A port with UUID {} already exists.", port.uuid);
}

}  // namespace

void insert(Sql& db, Port& port) {
    port.created_at = now_seconds();
    unless_taken([&] { insert_row(db, port_table(), port); },
                 [&](std::string_view column) { return taken(port, column); });
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
    return find_rows(db, port_table(), {"node_uuid = ?", {std::string(node_uuid)}});
}

std::vector<Port> of_portgroup(Sql& db, std::string_view portgroup_uuid) {
    return find_rows(db, port_table(), {"portgroup_uuid = ?", {std::string(portgroup_uuid)}});
}

bool save(Sql& db, const Port& before, Port& port) {
    return unless_taken([&] { return save_row(db, port_table(), before, port); },
                        [&](std::string_view column) { return taken(port, column); });
}

void remove(Sql& db, const Port& port) {
    delete_row(db, port_table(), port);
}

std::int64_t page(Sql& db, const PageQuery& query,
                  std::span<const model::Field<Port>* const> fields,
                  const std::function<void(const Port&)>& each) {
    return read_page<Port>(db, port_table(), query, fields, each);
}

}  // namespace ferrite::store::ports
