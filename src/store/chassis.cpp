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

void keep(Sql& db, std::string_view uuid) {
    if (!keep_row(db, chassis_table(), uuid))
        throw NotFound(fmt::format("Chassis {} could not be found.", uuid));
}

bool save(Sql& db, const Chassis& before, Chassis& chassis) {
    return save_row(db, chassis_table(), before, chassis);
}

void remove(Sql& db, const Chassis& chassis) {
    if (!keep_row(db, chassis_table(), chassis.uuid)) return;
    if (!delete_childless_row(db, chassis_table(), chassis, "nodes", "chassis_uuid"))
        throw InvalidValue(
            fmt::format("Chassis {} still has nodes: move or delete them first.", chassis.uuid));
}

std::int64_t page(Sql& db, const PageQuery& query,
                  std::span<const model::Field<Chassis>* const> fields,
                  const std::function<void(const Chassis&)>& each) {
    return read_page<Chassis>(db, chassis_table(), query, fields, each);
}

}  // namespace ferrite::store::chassis
