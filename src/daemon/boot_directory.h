#pragma once

#include "hardware/pxe_boot.h"
#include "netboot/boot_directory.h"
#include "store/store.h"

namespace ferrite::daemon {

/// Answers the boot service out of the store: which node a MAC address belongs to, and what that
/// node boots in the state it is in at this moment.
class NodeBootDirectory final : public netboot::BootDirectory {
public:
    /// Both must outlive it.
    NodeBootDirectory(store::Store& store, const hardware::PxeBoot& boot)
        : store_(store), boot_(boot) {}

    std::optional<netboot::BootPlan> plan_for(const netboot::BootClient& client) override;
    /// The boot service logs what it saw; nothing else is kept of it.
    void saw(const netboot::BootEvent& event) override;

private:
    store::Store& store_;
    const hardware::PxeBoot& boot_;
};

}  // namespace ferrite::daemon
