#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/task.h"
#include "hardware/step.h"
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

class ManagementInterface : public Interface {
public:
    virtual std::vector<std::string> supported_boot_devices() const = 0;
    virtual Task<BootDeviceSetting> boot_device(NodeContext* context) = 0;
    virtual Task<> set_boot_device(NodeContext* context, std::string device, bool persistent) = 0;
};

class BootInterface : public Interface {
public:
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
    /// Asks the agent for its steps and keeps them with the node. Throws when it does not answer.
    virtual Task<> refresh_steps(NodeContext* context, StepKind kind) = 0;
    /// Looks at the agent's commands after a heartbeat.
    virtual Task<AgentProgress> progress(NodeContext* context, StepKind kind) = 0;
};

class InspectInterface : public Interface {
public:
    virtual Task<StepOutcome> inspect(NodeContext* context) = 0;
};

class RescueInterface : public Interface {
public:
    virtual Task<StepOutcome> rescue(NodeContext* context) = 0;
    virtual Task<> unrescue(NodeContext* context) = 0;
    virtual Task<> clean_up(NodeContext* context) = 0;
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
    /// All of them by kind, also those that have nothing but validate() and steps().
    std::map<std::string, Interface*, std::less<>> all;
};

/// A node while somebody works on it, with what the work needs.
struct NodeContext {
    virtual ~NodeContext() = default;

    model::Node node;
    std::vector<model::Port> ports;
    DriverInterfaces driver;

    /// Makes what was changed in `node` durable; resumes when it is.
    virtual Task<> save() = 0;
};

/// Thrown by what an implementation does not have.
Error unsupported(const NodeContext& context, std::string_view what);

}  // namespace ferrite::hardware
