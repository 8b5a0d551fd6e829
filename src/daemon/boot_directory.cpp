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
    auto boot = boot_.next_boot(*node);
    if (!boot) {
        plan.kind = netboot::BootKind::local_disk;
        return plan;
    }
    plan.kind = boot->iso.empty() ? netboot::BootKind::network : netboot::BootKind::san;
    plan.kernel = boot->kernel;
    plan.ramdisk = boot->ramdisk;
    plan.kernel_command_line = boot->kernel_command_line;
    plan.san_target = boot->iso;
    return plan;
}

void NodeBootDirectory::saw(const netboot::BootEvent&) {}

}  // namespace ferrite::daemon
