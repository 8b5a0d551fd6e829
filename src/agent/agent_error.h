#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json.h"

namespace ferrite::agent {

/// The failures that the agent protocol names. Conductors read `type` and `code` of a command's
/// error, so both are part of the contract (reference: agent.md section 3.5).
enum class Fault {
    invalid_content,
    invalid_command,
    invalid_params,
    not_found,
    device_not_found,
    command_failed,
    busy,
    image_download,
    image_download_timeout,
    image_checksum,
    image_write,
    invalid_image,
    block_device_erase,
    block_device,
    protected_device,
    unknown_step,
    unsupported_hardware,
    version_mismatch,
    cleaning,
    deployment,
    servicing,
    system_reboot,
};

/// A failure as the agent reports it: a fixed title per fault and details about this case.
///
///     throw AgentError(Fault::device_not_found, "no disk of at least 4 GiB");
class AgentError : public Error {
public:
    AgentError(Fault fault, std::string details);

    Fault fault() const noexcept { return fault_; }
    /// Name of the error class on the wire, e.g. `BlockDeviceEraseError`.
    std::string_view type() const noexcept;
    /// The fixed sentence of the fault.
    std::string_view title() const noexcept;

    /// The `command_error` object of a command.
    JsonObject to_json() const;

private:
    Fault fault_;
};

}  // namespace ferrite::agent
