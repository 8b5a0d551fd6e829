#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hardware/interfaces.h"
#include "hardware/per_node.h"
#include "ipmi/session.h"

/// The hardware type `ipmi`: power and management through the node's BMC (reference: conductor.md
/// section 6). The names `ipmitool` of the implementations are the API's; no such program is run.
namespace ferrite::hardware {

struct IpmiSettings {
    std::chrono::milliseconds timeout{60'000};          ///< command_retry_timeout
    std::chrono::milliseconds min_command_interval{0};  ///< From an answer to the next command.
    bool disable_boot_timeout = true;
    std::vector<std::uint8_t> cipher_suites{17, 3};  ///< Best first.
    std::chrono::milliseconds power_poll_interval{1'000};
    std::string default_boot_mode = "uefi";
};

/// Reads how to reach a node's BMC out of its driver_info. Throws InvalidValue that names the key.
ipmi::SessionOptions bmc_options(const model::Node& node, const IpmiSettings& settings);

/// The driver_info keys of a BMC that is reached by IPMI.
std::map<std::string, std::string> bmc_properties();

/// One session per BMC and credentials, shared by power and management of the node and by all
/// operations on it. Any thread.
class Bmcs {
public:
    Bmcs(ipmi::Transport& transport, IpmiSettings settings)
        : transport_(transport), settings_(std::move(settings)) {}

    const IpmiSettings& settings() const { return settings_; }

    /// The session for the node's driver_info as it is now.
    std::shared_ptr<ipmi::Session> session_for(const model::Node& node);
    /// Of a node that is gone.
    void forget(const std::string& uuid) { sessions_.forget(uuid); }

private:
    ipmi::Transport& transport_;
    IpmiSettings settings_;
    PerNode<ipmi::Session> sessions_;
};

class IpmiPower : public PowerInterface {
public:
    explicit IpmiPower(Bmcs& bmcs) : bmcs_(bmcs) {}
    std::map<std::string, std::string> properties() const override;
    void validate(const NodeContext& context) const override;
    Task<std::optional<std::string>> power_state(NodeContext* context) override;
    Task<> set_power_state(NodeContext* context, std::string target,
                           std::chrono::seconds timeout) override;
    Task<> reboot(NodeContext* context, bool soft, std::chrono::seconds timeout) override;
    void forget_node(const std::string& uuid) override { bmcs_.forget(uuid); }

private:
    Bmcs& bmcs_;
};

class IpmiManagement : public ManagementInterface {
public:
    explicit IpmiManagement(Bmcs& bmcs) : bmcs_(bmcs) {}
    std::map<std::string, std::string> properties() const override;
    void validate(const NodeContext& context) const override;
    std::vector<std::string> supported_boot_devices() const override;
    Task<BootDeviceSetting> boot_device(NodeContext* context) override;
    Task<> set_boot_device(NodeContext* context, std::string device, bool persistent) override;
    Task<> inject_nmi(NodeContext* context) override;
    Task<JsonObject> sensors(NodeContext* context) override;
    void forget_node(const std::string& uuid) override { bmcs_.forget(uuid); }

private:
    Bmcs& bmcs_;
};

}  // namespace ferrite::hardware
