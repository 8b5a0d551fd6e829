#include "store/allocation_match.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "model/node.h"
#include "model/states.h"
#include "store/tables.h"

namespace ferrite::store::allocations {
namespace {

using model::Allocation;
using model::JsonText;
using model::Node;

constexpr std::size_t kMostBytes = 3500;  ///< Of an explanation: last_error holds 4096.
constexpr std::size_t kMostTraits = 5;    ///< Named as missing.

bool always(const Allocation&) {
    return true;
}
bool has_owner(const Allocation& allocation) {
    return allocation.owner.has_value();
}
bool has_class(const Allocation& allocation) {
    return allocation.resource_class.has_value();
}
bool has_traits(const Allocation& allocation) {
    return !allocation.traits.array().empty();
}
bool has_candidates(const Allocation& allocation) {
    return !allocation.candidate_nodes.array().empty();
}

std::string why_owner(const Allocation& allocation, const Node&) {
    return fmt::format("is neither owned nor leased by the project {}", *allocation.owner);
}
std::string why_class(const Allocation& allocation, const Node& node) {
    auto has = node.resource_class
                   ? fmt::format("has the resource class '{}'", *node.resource_class)
                   : std::string("has no resource class");
    return fmt::format("{}, and '{}' is asked for", has, *allocation.resource_class);
}
std::string why_state(const Allocation&, const Node& node) {
    return fmt::format("is in the state '{}', not available", node.provision_state.value_or(""));
}
std::string why_instance(const Allocation&, const Node& node) {
    return fmt::format("belongs to instance {}", node.instance_uuid.value_or(""));
}
std::string why_maintenance(const Allocation&, const Node&) {
    return "is in maintenance";
}
std::string why_power(const Allocation&, const Node&) {
    return "has a power state that could not be read yet";
}
std::string why_traits(const Allocation& allocation, const Node& node) {
    auto had = node.traits.array();
    std::string missing;
    std::size_t count = 0;
    for (const auto& trait : allocation.traits.array()) {
        if (std::ranges::find(had, trait) != had.end()) continue;
        if (++count <= kMostTraits)
            missing += fmt::format("{}{}", missing.empty() ? "" : ", ",
                                   std::string_view(trait.as_string()));
    }
    auto more = count > kMostTraits ? fmt::format(" and {} more", count - kMostTraits) : "";
    return fmt::format("lacks the traits {}{}", missing, more);
}
std::string why_lock(const Allocation&, const Node& node) {
    return fmt::format("is locked by host {}", node.reservation.value_or(""));
}

/// What a node must be. `condition` is SQL over `nodes`; see bind_values() for its parameters.
struct Rule {
    std::string_view name;
    std::string_view condition;
    bool (*applies)(const Allocation&);
    std::string (*why)(const Allocation&, const Node&);
    bool about_use = false;  ///< Whether the node is free, not what it is.
};

/// Stands for what the database says of lists; see condition().
constexpr std::string_view kHasTraits = "traits";

constexpr std::array<Rule, 8> kRules = {{
    {"owner", "(owner = ?2 OR lessee = ?2)", has_owner, why_owner},
    {"resource_class", "resource_class = ?1", has_class, why_class},
    // The literals of the next three are those of the partial index in schema.cpp.
    {"state", "provision_state = 'available'", always, why_state, true},
    {"instance", "instance_uuid IS NULL", always, why_instance, true},
    {"maintenance", "maintenance = 0", always, why_maintenance, true},
    {"power_state", "power_state IS NOT NULL", always, why_power, true},
    {"traits", kHasTraits, has_traits, why_traits},
    {"lock", "reservation IS NULL", always, why_lock, true},
}};

std::string condition(const Dialect& dialect, const Rule& rule) {
    if (rule.condition == kHasTraits) return dialect.json_has_all("nodes.traits", "?4");
    return std::string(rule.condition);
}

std::string is_candidate(const Dialect& dialect) {
    return fmt::format("uuid IN ({})", dialect.json_values("?3"));
}

/// ?1 resource class, ?2 owner, ?3 candidates, ?4 traits, ?5 the name or UUID of one node.
void bind_values(Query& query, const Allocation& allocation, std::string_view one_node) {
    auto list = [](const JsonText& json) {
        return json.absent() ? std::string_view("[]") : std::string_view(json.text());
    };
    query.bind(0, std::string_view(allocation.resource_class ? *allocation.resource_class : ""))
        .bind(1, std::string_view(allocation.owner ? *allocation.owner : ""))
        .bind(2, list(allocation.candidate_nodes))
        .bind(3, list(allocation.traits))
        .bind(4, one_node);
}

std::string all_rules(const Dialect& dialect, const Allocation& allocation) {
    std::string where = "1=1";
    for (const auto& rule : kRules)
        if (rule.applies(allocation)) where += fmt::format(" AND {}", condition(dialect, rule));
    if (has_candidates(allocation)) where += fmt::format(" AND {}", is_candidate(dialect));
    return where;
}

/// The index in kRules of the first rule that rules a row out, as SQL; NULL for a row that fits.
std::string first_broken(const Dialect& dialect, const Allocation& allocation, bool also_use) {
    std::string cases;
    for (std::size_t i = 0; i < kRules.size(); ++i)
        if (kRules[i].applies(allocation) && (also_use || !kRules[i].about_use))
            cases +=
                fmt::format(" WHEN ({}) IS NOT TRUE THEN {}", condition(dialect, kRules[i]), i);
    return cases.empty() ? "NULL" : fmt::format("CASE{} END", cases);
}

constexpr std::string_view kExplained =
    "uuid, name, provision_state, instance_uuid, resource_class, traits, reservation";

RuledOut ruled_out(const Query& row, const Allocation& allocation) {
    Node node;
    node.uuid = row.text(1);
    column::read(row, 2, node.name);
    column::read(row, 3, node.provision_state);
    column::read(row, 4, node.instance_uuid);
    column::read(row, 5, node.resource_class);
    column::read(row, 6, node.traits);
    column::read(row, 7, node.reservation);
    const auto& rule = kRules[static_cast<std::size_t>(row.integer(0))];
    return {node.uuid, node.label(), rule.name, rule.why(allocation, node)};
}

/// Which nodes an explanation is about.
std::string scope(const Dialect& dialect, const Allocation& allocation) {
    if (has_candidates(allocation)) return is_candidate(dialect);
    std::string where = "1=1";
    for (const auto& rule : kRules)
        if (!rule.about_use && rule.applies != has_traits && rule.applies(allocation))
            where += fmt::format(" AND {}", condition(dialect, rule));
    return where;
}

void find_unknown(Sql& db, const Allocation& allocation, Explanation& found) {
    for (const auto& candidate : allocation.candidate_nodes.array()) {
        if (found.unknown.size() == kMostExplained) return;
        Query node(db, "SELECT 1 FROM nodes WHERE uuid=?");
        node.bind(0, std::string_view(candidate.as_string()));
        if (!node.step()) found.unknown.emplace_back(candidate.as_string());
    }
}

}  // namespace

std::optional<std::string> best_match(Sql& db, const Allocation& allocation) {
    const auto& dialect = db.dialect();
    auto where = all_rules(dialect, allocation);
    if (allocation.name) {
        Query namesake(db, fmt::format("SELECT uuid FROM nodes{} WHERE {} AND name = ?5",
                                       dialect.by_index("nodes_name"), where));
        bind_values(namesake, allocation, *allocation.name);
        if (namesake.step()) return std::string(namesake.text(0));
    }
    // Left to itself SQLite takes the unique index of instance_uuid, and finds every free node by
    // its NULL.
    auto index = has_candidates(allocation) ? "nodes_uuid" : "nodes_free";
    Query longest_free(
        db, fmt::format("SELECT uuid FROM nodes{} WHERE {} ORDER BY {}, id LIMIT 1",
                        dialect.by_index(index), where, dialect.order("provision_updated_at")));
    bind_values(longest_free, allocation, "");
    if (!longest_free.step()) return std::nullopt;
    return std::string(longest_free.text(0));
}

Explanation explain(Sql& db, const Allocation& allocation) {
    std::array<std::int64_t, kRules.size()> counts{};
    Explanation found;
    Query rows(db, fmt::format("SELECT {}, {} FROM nodes WHERE {} ORDER BY id",
                               first_broken(db.dialect(), allocation, true), kExplained,
                               scope(db.dialect(), allocation)));
    bind_values(rows, allocation, "");
    while (rows.step()) {
        ++found.looked_at;
        if (rows.is_null(0)) {
            ++found.fitting;
            continue;
        }
        ++counts[static_cast<std::size_t>(rows.integer(0))];
        if (found.nodes.size() < kMostExplained) found.nodes.push_back(ruled_out(rows, allocation));
    }
    for (std::size_t i = 0; i < kRules.size(); ++i)
        if (counts[i] > 0) found.counts.emplace_back(kRules[i].name, counts[i]);
    if (has_candidates(allocation)) find_unknown(db, allocation, found);
    return found;
}

std::optional<RuledOut> unfit_for(Sql& db, const Allocation& allocation,
                                  std::string_view node_uuid) {
    if (has_candidates(allocation)) {
        auto candidates = allocation.candidate_nodes.array();
        if (std::ranges::find(candidates, Json(node_uuid)) == candidates.end())
            return RuledOut{std::string(node_uuid), std::string(node_uuid), "candidate_nodes",
                            "is none of the candidate nodes"};
    }
    Query row(db, fmt::format("SELECT {}, {} FROM nodes WHERE uuid = ?5",
                              first_broken(db.dialect(), allocation, false), kExplained));
    bind_values(row, allocation, node_uuid);
    if (!row.step() || row.is_null(0)) return std::nullopt;
    return ruled_out(row, allocation);
}

bool Explanation::worth_waiting() const {
    return fitting > 0 ||
           std::ranges::any_of(counts, [](const auto& count) { return count.first == "lock"; });
}

std::string Explanation::text(const Allocation& allocation) const {
    auto wanted =
        fmt::format("with the resource class '{}'{}", allocation.resource_class.value_or(""),
                    allocation.owner ? " of this project" : "");
    if (looked_at == 0 && unknown.empty())
        return fmt::format("There is no node {}: give one that class, or ask for another.", wanted);
    auto text = has_candidates(allocation) ? std::string("No candidate node can be allocated")
                : looked_at == 1
                    ? fmt::format("The only node {} can not be allocated", wanted)
                    : fmt::format("None of the {} nodes {} can be allocated", looked_at, wanted);
    std::string by_rule;
    for (const auto& [rule, count] : counts)
        by_rule += fmt::format("{}{} by {}", by_rule.empty() ? "" : ", ", count, rule);
    if (!by_rule.empty()) text += fmt::format(" (ruled out: {})", by_rule);
    text += ':';
    std::size_t told = 0;
    for (const auto& node : nodes) {
        auto one = fmt::format(" {} {};", node.label, node.why);
        if (text.size() + one.size() > kMostBytes) break;
        text += one;
        ++told;
    }
    for (const auto& uuid : unknown)
        if (text.size() < kMostBytes) text += fmt::format(" {} does not exist any more;", uuid);
    auto rest = looked_at - fitting - static_cast<std::int64_t>(told);
    if (rest > 0) text += fmt::format(" and {} more;", rest);
    text.back() = '.';
    return text;
}

}  // namespace ferrite::store::allocations
