#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/allocation.h"
#include "store/sql.h"

/// Which node an allocation gets, and why a node is none of those: both are read off one table of
/// rules (reference: api.md section 18.3).
namespace ferrite::store::allocations {

/// The UUID of the node to take: the one that has the allocation's name when that one is free and
/// fits, else of those the one that has been free for the longest time, which spreads the work and
/// keeps a node that has just failed from being taken again at once.
std::optional<std::string> best_match(Sql& db, const model::Allocation& allocation);

/// A node and the first rule that rules it out.
struct RuledOut {
    std::string uuid;
    std::string label;      ///< Name, or UUID when it has none.
    std::string_view rule;  ///< "owner", "resource_class", "state", ... as in Explanation::counts.
    std::string why;        ///< "is in the state 'active', and only ... are given away"
};

/// Why no node was taken, as of one snapshot.
///
/// Looked at are the candidate nodes or, without such a list, the nodes of the resource class (and
/// of the owner: of other projects' nodes nothing is told).
struct Explanation {
    std::int64_t looked_at = 0;
    std::int64_t fitting = 0;  ///< Not ruled out: since set free.
    /// How many nodes each rule ruled out first, in the order of the rules; no zeros.
    std::vector<std::pair<std::string_view, std::int64_t>> counts;
    std::vector<RuledOut> nodes;       ///< The first of them, at most kMostExplained.
    std::vector<std::string> unknown;  ///< Candidates that exist no more.

    /// True when nothing but another operation's lock stands between the allocation and a node, or
    /// not even that: worth another try in a moment.
    bool worth_waiting() const;
    /// One paragraph of bounded length for people: last_error.
    std::string text(const model::Allocation& allocation) const;
};
inline constexpr std::size_t kMostExplained = 20;

Explanation explain(Sql& db, const model::Allocation& allocation);

/// Why `node_uuid`, which is in use already, can not be what the allocation asks for; nothing when
/// it can. Its state is not looked at: that is for who takes it over.
std::optional<RuledOut> unfit_for(Sql& db, const model::Allocation& allocation,
                                  std::string_view node_uuid);

}  // namespace ferrite::store::allocations
