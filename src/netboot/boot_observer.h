#pragma once

#include <optional>
#include <unordered_map>

#include "base/mutex.h"
#include "netboot/boot_directory.h"

namespace ferrite::netboot {

/// Stands between the protocols and the daemon's directory: writes one NETBOOT_* log line per
/// event, and remembers from DHCP who has which address, because TFTP and plain file requests come
/// from an address only. Any thread.
class BootObserver : public BootDirectory {
public:
    explicit BootObserver(BootDirectory& directory) : directory_(directory) {}

    /// Asks the directory, with what DHCP told about the machine filled in.
    std::optional<BootPlan> plan_for(const BootClient& client) override;

    /// Logs, and hands on with the client and node filled in. What the directory throws is logged.
    void saw(const BootEvent& event) override;

private:
    struct Seen {
        BootClient client;
        std::string node;
    };

    BootClient completed(BootClient client) const;
    void remember(const BootEvent& event);

    BootDirectory& directory_;
    mutable Mutex mutex_;
    std::unordered_map<IpAddress, Seen> by_address_ FERRITE_GUARDED_BY(mutex_);
};

}  // namespace ferrite::netboot
