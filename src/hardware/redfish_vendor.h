#pragma once

#include "hardware/redfish.h"

namespace ferrite::hardware {

/// Vendor `redfish`: ejecting virtual media and subscribing to the BMC's events, as methods
/// (reference: conductor.md section 7.10).
class RedfishVendor : public VendorInterface {
public:
    explicit RedfishVendor(RedfishBmcs& bmcs) : bmcs_(bmcs) {}
    std::map<std::string, std::string> properties() const override;
    void validate(const NodeContext& context) const override;
    std::span<const VendorMethod> methods() const override;
    void validate_call(const NodeContext& context, const VendorMethod& method,
                       const JsonObject& arguments) const override;
    Task<Json> call(NodeContext* context, std::string method, JsonObject arguments) override;

private:
    RedfishBmcs& bmcs_;
};

}  // namespace ferrite::hardware
