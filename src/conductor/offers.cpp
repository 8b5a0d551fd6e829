#include "conductor/offers.h"

#include "base/log.h"
#include "conductor/rpc_values.h"

namespace ferrite::conductor {

std::vector<DriverInfo> own_offers(const Services& services) {
    std::vector<DriverInfo> all;
    for (const auto& name : services.drivers.names()) {
        DriverInfo info{.name = name, .hosts = {services.options.host}};
        for (const auto& kind : model::interface_kinds()) {
            std::string key(kind.name);
            info.enabled[key] = services.drivers.choices(name, kind.name);
            if (auto chosen = services.drivers.default_for(name, kind.name))
                info.defaults[key] = *chosen;
        }
        info.properties = services.drivers.properties(name);
        info.logical_disk_properties = services.drivers.logical_disk_properties(name);
        all.push_back(std::move(info));
    }
    return all;
}

model::JsonText offers_text(const std::vector<DriverInfo>& offers) {
    return model::JsonText(rpc::encode(offers));
}

std::vector<DriverInfo> offers_of(const model::Conductor& row) {
    try {
        if (!row.offers.absent()) return rpc::decode<std::vector<DriverInfo>>(row.offers.value());
    } catch (const Error& error) {
        log_warning("CONDUCTOR_OFFERS_UNREAD", "host={} error=\"{}\"", row.hostname,
                    error.message());
    }
    std::vector<DriverInfo> names;
    for (const auto& name : row.drivers.array())
        if (name.is_string())
            names.push_back({.name = std::string(std::string_view(name.get_string())),
                             .hosts = {row.hostname}});
    return names;
}

}  // namespace ferrite::conductor
