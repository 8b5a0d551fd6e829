#include "store/conductors.h"

#include "store/nodes.h"
#include "store/tables.h"

namespace ferrite::store::conductors {

using model::Conductor;

void enter(Sql& db, std::string_view hostname, std::string_view incarnation, std::string_view group,
           const std::vector<std::string>& drivers) {
    JsonArray names(drivers.begin(), drivers.end());
    auto known = find(db, hostname);
    Conductor row = known.value_or(Conductor{});
    row.hostname = hostname;
    row.incarnation = incarnation;
    row.conductor_group = group;
    row.entered = true;
    row.drivers = model::JsonText(Json(std::move(names)));
    row.online = true;
    row.updated_at = now_seconds();
    if (known) {
        update_row(db, conductor_table(), *known, row);
    } else {
        row.created_at = row.updated_at;
        insert_row(db, conductor_table(), row);
    }
    nodes::break_locks(db, hostname);
}

bool heartbeat(Sql& db, std::string_view hostname, std::string_view incarnation) {
    Query beat(db,
               "UPDATE conductors SET updated_at=? "
               "WHERE hostname=? AND incarnation=? AND entered=1");
    beat.bind(0, now_seconds().time_since_epoch().count()).bind(1, hostname).bind(2, incarnation);
    return beat.run() == 1;
}

bool has_entered(Sql& db, std::string_view incarnation) {
    Query entered(db, "SELECT 1 FROM conductors WHERE incarnation=? AND entered=1");
    return entered.bind(0, incarnation).step();
}

std::vector<std::string> bury_silent(Sql& db, Timestamp since) {
    std::vector<std::string> silent;
    {
        Query rows(db, "SELECT hostname FROM conductors WHERE entered=1 AND updated_at<?");
        rows.bind(0, since.time_since_epoch().count());
        while (rows.step()) silent.emplace_back(rows.text(0));
    }
    std::erase_if(silent, [&](const std::string& hostname) {
        Query bury(db,
                   "UPDATE conductors SET online=0, entered=0 "
                   "WHERE hostname=? AND entered=1 AND updated_at<?");
        bury.bind(0, std::string_view(hostname)).bind(1, since.time_since_epoch().count());
        return bury.run() != 1;
    });
    for (const auto& hostname : silent) nodes::break_locks(db, hostname);
    return silent;
}

void announce(Sql& db, std::string_view hostname, std::string_view rpc_endpoint,
              const model::JsonText& offers) {
    auto known = find(db, hostname);
    if (!known) return;
    auto row = *known;
    row.rpc_endpoint = rpc_endpoint;
    row.offers = offers;
    update_row(db, conductor_table(), *known, row);
}

void leave(Sql& db, std::string_view hostname) {
    Query gone(db, "UPDATE conductors SET online=0 WHERE hostname=?");
    gone.bind(0, hostname).run();
}

void depart(Sql& db, std::string_view hostname) {
    Query gone(db, "UPDATE conductors SET online=0, entered=0 WHERE hostname=?");
    gone.bind(0, hostname).run();
    nodes::break_locks(db, hostname);
}

std::vector<std::string> remove_gone(Sql& db, Timestamp since, std::int64_t most) {
    std::vector<std::string> gone;
    {
        Query rows(db,
                   "SELECT hostname FROM conductors WHERE entered=0 AND updated_at<? "
                   "ORDER BY id LIMIT ?");
        rows.bind(0, since.time_since_epoch().count()).bind(1, most);
        while (rows.step()) gone.emplace_back(rows.text(0));
    }
    for (const auto& hostname : gone) {
        Query leave(db, "UPDATE nodes SET conductor_affinity=NULL WHERE conductor_affinity=?");
        leave.bind(0, std::string_view(hostname)).run();
        Query remove(db, "DELETE FROM conductors WHERE hostname=? AND entered=0");
        remove.bind(0, std::string_view(hostname)).run();
    }
    return gone;
}

std::optional<Conductor> find(Sql& db, std::string_view hostname) {
    return find_row(db, conductor_table(), "hostname", std::string(hostname));
}

std::vector<Conductor> live_since(Sql& db, Timestamp oldest, std::string_view self) {
    auto rows = find_rows(db, conductor_table(),
                          {"(updated_at >= ? OR hostname = ?)",
                           {oldest.time_since_epoch().count(), std::string(self)}});
    std::erase_if(rows, [](const Conductor& row) { return !row.online; });
    return rows;
}

std::int64_t page(Sql& db, const PageQuery& query,
                  std::span<const model::Field<Conductor>* const> fields,
                  const std::function<void(const Conductor&)>& each) {
    return read_page<Conductor>(db, conductor_table(), query, fields, each);
}

}  // namespace ferrite::store::conductors
