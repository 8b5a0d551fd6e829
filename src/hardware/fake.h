#pragma once

#include <chrono>
#include <map>
#include <string>

#include "hardware/absent.h"
#include "hardware/interfaces.h"

/// The hardware type `fake-hardware`: everything works, nothing exists. For tests, demonstrations
/// and load measurements (reference: conductor.md section 5.3).
namespace ferrite::hardware {

/// How long each kind of fake action takes.
struct FakeDelays {
    std::chrono::milliseconds power{0};
    std::chrono::milliseconds management{0};
    std::chrono::milliseconds boot{0};
    std::chrono::milliseconds deploy{0};
    std::chrono::milliseconds inspect{0};
    std::chrono::milliseconds rescue{0};
    std::chrono::milliseconds vendor{0};
    std::chrono::milliseconds bios{0};
    std::chrono::milliseconds firmware{0};
    std::chrono::milliseconds raid{0};
};

/// Takes as long as a fake action does.
Task<> pretend(std::chrono::milliseconds delay);

class FakePower : public PowerInterface {
public:
    explicit FakePower(FakeDelays delays) : delays_(delays) {}
    Task<std::optional<std::string>> power_state(NodeContext* context) override;
    Task<> set_power_state(NodeContext* context, std::string target,
                           std::chrono::seconds timeout) override;
    Task<> reboot(NodeContext* context, bool soft, std::chrono::seconds timeout) override;

private:
    FakeDelays delays_;
};

class FakeManagement : public ManagementInterface {
public:
    explicit FakeManagement(FakeDelays delays) : delays_(delays) {}
    std::vector<std::string> supported_boot_devices() const override { return {"pxe"}; }
    Task<BootDeviceSetting> boot_device(NodeContext* context) override;
    Task<> set_boot_device(NodeContext* context, std::string device, bool persistent) override;
    /// Two lights that are always on; neither can be set, as in the original.
    std::vector<Indicator> indicators(const NodeContext& context) const override;
    Task<std::string> indicator_state(NodeContext* context, Indicator indicator) override;

private:
    FakeDelays delays_;
};

class FakeBoot : public BootInterface {
public:
    explicit FakeBoot(FakeDelays delays) : delays_(delays) {}
    Task<> prepare_ramdisk(NodeContext* context) override;
    Task<> clean_up_ramdisk(NodeContext* context) override;
    Task<> prepare_instance(NodeContext* context) override;
    Task<> clean_up_instance(NodeContext* context) override;

private:
    FakeDelays delays_;
};

class FakeDeploy : public NoopDeploy {
public:
    explicit FakeDeploy(FakeDelays delays) : delays_(delays) {}
    Task<StepOutcome> run_step(NodeContext* context, StepKind kind, Step step) override;

private:
    FakeDelays delays_;
};

class FakeInspect : public InspectInterface {
public:
    explicit FakeInspect(FakeDelays delays) : delays_(delays) {}
    Task<StepOutcome> inspect(NodeContext* context) override;

private:
    FakeDelays delays_;
};

class FakeRescue : public RescueInterface {
public:
    explicit FakeRescue(FakeDelays delays) : delays_(delays) {}
    Task<StepOutcome> rescue(NodeContext* context) override;
    Task<> unrescue(NodeContext* context) override;
    Task<> clean_up(NodeContext* context) override;

private:
    FakeDelays delays_;
};

/// Its one clean step, `log_passthrough`, gives automated cleaning something to do. Its methods
/// look at the argument `bar` only.
class FakeVendor : public VendorInterface {
public:
    explicit FakeVendor(FakeDelays delays) : delays_(delays) {}
    std::map<std::string, std::string> properties() const override;
    std::vector<Step> steps(const NodeContext&, StepKind kind) const override;
    Task<StepOutcome> run_step(NodeContext* context, StepKind kind, Step step) override;
    std::span<const VendorMethod> methods() const override;
    void validate_call(const NodeContext&, const VendorMethod& method,
                       const JsonObject& arguments) const override;
    Task<Json> call(NodeContext* context, std::string method, JsonObject arguments) override;

private:
    FakeDelays delays_;
};

}  // namespace ferrite::hardware
