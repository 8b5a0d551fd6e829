#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "hardware/interfaces.h"
#include "hardware/ipmi.h"

namespace ferrite::hardware {

/// A command as `raw_bytes` spells it.
struct RawCommand {
    std::uint8_t net_fn = 0;
    std::uint8_t command = 0;
    Bytes data;
};

/// Reads `0x06 0x01` or `6 1`: network function, command and data as bytes in hexadecimal or
/// decimal with spaces between. Throws InvalidValue.
RawCommand parse_raw_bytes(std::string_view text);

/// Vendor `ipmitool`: `send_raw`, a step and a method, sends one command of the user's to the BMC;
/// `bmc_reset` starts the BMC anew. The options `[api]disallow_*_steps` forbid the step unless they
/// are changed.
class IpmiVendor : public VendorInterface {
public:
    explicit IpmiVendor(Bmcs& bmcs) : bmcs_(bmcs) {}
    std::map<std::string, std::string> properties() const override;
    void validate(const NodeContext& context) const override;
    std::vector<Step> steps(const NodeContext& context, StepKind kind) const override;
    Task<StepOutcome> run_step(NodeContext* context, StepKind kind, Step step) override;
    std::span<const VendorMethod> methods() const override;
    void validate_call(const NodeContext& context, const VendorMethod& method,
                       const JsonObject& arguments) const override;
    Task<Json> call(NodeContext* context, std::string method, JsonObject arguments) override;

private:
    Bmcs& bmcs_;
};

}  // namespace ferrite::hardware
