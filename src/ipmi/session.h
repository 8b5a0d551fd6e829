#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/task.h"
#include "base/urgency.h"
#include "ipmi/chassis.h"
#include "ipmi/device_id.h"
#include "ipmi/error.h"
#include "ipmi/sensors.h"
#include "ipmi/session_options.h"
#include "ipmi/transport.h"

namespace ferrite::ipmi {

/// One authenticated session with a BMC, IPMI 2.0 (section 13) or 1.5.
///
/// Opens lazily on the first command, re-opens when the BMC drops it, closes when idle and on
/// destruction. Commands of one session run one at a time, at least
/// `SessionOptions::min_command_interval` apart, because many BMCs lose requests that overlap.
///
///     Session bmc(transport, {.host = "10.0.0.7", .user = "admin", .password = secret});
///     PowerState power = co_await bmc.power_state();
///
/// All coroutines may be called from any executor and go on there; they may outlive the session and
/// then fail. Each lasts at most `SessionOptions::timeout`, not counting the commands before it.
/// A poll goes behind what users ask; while it waits for an answer it gives way to that, and begins
/// again behind it. A BMC that stays silent is polled less and less: see CircuitBreaker.
///
/// Errors: all throw ipmi::Error; `Error::reason()` separates no_answer, bad_password, no_lanplus,
/// no_common_cipher, no_free_session and refused(completion code). A poll may throw CircuitOpen.
class Session {
public:
    /// Throws InvalidValue for options that cannot be (see validate()). Sends nothing yet.
    Session(Transport& transport, SessionOptions options);
    ~Session();
    Session(Session&&) noexcept = default;
    Session& operator=(Session&&) = delete;

    /// Chassis power as the BMC reports it (section 28.2).
    Task<PowerState> power_state(Urgency urgency = Urgency::user);

    /// Section 28.3. Done when the BMC has taken the command, which is before the power changes.
    Task<> power(PowerAction action);

    /// Sets the boot flags (section 28.12, parameter 5).
    Task<> set_boot_device(BootDevice device, Persistence persistence, Firmware firmware,
                           DiskCode disk = DiskCode::standard);

    /// The boot flags (section 28.13).
    Task<BootDeviceSetting> boot_device();

    /// Keeps boot flags beyond the 60 seconds after which BMCs clear them.
    Task<> disable_boot_timeout();

    Task<DeviceId> device_id();

    /// What the BMC's sensors show (sections 33 and 35.14); see SensorReader.
    Task<std::vector<Sensor>> sensors(Urgency urgency = Urgency::user);

    /// Any command: the data after the completion code, which was 0.
    Task<Bytes> raw(std::uint8_t net_fn, std::uint8_t command, Bytes data,
                    Urgency urgency = Urgency::user);

    /// Closes the session at the BMC, not waiting for its answer; what waits fails with
    /// Reason::closed. The next command opens it again.
    Task<> close();

private:
    std::shared_ptr<Line> line_;
    Target target_;
    std::shared_ptr<SensorReader> sensors_;
};

}  // namespace ferrite::ipmi
