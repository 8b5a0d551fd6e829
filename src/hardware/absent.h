#pragma once

#include <string>

#include "hardware/interfaces.h"

/// Implementations for what a machine has not, or what needs nothing to be done.
namespace ferrite::hardware {

/// `no-bios`, `no-firmware`, ...: validation says that it is not supported, and nothing else works.
template <class Kind>
class Absent : public Kind {
public:
    explicit Absent(std::string what) : what_(std::move(what)) {}
    void validate(const NodeContext& context) const override { throw unsupported(context, what_); }

private:
    std::string what_;
};

class NoRaid : public Absent<RaidInterface> {
public:
    NoRaid() : Absent("raid") {}
    void validate_target(const NodeContext& context, const JsonObject&) const override {
        throw NotFound(unsupported(context, "raid").message());
    }
};

class NoConsole : public Absent<ConsoleInterface> {
public:
    NoConsole() : Absent("console") {}
    Task<> start(NodeContext* context) override;
    Task<> stop(NodeContext* context) override;
    Task<JsonObject> access(NodeContext* context) override;
};

class NoInspect : public InspectInterface {
public:
    void validate(const NodeContext& context) const override {
        throw unsupported(context, "inspect");
    }
    Task<StepOutcome> inspect(NodeContext* context) override;
};

class NoRescue : public RescueInterface {
public:
    void validate(const NodeContext& context) const override {
        throw unsupported(context, "rescue");
    }
    Task<StepOutcome> rescue(NodeContext* context) override;
    Task<> unrescue(NodeContext* context) override;
    Task<> clean_up(NodeContext* context) override;
};

/// `no-vendor`: no methods, and validation says that it is not supported.
class NoVendor : public VendorInterface {
public:
    void validate(const NodeContext& context) const override {
        throw unsupported(context, "vendor");
    }
    std::span<const VendorMethod> methods() const override { return {}; }
    Task<Json> call(NodeContext* context, std::string method, JsonObject arguments) override;
};

/// `noop` of storage: nothing to do is a way to do it.
class Noop : public Interface {};

/// Network `noop`: somebody else has cabled the machine. VIFs are taken and forgotten (reference:
/// conductor.md section 11.1).
class NoopNetwork : public NetworkInterface {
public:
    Task<> attach_vif(NodeContext*, JsonObject) override { co_return; }
    Task<> detach_vif(NodeContext*, std::string) override { co_return; }
    Task<JsonArray> vifs(NodeContext*) override { co_return JsonArray(); }
};

/// Power `agent` of manual-management: there is no BMC, so only a running agent can reboot the
/// machine, and that needs fast track.
class AgentPower : public PowerInterface {
public:
    void validate(const NodeContext& context) const override;
    Task<std::optional<std::string>> power_state(NodeContext* context) override;
    Task<> set_power_state(NodeContext* context, std::string target,
                           std::chrono::seconds timeout) override;
    Task<> reboot(NodeContext* context, bool soft, std::chrono::seconds timeout) override;
    std::vector<std::string> supported_power_states() const override;
    bool supports_power_sync() const override { return false; }
};

/// Management `noop`: boot devices are set by hand; what is asked is accepted.
class NoopManagement : public ManagementInterface {
public:
    std::vector<std::string> supported_boot_devices() const override { return {"pxe", "disk"}; }
    Task<BootDeviceSetting> boot_device(NodeContext* context) override;
    Task<> set_boot_device(NodeContext* context, std::string device, bool persistent) override;
};

/// Deploy `noop`: the machine is installed by somebody else.
class NoopDeploy : public DeployInterface {
public:
    std::vector<Step> steps(const NodeContext&, StepKind kind) const override;
    Task<StepOutcome> run_step(NodeContext* context, StepKind kind, Step step) override;
    Task<> prepare(NodeContext* context) override;
    Task<> clean_up(NodeContext* context) override;
    Task<> tear_down(NodeContext* context) override;
    Task<StepOutcome> prepare_cleaning(NodeContext* context) override;
    Task<> tear_down_cleaning(NodeContext* context) override;
    Task<> refresh_steps(NodeContext* context, StepKind kind) override;
    Task<AgentProgress> progress(NodeContext* context, StepKind kind) override;
};

}  // namespace ferrite::hardware
