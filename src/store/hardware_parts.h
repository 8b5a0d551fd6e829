#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/table_impl.h"

/// Rows that describe a node part by part (BIOS settings, firmware components): told apart by a
/// name within the node, and always written as a whole set, as the hardware was read.
namespace ferrite::store {

/// Those of one node, by name.
template <class R>
std::vector<R> parts_of_node(Sql& db, const Table<R>& table, std::string_view node_uuid) {
    std::vector<const model::Field<R>*> fields;
    for (const auto& field : table.fields)
        if (field.stored()) fields.push_back(&field);
    PageQuery query{.where = {{"node_uuid = ?", {std::string(node_uuid)}}}, .limit = INT64_MAX};
    query.sort_key = table.key;
    std::vector<R> parts;
    read_page<R>(db, table, query, fields, [&](const R& part) { parts.push_back(part); });
    return parts;
}

/// Makes `wanted` the node's only parts: new ones are added, what differs is changed, and what is
/// named no more goes. Sets created_at and updated_at.
template <class R>
void put_parts(Sql& db, const Table<R>& table, std::string_view node_uuid, std::string R::* name,
               std::vector<R> wanted) {
    auto old = parts_of_node(db, table, node_uuid);
    auto named = [&](std::vector<R>& parts, const std::string& text) {
        return std::ranges::find(parts, text, name);
    };
    for (const auto& part : old) {
        if (named(wanted, part.*name) != wanted.end()) continue;
        Query gone(db, fmt::format("DELETE FROM {} WHERE id=?", table.name));
        gone.bind(0, part.id).run();
    }
    for (auto& part : wanted) {
        part.node_uuid = node_uuid;
        auto before = named(old, part.*name);
        if (before == old.end()) {
            part.created_at = now_seconds();
            insert_row(db, table, part);
            continue;
        }
        part.id = before->id;
        part.created_at = before->created_at;
        part.updated_at = before->updated_at;
        if (!update_row(db, table, *before, part)) continue;
        R stamped = part;
        stamped.updated_at = now_seconds();
        update_row(db, table, part, stamped);
    }
}

}  // namespace ferrite::store
