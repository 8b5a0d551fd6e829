#include "agent/inspection.h"

#include <fmt/core.h>

#include "base/log.h"
#include "base/runtime.h"

namespace ferrite::agent {

JsonObject inspection_document(InspectionInput input) {
    auto collectors = input.collectors;
    if (collectors.empty()) collectors = {"default", "logs"};
    std::string errors;
    JsonObject document;
    JsonArray names;
    for (const auto& collector : collectors) {
        names.emplace_back(collector);
        if (collector == "default") {
            document["boot_interface"] = member(member(input.inventory, "boot"), "pxe_interface");
            document["inventory"] = std::move(input.inventory);
            if (input.root_disk) document["root_disk"] = input.root_disk->to_json();
        } else if (collector == "logs") {
            document["logs"] = input.system_logs;
        } else if (collector == "pci-devices") {
            document["pci_devices"] = std::move(input.pci_devices);
        } else {
            errors += fmt::format("\n* collector {} is not in this agent", collector);
        }
    }
    document["configuration"] = JsonObject{
        {"collectors", std::move(names)},
        {"managers",
         JsonArray{JsonObject{{"name", "generic_hardware_manager"}, {"version", "1.2"}}}}};
    document["error"] =
        errors.empty() ? Json(nullptr) : Json("The following errors were encountered:" + errors);
    return document;
}

Task<std::optional<std::string>> post_inspection(ProvisioningApi* api, JsonObject document) {
    constexpr std::chrono::seconds kPauses[] = {std::chrono::seconds(5), std::chrono::seconds(5),
                                                std::chrono::seconds(6), std::chrono::seconds(12)};
    constexpr int kTries = std::size(kPauses) + 1;
    for (int attempt = 0; attempt < kTries; ++attempt) {
        auto answer = co_await api->post_inspection(document);
        if (answer.status >= 200 && answer.status < 300) {
            log_info("AGENT_INSPECTION_SENT", "status={}", answer.status);
            try {
                auto body = parse_json(answer.body, 64);
                auto uuid = string_member(body, "uuid");
                co_return uuid.empty() ? string_member(member(body, "node"), "uuid") : uuid;
            } catch (const InvalidValue&) {
                co_return std::string();
            }
        }
        bool worth_another = answer.status == 0 || answer.status == 409 || answer.status >= 500;
        log_warning("AGENT_INSPECTION_REFUSED", "status={} body=\"{}\"", answer.status,
                    answer.body.substr(0, 300));
        if (!worth_another || attempt + 1 == kTries) break;
        co_await sleep_for(kPauses[attempt]);
    }
    co_return std::nullopt;
}

}  // namespace ferrite::agent
