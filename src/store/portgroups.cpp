#include "store/portgroups.h"

#include <fmt/core.h>

#include "base/error.h"
#include "base/uuid.h"
#include "store/tables.h"

namespace ferrite::store::portgroups {
namespace {

using model::Portgroup;

std::string taken(const Portgroup& group, std::string_view column) {
    if (column == "portgroups.address")
        return fmt::format("A portgroup with MAC address {} already exists.",
                           group.address.value_or(""));
    if (column == "portgroups.name")
        return fmt::format("A portgroup with name {} already exists.", group.name.value_or(""));
    return fmt::format("A portgroup with UUID {} already exists.", group.uuid);
}

}  // namespace

void insert(Sql& db, Portgroup& group) {
    group.created_at = now_seconds();
    unless_taken([&] { insert_row(db, portgroup_table(), group); },
                 [&](std::string_view column) { return taken(group, column); });
}

std::optional<Portgroup> find(Sql& db, std::string_view ident) {
    if (auto uuid = normalised_uuid(ident)) return find_row(db, portgroup_table(), "uuid", *uuid);
    return find_row(db, portgroup_table(), "name", std::string(ident));
}

Portgroup get(Sql& db, std::string_view ident) {
    if (auto group = find(db, ident)) return std::move(*group);
    throw NotFound(fmt::format("Portgroup {} could not be found.", ident));
}

std::vector<Portgroup> of_node(Sql& db, std::string_view node_uuid) {
    return find_rows(db, portgroup_table(), {"node_uuid = ?", {std::string(node_uuid)}});
}

void keep(Sql& db, std::string_view uuid) {
    if (!keep_row(db, portgroup_table(), uuid))
        throw NotFound(fmt::format("Portgroup {} could not be found.", uuid));
}

bool save(Sql& db, const Portgroup& before, Portgroup& group) {
    return unless_taken([&] { return save_row(db, portgroup_table(), before, group); },
                        [&](std::string_view column) { return taken(group, column); });
}

void remove(Sql& db, const Portgroup& group) {
    if (!keep_row(db, portgroup_table(), group.uuid)) return;
    if (!delete_childless_row(db, portgroup_table(), group, "ports", "portgroup_uuid"))
        throw InvalidValue(
            fmt::format("Portgroup {} still has ports: take them out of it first.", group.uuid));
}

std::int64_t page(Sql& db, const PageQuery& query,
                  std::span<const model::Field<Portgroup>* const> fields,
                  const std::function<void(const Portgroup&)>& each) {
    return read_page<Portgroup>(db, portgroup_table(), query, fields, each);
}

}  // namespace ferrite::store::portgroups
