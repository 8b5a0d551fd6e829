#include "store/conductors.h"

#include "store/tables.h"

namespace ferrite::store::conductors {

using model::Conductor;

void enter(Sql& db, std::string_view hostname, std::string_view group,
           const std::vector<std::string>& drivers) {
    JsonArray names(drivers.begin(), drivers.end());
    auto known = find(db, hostname);
    Conductor row = known.value_or(Conductor{});
    row.hostname = hostname;
    row.conductor_group = group;
    row.drivers = model::JsonText(Json(std::move(names)));
    row.online = true;
    row.updated_at = now_seconds();
    if (known) {
        update_row(db, conductor_table(), *known, row);
    } else {
        row.created_at = row.updated_at;
        insert_row(db, conductor_table(), row);
    }
}

void heartbeat(Sql& db, std::string_view hostname) {
    Query beat(db, "UPDATE conductors SET updated_at=?, online=1 WHERE hostname=?");
    beat.bind(0, now_seconds().time_since_epoch().count()).bind(1, hostname).run();
}

void leave(Sql& db, std::string_view hostname) {
    Query gone(db, "UPDATE conductors SET online=0 WHERE hostname=?");
    gone.bind(0, hostname).run();
}

std::optional<Conductor> find(Sql& db, std::string_view hostname) {
    return find_row(db, conductor_table(), "hostname", std::string(hostname));
}

std::int64_t page(Sql& db, const PageQuery& query,
                  std::span<const model::Field<Conductor>* const> fields,
                  const std::function<void(const Conductor&)>& each) {
    return read_page<Conductor>(db, conductor_table(), query, fields, each);
}

}  // namespace ferrite::store::conductors
