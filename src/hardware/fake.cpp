#include "hardware/fake.h"

#include <algorithm>

#include <fmt/core.h>

#include "base/error.h"
#include "base/log.h"
#include "base/runtime.h"
#include "model/states.h"

namespace ferrite::hardware {
namespace {

namespace power = model::power;

}  // namespace

Task<> pretend(std::chrono::milliseconds delay) {
    if (delay.count() > 0) co_await sleep_for(delay);
}

Task<std::optional<std::string>> FakePower::power_state(NodeContext* context) {
    co_await pretend(delays_.power);
    co_return context->node.power_state;
}

Task<> FakePower::set_power_state(NodeContext* context, std::string target, std::chrono::seconds) {
    co_await pretend(delays_.power);
    context->node.power_state = target == power::soft_off ? std::string(power::off) : target;
}

Task<> FakePower::reboot(NodeContext* context, bool, std::chrono::seconds) {
    co_await pretend(delays_.power);
    context->node.power_state = std::string(power::on);
}

Task<BootDeviceSetting> FakeManagement::boot_device(NodeContext*) {
    co_await pretend(delays_.management);
    co_return BootDeviceSetting{"pxe", false};
}

Task<> FakeManagement::set_boot_device(NodeContext*, std::string device, bool) {
    if (device != "pxe")
        throw InvalidValue("Boot device " + device +
                           " is not supported by fake-hardware, which knows only: pxe.");
    co_await pretend(delays_.management);
}

std::vector<Indicator> FakeManagement::indicators(const NodeContext&) const {
    return {
        {.component = "chassis", .id = "led-0", .read_only = true, .states = {"off", "on"}},
        {.component = "system", .id = "led", .states = {"blinking", "off", "on"}},
    };
}

Task<std::string> FakeManagement::indicator_state(NodeContext*, Indicator) {
    co_await pretend(delays_.management);
    co_return "on";
}

Task<> FakeBoot::prepare_ramdisk(NodeContext*) {
    co_await pretend(delays_.boot);
}
Task<> FakeBoot::clean_up_ramdisk(NodeContext*) {
    co_await pretend(delays_.boot);
}
Task<> FakeBoot::prepare_instance(NodeContext*) {
    co_await pretend(delays_.boot);
}
Task<> FakeBoot::clean_up_instance(NodeContext*) {
    co_await pretend(delays_.boot);
}

Task<StepOutcome> FakeDeploy::run_step(NodeContext*, StepKind, Step) {
    co_await pretend(delays_.deploy);
    co_return StepOutcome::done;
}

Task<StepOutcome> FakeInspect::inspect(NodeContext*) {
    co_await pretend(delays_.inspect);
    co_return StepOutcome::done;
}

Task<StepOutcome> FakeRescue::rescue(NodeContext*) {
    co_await pretend(delays_.rescue);
    co_return StepOutcome::done;
}

Task<> FakeRescue::unrescue(NodeContext*) {
    co_await pretend(delays_.rescue);
}
Task<> FakeRescue::clean_up(NodeContext*) {
    co_return;
}

std::map<std::string, std::string> FakeVendor::properties() const {
    return {{"B1", "An example of a property; nothing reads it."},
            {"B2", "Another example of a property; nothing reads it."}};
}

std::vector<Step> FakeVendor::steps(const NodeContext&, StepKind kind) const {
    if (kind != StepKind::clean) return {};
    return {{.interface = "vendor", .name = "log_passthrough", .priority = 1}};
}

Task<StepOutcome> FakeVendor::run_step(NodeContext*, StepKind, Step) {
    co_return StepOutcome::done;
}

std::span<const VendorMethod> FakeVendor::methods() const {
    using enum VendorMethod::Answer;
    using enum VendorMethod::Lock;
    static constexpr VendorMethod kMethods[] = {
        {"log_passthrough", "POST", "Writes the argument message to the log."},
        {"second_method", "POST", "Sees whether the argument bar is kazoo."},
        {"third_method_sync", "POST", "Answers whether the argument bar is meow.", value},
        {"fourth_method_shared_lock", "POST", "Sees whether the argument bar is woof.", later,
         none},
    };
    return kMethods;
}

void FakeVendor::validate_call(const NodeContext&, const VendorMethod& method,
                               const JsonObject& arguments) const {
    if (method.name != "log_passthrough" && !arguments.contains("bar"))
        throw InvalidValue(
            fmt::format("The method {} needs the argument bar: add it.", method.name));
}

Task<Json> FakeVendor::call(NodeContext* context, std::string method, JsonObject arguments) {
    co_await pretend(delays_.vendor);
    if (method == "log_passthrough")
        log_info("FAKE_VENDOR", "node={} message=\"{}\"", context->node.uuid,
                 string_member(Json(arguments), "message"));
    if (method != "third_method_sync") co_return Json();
    co_return Json(arguments["bar"] == Json("meow"));
}

}  // namespace ferrite::hardware
