#include "conductor/vifs.h"

#include "conductor/locked.h"

namespace ferrite::conductor {

Task<> attach_vif(Services* services, std::string uuid, JsonObject vif) {
    co_await locked(services, std::move(uuid), [&](NodeSession* session) {
        return session->driver.network->attach_vif(session, vif);
    });
}

Task<> detach_vif(Services* services, std::string uuid, std::string vif_id) {
    co_await locked(services, std::move(uuid), [&](NodeSession* session) {
        return session->driver.network->detach_vif(session, vif_id);
    });
}

}  // namespace ferrite::conductor
