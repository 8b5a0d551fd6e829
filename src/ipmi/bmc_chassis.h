#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "base/bytes.h"
#include "ipmi/bmc_protocol.h"
#include "ipmi/chassis.h"

namespace ferrite::ipmi {

/// A machine with nothing in it, behind a BmcProtocol: power, boot options, device id. For
/// simulators and tests.
///
///     BmcChassis chassis;
///     BmcProtocol bmc(options, [&](const Request& r) { return chassis.handle(r); });
class BmcChassis {
public:
    PowerState power = PowerState::off;
    std::uint32_t manufacturer_id = 7154;
    std::uint16_t product_id = 1;
    Nonce guid{};

    /// Called with each accepted chassis control, after `power` has changed.
    std::function<void(PowerAction)> on_control;

    /// What the BMC says to a command; 0xC1 to one it does not know.
    CommandReply handle(const Request& request);

    /// The value of a boot option parameter as it was set last; empty when never.
    const Bytes& boot_option(std::uint8_t parameter) { return boot_options_[parameter]; }

private:
    CommandReply handle_chassis(const Request& request);
    CommandReply handle_app(const Request& request) const;
    CommandReply control(const Request& request);
    CommandReply set_boot_option(const Request& request);
    CommandReply get_boot_option(const Request& request);

    std::map<std::uint8_t, Bytes> boot_options_;
};

}  // namespace ferrite::ipmi
