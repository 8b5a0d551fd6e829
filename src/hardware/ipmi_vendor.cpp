#include "hardware/ipmi_vendor.h"

#include <charconv>

#include <fmt/core.h>

#include "base/error.h"

namespace ferrite::hardware {
namespace {

/// What one IPMI message over LAN can carry, and more than any BMC takes.
constexpr std::size_t kMostBytes = 256;

std::uint8_t byte_of(std::string_view word) {
    int base = 10;
    auto digits = word;
    if (digits.starts_with("0x") || digits.starts_with("0X")) {
        digits.remove_prefix(2);
        base = 16;
    }
    unsigned value = 0;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (error != std::errc() || end != digits.data() + digits.size() || value > 0xFF)
        throw InvalidValue(
            fmt::format("raw_bytes must be bytes such as 0x06 0x01 with spaces between; '{}' is "
                        "none.",
                        word));
    return static_cast<std::uint8_t>(value);
}

/// Whether a reset of the BMC is to be a warm one, which is what an argument left out means.
bool wants_warm(const JsonObject& arguments) {
    const auto* warm = arguments.if_contains("warm");
    if (!warm || warm->is_null() || *warm == Json("true") || *warm == Json("True")) return true;
    if (*warm == Json("false") || *warm == Json("False")) return false;
    if (!warm->is_bool()) throw InvalidValue("The argument warm must be true or false.");
    return warm->get_bool();
}

/// Commands of the application function (IPMI 2.0 sections 20.2 and 20.3).
constexpr std::uint8_t kApplication = 0x06;
constexpr std::uint8_t kColdReset = 0x02;
constexpr std::uint8_t kWarmReset = 0x03;

}  // namespace

RawCommand parse_raw_bytes(std::string_view text) {
    Bytes bytes;
    while (true) {
        auto start = text.find_first_not_of(" \t");
        if (start == text.npos) break;
        text.remove_prefix(start);
        auto word = text.substr(0, text.find_first_of(" \t"));
        if (bytes.size() == kMostBytes)
            throw InvalidValue(fmt::format("raw_bytes has more than {} bytes.", kMostBytes));
        bytes.push_back(byte_of(word));
        text.remove_prefix(word.size());
    }
    if (bytes.size() < 2)
        throw InvalidValue(
            "raw_bytes needs a network function and a command, such as 0x06 0x01, and then data.");
    if (bytes[0] > 0x3F)
        throw InvalidValue(fmt::format(
            "raw_bytes begins with the network function 0x{:02x}; they end at 0x3f.", bytes[0]));
    RawCommand raw{.net_fn = bytes[0], .command = bytes[1]};
    raw.data.assign(bytes.begin() + 2, bytes.end());
    return raw;
}

std::map<std::string, std::string> IpmiVendor::properties() const {
    return bmc_properties();
}

void IpmiVendor::validate(const NodeContext& context) const {
    bmc_options(context.node, bmcs_.settings());
}

std::vector<Step> IpmiVendor::steps(const NodeContext&, StepKind kind) const {
    JsonObject about;
    about["description"] =
        "Bytes to send, in hexadecimal: network function, command and data, with spaces between.";
    about["required"] = true;
    JsonObject arguments;
    arguments["raw_bytes"] = std::move(about);
    Step step{.interface = "vendor", .name = "send_raw"};
    step.requires_ramdisk = kind != StepKind::clean;
    step.argsinfo = std::move(arguments);
    return {step};
}

Task<StepOutcome> IpmiVendor::run_step(NodeContext* context, StepKind kind, Step step) {
    if (step.name != "send_raw")
        co_return co_await Interface::run_step(context, kind, std::move(step));
    auto raw = parse_raw_bytes(string_member(Json(step.args), "raw_bytes"));
    auto session = bmcs_.session_for(context->node);
    co_await context->ensure_held();
    co_await session->raw(raw.net_fn, raw.command, raw.data);
    co_return StepOutcome::done;
}

std::span<const VendorMethod> IpmiVendor::methods() const {
    static constexpr VendorMethod kMethods[] = {
        {"bmc_reset", "POST",
         "Starts the BMC anew: warm, or cold when the argument warm is false."},
        {"send_raw", "POST",
         "Sends the BMC the command in raw_bytes: network function, command and data, such as "
         "0x06 0x01."},
    };
    return kMethods;
}

void IpmiVendor::validate_call(const NodeContext& context, const VendorMethod& method,
                               const JsonObject& arguments) const {
    validate(context);
    if (method.name == "bmc_reset")
        wants_warm(arguments);
    else
        parse_raw_bytes(string_member(Json(arguments), "raw_bytes"));
}

Task<Json> IpmiVendor::call(NodeContext* context, std::string method, JsonObject arguments) {
    RawCommand raw{kApplication, kColdReset, {}};
    if (method == "send_raw")
        raw = parse_raw_bytes(string_member(Json(arguments), "raw_bytes"));
    else if (wants_warm(arguments))
        raw.command = kWarmReset;
    auto session = bmcs_.session_for(context->node);
    co_await context->ensure_held();
    co_await session->raw(raw.net_fn, raw.command, raw.data);
    co_return Json();
}

}  // namespace ferrite::hardware
