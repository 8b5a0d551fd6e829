#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "base/urgency.h"
#include "hardware/step.h"
#include "model/bios_setting.h"
#include "model/firmware_component.h"
#include "model/node.h"
#include "model/port.h"

/// What a hardware type is made of: one small interface per concern, each with several
/// implementations that a node picks by name (reference: conductor.md section 5).
///
/// Every function works on a NodeContext that its caller holds exclusively and that outlives the
/// task. It may change `context->node`; the caller saves it, and a long operation calls save()
/// where a restart should find what was done. Failures are thrown as Error: 400 for a configuration
/// that cannot work, anything else for hardware that does not obey.
namespace ferrite::hardware {

struct NodeContext;

/// What every implementation has.
class Interface {
public:
    virtual ~Interface() = default;

    /// driver_info keys that it reads, and what they mean.
    virtual std::map<std::string, std::string> properties() const { return {}; }

    /// Throws Error (400) that says what is missing or wrong; asks no hardware.
    virtual void validate(const NodeContext&) const {}

    virtual std::vector<Step> steps(const NodeContext&, StepKind) const { return {}; }

    /// Runs one of its steps. Repeatable: it may be run again after a restart.
    virtual Task<StepOutcome> run_step(NodeContext* context, StepKind kind, Step step);

    /// The node is gone: drops what was kept for it, such as a connection. Any thread.
    virtual void forget_node(const std::string& uuid);
};

class PowerInterface : public Interface {
public:
    /// "power on", "power off" or "error"; nothing when the hardware does not say.
    virtual Task<std::optional<std::string>> power_state(NodeContext* context) = 0;
    /// `target` is "power on", "power off", "soft power off"; returns when it is reached. Throws
    /// when it is not within `timeout`.
    virtual Task<> set_power_state(NodeContext* context, std::string target,
                                   std::chrono::seconds timeout) = 0;
    /// Off and on again; hard, or with the operating system's help when `soft`.
    virtual Task<> reboot(NodeContext* context, bool soft, std::chrono::seconds timeout) = 0;
    virtual std::vector<std::string> supported_power_states() const;
    /// Whether the stored power state may be pushed to the hardware.
    virtual bool supports_power_sync() const { return true; }
};

struct BootDeviceSetting {
    std::optional<std::string> device;
    std::optional<bool> persistent;
};

/// An image for a device that the BMC shows to the machine.
struct VirtualMediaImage {
    std::string device_type;  ///< "cdrom", "disk" or "floppy".
    std::string url;
    bool serve_copy = false;  ///< The BMC gets it from us instead of from `url`.
};

/// A light on the machine (reference: api.md section 11.4).
struct Indicator {
    std::string component;  ///< "chassis", "system", "disk", "power" or "nic".
    std::string id;         ///< Its name within the component.
    bool read_only = false;
    std::vector<std::string> states;  ///< "on", "off", "blinking", "unknown": what it can show.
};

class ManagementInterface : public Interface {
public:
    virtual std::vector<std::string> supported_boot_devices() const = 0;
    virtual Task<BootDeviceSetting> boot_device(NodeContext* context) = 0;
    virtual Task<> set_boot_device(NodeContext* context, std::string device, bool persistent) = 0;

    /// Whether the BMC can show an image to the machine as if it were a disk or a CD (reference:
    /// conductor.md section 7.4). Without it the three functions below throw `unsupported`.
    virtual bool has_virtual_media() const { return false; }
    virtual Task<> attach_virtual_media(NodeContext* context, VirtualMediaImage image);
    virtual Task<> detach_virtual_media(NodeContext* context,
                                        std::vector<std::string> device_types);
    /// By name of the slot: media_types, inserted, image.
    virtual Task<JsonObject> virtual_media(NodeContext* context);

    // What not every management interface can do: each of these throws `unsupported` unless it is
    // overridden.

    /// `mode` is "bios" or "uefi".
    virtual Task<> set_boot_mode(NodeContext* context, std::string mode);
    virtual Task<> set_secure_boot(NodeContext* context, bool on);
    /// Interrupts the operating system so that it writes a dump.
    virtual Task<> inject_nmi(NodeContext* context);
    virtual std::vector<Indicator> indicators(const NodeContext& context) const;
    /// `indicator` is one of indicators(), `state` one that it can show.
    virtual Task<std::string> indicator_state(NodeContext* context, Indicator indicator);
    virtual Task<> set_indicator_state(NodeContext* context, Indicator indicator,
                                       std::string state);
    /// What the machine's sensors show (reference: conductor.md section 14.9): by type such as
    /// "Fan" an object that has by name of a sensor what is known of it.
    virtual Task<JsonObject> sensors(NodeContext* context);
};

class BootInterface : public Interface {
public:
    /// Whether prepare_instance() can start a kernel and ramdisk, or an ISO, of the user's.
    virtual bool boots_user_ramdisk() const { return false; }
    /// Makes the next boot load the deploy ramdisk.
    virtual Task<> prepare_ramdisk(NodeContext* context) = 0;
    virtual Task<> clean_up_ramdisk(NodeContext* context) = 0;
    /// Makes every next boot start what was deployed.
    virtual Task<> prepare_instance(NodeContext* context) = 0;
    virtual Task<> clean_up_instance(NodeContext* context) = 0;
};

/// How far the step that the agent was given has come.
struct AgentProgress {
    enum class Kind {
        fresh,      ///< Just booted: it was given nothing yet.
        lost,       ///< It knows nothing of the current step, which it was given.
        not_given,  ///< The current step is none of the agent's: it can be run again.
        running,
        succeeded,
        failed,
        version_mismatch,  ///< Its steps changed since they were asked for.
    };
    Kind kind = Kind::running;
    std::string error;  ///< For failed.
};

class DeployInterface : public Interface {
public:
    /// Makes ready for the deploy steps.
    virtual Task<> prepare(NodeContext* context) = 0;
    /// Takes back what prepare() did, after a failure or before a tear-down.
    virtual Task<> clean_up(NodeContext* context) = 0;
    virtual Task<> tear_down(NodeContext* context) = 0;
    /// `wait` when the ramdisk has to come up first.
    virtual Task<StepOutcome> prepare_cleaning(NodeContext* context) = 0;
    virtual Task<> tear_down_cleaning(NodeContext* context) = 0;
    /// Boots the ramdisk in place of the instance; `wait` when it has to come up first. What is not
    /// installed by an agent has nothing to be prepared.
    virtual Task<StepOutcome> prepare_service(NodeContext* context);
    /// Starts the instance again.
    virtual Task<> tear_down_service(NodeContext* context);
    /// Asks the agent for its steps and keeps them with the node. Throws when it does not answer.
    virtual Task<> refresh_steps(NodeContext* context, StepKind kind) = 0;
    /// Looks at the agent's commands after a heartbeat.
    virtual Task<AgentProgress> progress(NodeContext* context, StepKind kind) = 0;
};

class InspectInterface : public Interface {
public:
    /// `wait` when the agent will report what it finds (reference: conductor.md section 10.1).
    virtual Task<StepOutcome> inspect(NodeContext* context) = 0;
    /// Takes back what inspect() prepared, once nobody waits for the agent's report any more.
    virtual Task<> clean_up(NodeContext*) { co_return; }
};

/// Attaches virtual network interfaces, VIFs, to the ports of a node (reference: conductor.md
/// section 11).
class NetworkInterface : public Interface {
public:
    /// `vif` has the text `id`; what else it has is for the implementation.
    virtual Task<> attach_vif(NodeContext* context, JsonObject vif) = 0;
    virtual Task<> detach_vif(NodeContext* context, std::string id) = 0;
    /// Objects with an `id`.
    virtual Task<JsonArray> vifs(NodeContext* context) = 0;
};

/// A method that a vendor interface offers to users as it is (reference: conductor.md section
/// 14.5).
struct VendorMethod {
    std::string_view name;
    std::string_view http_method;  ///< "POST": the one that it may be called with.
    std::string_view description;
    /// Whether the caller waits for its end and gets its value.
    enum class Answer { later, value } answer = Answer::later;
    enum class Lock { exclusive, none } lock = Lock::exclusive;
};

class VendorInterface : public Interface {
public:
    virtual std::span<const VendorMethod> methods() const = 0;
    /// Throws InvalidValue for arguments that the method can not take.
    virtual void validate_call(const NodeContext&, const VendorMethod&, const JsonObject&) const {}
    /// `method` is one of methods(). Null when there is nothing to answer.
    virtual Task<Json> call(NodeContext* context, std::string method, JsonObject arguments) = 0;
};

class RescueInterface : public Interface {
public:
    virtual Task<StepOutcome> rescue(NodeContext* context) = 0;
    virtual Task<> unrescue(NodeContext* context) = 0;
    virtual Task<> clean_up(NodeContext* context) = 0;
};

/// The settings of the machine's firmware set-up (reference: conductor.md section 14.2). Its steps
/// change them.
class BiosInterface : public Interface {
public:
    /// The settings as they are; nothing when they can not be read.
    virtual Task<std::optional<std::vector<model::BiosSetting>>> settings(NodeContext*) {
        co_return std::nullopt;
    }
};

/// The versions of the firmware of the machine's parts. Its steps write others.
class FirmwareInterface : public Interface {
public:
    /// The parts with their current versions; nothing when they can not be read.
    virtual Task<std::optional<std::vector<model::FirmwareComponent>>> components(NodeContext*) {
        co_return std::nullopt;
    }
};

/// The machine's RAID controllers. Steps build what `target_raid_config` asks for.
class RaidInterface : public Interface {
public:
    /// Throws InvalidValue unless the node's target_raid_config can be built.
    void validate(const NodeContext& context) const override;
    /// Throws Error unless `config` may become the node's target_raid_config: InvalidValue for what
    /// it says, NotFound when there is no RAID at all.
    virtual void validate_target(const NodeContext& context, const JsonObject& config) const;
    /// What a logical disk may say, and what that means.
    virtual std::map<std::string, std::string> logical_disk_properties() const;
};

/// Access to the machine's serial or graphical console.
class ConsoleInterface : public Interface {
public:
    virtual Task<> start(NodeContext* context) = 0;
    virtual Task<> stop(NodeContext* context) = 0;
    /// How to reach the console that was started: an object for clients.
    virtual Task<JsonObject> access(NodeContext* context) = 0;
};

/// The implementations that one node uses, resolved from its `*_interface` fields. They belong to
/// the driver registry, which outlives every node's context.
struct DriverInterfaces {
    PowerInterface* power = nullptr;
    ManagementInterface* management = nullptr;
    BootInterface* boot = nullptr;
    DeployInterface* deploy = nullptr;
    InspectInterface* inspect = nullptr;
    RescueInterface* rescue = nullptr;
    NetworkInterface* network = nullptr;
    VendorInterface* vendor = nullptr;
    BiosInterface* bios = nullptr;
    FirmwareInterface* firmware = nullptr;
    RaidInterface* raid = nullptr;
    ConsoleInterface* console = nullptr;
    /// All of them by kind, also those that have nothing but validate() and steps().
    std::map<std::string, Interface*, std::less<>> all;
};

/// A node while somebody works on it, with what the work needs.
struct NodeContext {
    virtual ~NodeContext() = default;

    model::Node node;
    std::vector<model::Port> ports;
    DriverInterfaces driver;
    /// Who waits for what is asked of the hardware.
    Urgency urgency = Urgency::user;

    /// Makes what was changed in `node` durable; resumes when it is.
    virtual Task<> save() = 0;

    /// To be awaited before hardware is told to change. Throws Error "lease_lost" when the node may
    /// be another conductor's by now, as after a long pause of the process: two of them must not
    /// drive one machine. Costs nothing otherwise.
    virtual Task<> ensure_held() { co_return; }

    /// A power action begins, ends well or fails: `status` is "start", "end" or "error".
    virtual void on_power_action(std::string_view /*status*/, std::string_view /*to_power*/) {}
};

/// Thrown by what an implementation does not have.
Error unsupported(const NodeContext& context, std::string_view what);

}  // namespace ferrite::hardware
