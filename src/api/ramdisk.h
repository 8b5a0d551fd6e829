#pragma once

#include <set>
#include <string>
#include <vector>

#include "api/call.h"
#include "base/json.h"
#include "model/node.h"
#include "store/sql.h"

/// What the endpoints for agents have in common (reference: api.md section 22).
namespace ferrite::api {

/// Throws 403 when the ramdisk endpoints are switched off.
void check_ramdisk_enabled(const Call& call);
/// The same, and 404 below version 1.22: what look-up and heartbeat begin with.
void check_ramdisk_endpoint(const Call& call);

/// UUIDs of the nodes that have ports with one of these addresses.
std::set<std::string> nodes_with_macs(store::Sql& db, const std::vector<std::string>& macs);

/// The token for the agent on `node`: in clear the first time, asterisks later; null below version
/// 1.62 while it has none. Throws 409 while somebody else has the node's lock.
Task<Json> token_for_agent(Call call, model::Node node);

/// What an agent is told of its node, as it is now, and of how it shall work (section 22.1).
/// Whoever asks must have shown that he is that agent: no policy is asked.
std::string agent_document(const Call& call, const std::string& uuid, Json token);

}  // namespace ferrite::api
