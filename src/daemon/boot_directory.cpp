#include "daemon/boot_directory.h"

#include "base/error.h"
#include "base/log.h"
#include "store/nodes.h"
#include "store/ports.h"

namespace ferrite::daemon {
namespace {

bool is_booted_by_us(const model::Node& node) {
    return node.boot_interface == "ipxe" || node.boot_interface == "pxe";
}

}  // namespace

std::optional<netboot::BootPlan> NodeBootDirectory::plan_for(const netboot::BootClient& client) {
    auto node = store_.read([&](store::Sql& db) -> std::optional<model::Node> {
        auto port = store::ports::find_by_address(db, client.mac.to_text());
        if (!port || !port->pxe_enabled) return std::nullopt;
        return store::nodes::find(db, port->node_uuid);
    });
    if (!node) return std::nullopt;
    netboot::BootPlan plan;
    plan.node = node->uuid;
    plan.hostname = node->name;
    if (!is_booted_by_us(*node)) return plan;
    if (!hardware::boots_ramdisk(*node)) {
        plan.kind = netboot::BootKind::local_disk;
        return plan;
    }
    auto ramdisk = boot_.ramdisk(*node);
    plan.kind = netboot::BootKind::network;
    plan.kernel = ramdisk.kernel;
    plan.ramdisk = ramdisk.ramdisk;
    plan.kernel_command_line = ramdisk.kernel_command_line;
    return plan;
}

void NodeBootDirectory::saw(const netboot::BootEvent&) {}

}  // namespace ferrite::daemon
