#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "redfish/computer_system.h"

/// What a BMC answers, read as an error and as a system; and as the address of one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ferrite;
    std::string_view text(reinterpret_cast<const char*>(data), size);
    auto refusal = redfish::read_refusal(400, text);
    redfish::Error error(redfish::Reason::refused, "https://10.0.0.7", "GET /", refusal);
    static_cast<void>(error.says("ActionParameterValueConflict"));
    try {
        auto system = redfish::system_from_json("/redfish/v1/Systems/1", parse_json(text, 64));
        redfish::boot_changes(system, {.target = "Pxe", .enabled = "Once"});
        redfish::offers(system, redfish::Reset::on);
    } catch (const InvalidValue&) {
        // No JSON.
    }
    try {
        redfish::options_for_address(text);
    } catch (const InvalidValue&) {
        // No address.
    }
    return 0;
}
