#include <fmt/core.h>

#include "conductor/failure.h"
#include "conductor/operations.h"
#include "conductor/state_change.h"

namespace ferrite::conductor {

Begun begin_adopt(NodeSession& session, const ProvisionRequest&) {
    change_state(session.node, "adopt", Follows::work);
    return Work(adopt);
}

Task<> adopt(Services* services, NodeSession* session) {
    auto& node = session->node;
    if (!node.instance_info.get_text("image_source").empty())
        node.driver_internal_info.set("is_whole_disk_image", Json(true));
    auto failure = co_await failure_of(session->driver.deploy->prepare(session));
    if (!failure) {
        node.conductor_affinity = services->options.host;
        change_state(node, "done", Follows::nothing);
        co_return;
    }
    node.power_state.reset();
    session->record_error("adoption", fmt::format("Error while attempting to adopt node {}: {}",
                                                  node.uuid, *failure));
    change_state(node, "fail", Follows::nothing);
}

}  // namespace ferrite::conductor
