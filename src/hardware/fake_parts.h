#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hardware/fake.h"

/// Firmware settings, firmware, RAID and console of `fake-hardware`. Their machine is a few members
/// of the node's driver_internal_info, so that what a step did can be seen afterwards.
namespace ferrite::hardware {

/// Clean steps `apply_configuration`, after which the machine has exactly the settings it was
/// given, and `factory_reset`, after which it has none.
class FakeBios : public BiosInterface {
public:
    explicit FakeBios(FakeDelays delays) : delays_(delays) {}
    std::vector<Step> steps(const NodeContext&, StepKind kind) const override;
    Task<StepOutcome> run_step(NodeContext* context, StepKind kind, Step step) override;
    Task<std::optional<std::vector<model::BiosSetting>>> settings(NodeContext* context) override;

private:
    FakeDelays delays_;
};

/// Clean step `update`: a component's new version is the name of the file it was given.
class FakeFirmware : public FirmwareInterface {
public:
    explicit FakeFirmware(FakeDelays delays) : delays_(delays) {}
    std::vector<Step> steps(const NodeContext&, StepKind kind) const override;
    Task<StepOutcome> run_step(NodeContext* context, StepKind kind, Step step) override;
    Task<std::optional<std::vector<model::FirmwareComponent>>> components(
        NodeContext* context) override;

private:
    FakeDelays delays_;
};

/// Clean steps `create_configuration`, which makes raid_config what target_raid_config asks for,
/// and `delete_configuration`.
class FakeRaid : public RaidInterface {
public:
    explicit FakeRaid(FakeDelays delays) : delays_(delays) {}
    std::vector<Step> steps(const NodeContext&, StepKind kind) const override;
    Task<StepOutcome> run_step(NodeContext* context, StepKind kind, Step step) override;

private:
    FakeDelays delays_;
};

/// A console that can be started and stopped, and that nobody can connect to.
class FakeConsole : public ConsoleInterface {
public:
    Task<> start(NodeContext*) override { co_return; }
    Task<> stop(NodeContext*) override { co_return; }
    Task<JsonObject> access(NodeContext*) override { co_return JsonObject(); }
};

}  // namespace ferrite::hardware
