#include "conductor/virtual_media.h"

#include "base/error.h"
#include "conductor/locked.h"

namespace ferrite::conductor {
namespace {

/// Refuses what can not work; an earlier failure is no longer of interest.
void check(NodeSession& session) {
    auto& management = *session.driver.management;
    if (!management.has_virtual_media()) throw hardware::unsupported(session, "virtual media");
    management.validate(session);
    session.node.last_error.reset();
}

}  // namespace

Task<> attach_virtual_media(Services* services, std::string uuid, VirtualMediaImage image) {
    auto session = co_await locked_for_work(services, std::move(uuid), check);
    carry_out_apart(*services, std::move(session), "attach virtual media",
                    [image = std::move(image)](Services*, NodeSession* held) {
                        return held->driver.management->attach_virtual_media(
                            held, {image.device_type, image.url,
                                   image.source == VirtualMediaImage::Source::local});
                    });
}

Task<> detach_virtual_media(Services* services, std::string uuid,
                            std::vector<std::string> device_types) {
    auto session = co_await locked_for_work(services, std::move(uuid), check);
    carry_out_apart(*services, std::move(session), "detach virtual media",
                    [types = std::move(device_types)](Services*, NodeSession* held) {
                        return held->driver.management->detach_virtual_media(held, types);
                    });
}

}  // namespace ferrite::conductor
