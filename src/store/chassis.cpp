#include "store/chassis.h"

#include <fmt/core.h>

#include "base/error.h"
#include "base/uuid.h"
#include "store/tables.h"

namespace ferrite::store::chassis {

using model::Chassis;

void insert(Sql& db, Chassis& chassis) {
    chassis.created_at = now_seconds();
    unless_taken([&] { insert_row(db, chassis_table(), chassis); },
                 [&](std::string_view) {
                     return fmt::format("A chassis with UUID {} already exists.", chassis.uuid);
                 });
}

std::optional<Chassis> find(Sql& db, std::string_view uuid) {
    auto normal = normalised_uuid(uuid);
    if (!normal) return std::nullopt;
    return find_row(db, chassis_table(), "uuid", *normal);
}

Chassis get(Sql& db, std::string_view uuid) {
    if (auto chassis = find(db, uuid)) return std::move(*chassis);
    throw NotFound(fmt::format("Chassis {} could not be found.", uuid));
}

bool save(Sql& db, const Chassis& before, Chassis& chassis) {
    return save_row(db, chassis_table(), before, chassis);
}

void remove(Sql& db, const Chassis& chassis) {
    Query nodes(db, "SELECT 1 FROM nodes WHERE chassis_uuid=? LIMIT 1");
    nodes.bind(0, std::string_view(chassis.uuid));
    if (nodes.step())
        throw InvalidValue(
            fmt::format("Chassis {} still has nodes: move or delete them first.", chassis.uuid));
    delete_row(db, chassis_table(), chassis);
}

std::int64_t page(Sql& db, const PageQuery& query,
                  std::span<const model::Field<Chassis>* const> fields,
                  const std::function<void(const Chassis&)>& each) {
    return read_page<Chassis>(db, chassis_table(), query, fields, each);
}

}  // namespace ferrite::store::chassis
