#include "agent/agent_error.h"

namespace ferrite::agent {
namespace {

struct FaultRow {
    Fault fault;
    int status;
    std::string_view type;
    std::string_view title;
};

constexpr FaultRow kFaults[] = {
    {Fault::invalid_content, 400, "InvalidContentError", "Invalid request body"},
    {Fault::invalid_command, 400, "InvalidCommandError", "Invalid command"},
    {Fault::invalid_params, 400, "InvalidCommandParamsError", "Invalid command parameters"},
    {Fault::not_found, 404, "RequestedObjectNotFoundError", "Not found"},
    {Fault::device_not_found, 404, "DeviceNotFound",
     "Error finding the disk or partition device to deploy the image onto"},
    {Fault::command_failed, 500, "CommandExecutionError", "Command execution failed"},
    {Fault::busy, 409, "AgentIsBusy", "Agent is busy"},
    {Fault::image_download, 500, "ImageDownloadError", "Error downloading image"},
    {Fault::image_download_timeout, 408, "ImageDownloadTimeoutError", "Image download timeout"},
    {Fault::image_checksum, 500, "ImageChecksumError", "Error verifying image checksum"},
    {Fault::image_write, 500, "ImageWriteError", "Error writing image to device"},
    {Fault::invalid_image, 500, "InvalidImage", "The provided image is not valid for use"},
    {Fault::block_device_erase, 500, "BlockDeviceEraseError", "Error erasing block device"},
    {Fault::block_device, 500, "BlockDeviceError", "Block device error"},
    {Fault::protected_device, 500, "ProtectedDeviceError", "Protected device"},
    {Fault::unknown_step, 500, "HardwareManagerMethodNotFound",
     "No hardware manager found to handle the method"},
    {Fault::unsupported_hardware, 500, "IncompatibleHardwareMethodError",
     "The method is not supported by the hardware"},
    {Fault::version_mismatch, 409, "VersionMismatch",
     "Hardware managers version mismatch, reload agent with correct version"},
    {Fault::cleaning, 500, "CleaningError", "Clean step failed"},
    {Fault::deployment, 500, "DeploymentError", "Deploy step failed"},
    {Fault::servicing, 500, "ServicingError", "Service step failed"},
    {Fault::system_reboot, 500, "SystemRebootError", "Error rebooting system"},
};

const FaultRow& row_of(Fault fault) {
    for (const auto& row : kFaults)
        if (row.fault == fault) return row;
    return kFaults[0];
}

}  // namespace

AgentError::AgentError(Fault fault, std::string details)
    : Error(row_of(fault).status, std::string(row_of(fault).type), std::move(details)),
      fault_(fault) {}

std::string_view AgentError::type() const noexcept {
    return row_of(fault_).type;
}

std::string_view AgentError::title() const noexcept {
    return row_of(fault_).title;
}

JsonObject AgentError::to_json() const {
    return {
        {"type", type()}, {"code", http_status()}, {"message", title()}, {"details", message()}};
}

}  // namespace ferrite::agent
