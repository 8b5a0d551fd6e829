#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conductor/services.h"
#include "model/node.h"

/// What happens to nodes, told in their history and to whoever listens (reference: conductor.md
/// sections 16.1 and 16.2). Changes are told as they are saved, whoever made them: what differs
/// from one save to the next is what happened.
namespace ferrite::conductor {

/// Something for a node's history.
struct NodeChange {
    std::string_view type;  ///< `event_type`: "provisioning", "power", ...
    std::string text;
};

/// What an operator wants to find again of the difference between two states of a node.
std::vector<NodeChange> changes_of(const model::Node& before, const model::Node& after);

/// Tells the change of provision_state, if there is one. To be called when it is stored.
void announce_provision(const Services& services, const model::Node& before,
                        const model::Node& after);

/// A power action: `status` is "start", "end" or "error", `to_power` what it leads to.
void announce_power(const Services& services, const model::Node& node, std::string_view status,
                    std::string_view to_power);

/// The stored power state was wrong: `from_power` is what it was.
void announce_corrected_power(const Services& services, const model::Node& node,
                              const std::optional<std::string>& from_power);

/// `action` is "console_set", "console_restore" or "console_stop".
void announce_console(const Services& services, const model::Node& node, std::string_view action,
                      std::string_view status);

}  // namespace ferrite::conductor
