#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/http_client.h"
#include "hardware/instance_image.h"
#include "hardware/interfaces.h"
#include "hardware/per_node.h"
#include "redfish/client.h"

/// The hardware type `redfish`: power, boot devices and what else a BMC with a Redfish service can
/// do (reference: conductor.md section 7).
namespace ferrite::hardware {

struct RedfishSettings {
    redfish::Authentication authentication = redfish::Authentication::automatic;
    bool verify_tls = true;
    std::string ca_file;  ///< PEM bundle in place of the system's; a node may name its own.
    std::chrono::milliseconds connect_timeout{30'000};
    std::chrono::milliseconds read_timeout{60'000};
    unsigned attempts = 5;
    std::chrono::milliseconds retry_interval{4'000};
    /// Some BMCs refuse to power a machine on just after it went off.
    unsigned power_on_conflict_attempts = 6;
    std::chrono::milliseconds power_on_conflict_interval{10'000};
    /// No boot device can be set while the firmware runs its self-test.
    unsigned post_boot_attempts = 6;
    std::chrono::milliseconds post_boot_delay{5'000};  ///< Doubles, up to 30 s.
    std::chrono::milliseconds power_poll_interval{1'000};
};

/// The driver_info keys of a BMC that is reached by Redfish.
std::map<std::string, std::string> redfish_properties();

/// Reads how to reach a node's BMC out of its driver_info. Throws InvalidValue that names the key.
redfish::ClientOptions redfish_options(const model::Node& node, const RedfishSettings& settings);

/// `driver_info.redfish_system_id`; empty when the BMC has one system only.
std::string redfish_system_id(const model::Node& node);

/// One client, and so one login, per node; shared by all operations on it. Any thread.
class RedfishBmcs {
public:
    RedfishBmcs(HttpClient& http, RedfishSettings settings)
        : http_(http), settings_(std::move(settings)) {}

    const RedfishSettings& settings() const { return settings_; }

    /// The client for the node's driver_info as it is now.
    std::shared_ptr<redfish::Client> client_for(const model::Node& node);
    /// Of a node that is gone.
    void forget(const std::string& uuid) { clients_.forget(uuid); }

private:
    HttpClient& http_;
    RedfishSettings settings_;
    PerNode<redfish::Client> clients_;
};

class RedfishPower : public PowerInterface {
public:
    explicit RedfishPower(RedfishBmcs& bmcs) : bmcs_(bmcs) {}
    std::map<std::string, std::string> properties() const override;
    void validate(const NodeContext& context) const override;
    Task<std::optional<std::string>> power_state(NodeContext* context) override;
    Task<> set_power_state(NodeContext* context, std::string target,
                           std::chrono::seconds timeout) override;
    Task<> reboot(NodeContext* context, bool soft, std::chrono::seconds timeout) override;
    void forget_node(const std::string& uuid) override { bmcs_.forget(uuid); }

private:
    RedfishBmcs& bmcs_;
};

/// A device that the BMC will not keep for all boots is set for one, and again before every power
/// on: `driver_internal_info.redfish_boot_device` remembers it.
class RedfishManagement : public ManagementInterface {
public:
    RedfishManagement(RedfishBmcs& bmcs, InstanceImages& images) : bmcs_(bmcs), images_(images) {}
    std::map<std::string, std::string> properties() const override;
    void validate(const NodeContext& context) const override;
    std::vector<std::string> supported_boot_devices() const override;
    Task<BootDeviceSetting> boot_device(NodeContext* context) override;
    Task<> set_boot_device(NodeContext* context, std::string device, bool persistent) override;
    bool has_virtual_media() const override { return true; }
    Task<> attach_virtual_media(NodeContext* context, VirtualMediaImage image) override;
    Task<> detach_virtual_media(NodeContext* context,
                                std::vector<std::string> device_types) override;
    Task<JsonObject> virtual_media(NodeContext* context) override;
    Task<> inject_nmi(NodeContext* context) override;
    Task<JsonObject> sensors(NodeContext* context) override;
    void forget_node(const std::string& uuid) override { bmcs_.forget(uuid); }

private:
    RedfishBmcs& bmcs_;
    InstanceImages& images_;
};

/// Inspection through the BMC cannot be had yet: validation looks at driver_info as ever, inspect()
/// says what to use in its place.
class RedfishInspect : public InspectInterface {
public:
    explicit RedfishInspect(const RedfishBmcs& bmcs) : bmcs_(bmcs) {}
    std::map<std::string, std::string> properties() const override;
    void validate(const NodeContext& context) const override;
    Task<StepOutcome> inspect(NodeContext* context) override;

private:
    const RedfishBmcs& bmcs_;
};

/// `redfish` of bios, firmware and vendor: it checks driver_info and offers no steps.
template <class Kind>
class RedfishPart : public Kind {
public:
    explicit RedfishPart(const RedfishBmcs& bmcs) : bmcs_(bmcs) {}
    std::map<std::string, std::string> properties() const override { return redfish_properties(); }
    void validate(const NodeContext& context) const override {
        redfish_options(context.node, bmcs_.settings());
    }

private:
    const RedfishBmcs& bmcs_;
};

/// `redfish` of raid. Only a wanted RAID configuration could be wrong, and there are no steps that
/// take one, so it checks only the form of that.
class RedfishRaid : public RaidInterface {
public:
    std::map<std::string, std::string> properties() const override { return redfish_properties(); }
};

}  // namespace ferrite::hardware
