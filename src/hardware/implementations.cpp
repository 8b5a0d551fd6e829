#include "hardware/implementations.h"

#include "hardware/absent.h"
#include "hardware/fake_parts.h"
#include "hardware/ipmi_vendor.h"
#include "hardware/redfish_vendor.h"

namespace ferrite::hardware {

Drivers::Implementations all_implementations(const Parts& parts) {
    Drivers::Implementations all;
    auto add = [&](const char* kind, const char* name, std::unique_ptr<Interface> implementation) {
        all[kind][name] = std::move(implementation);
    };
    add("power", "agent", std::make_unique<AgentPower>());
    add("power", "fake", std::make_unique<FakePower>(parts.fake));
    add("power", "ipmitool", std::make_unique<IpmiPower>(parts.bmcs));
    add("power", "redfish", std::make_unique<RedfishPower>(parts.redfish_bmcs));

    add("management", "fake", std::make_unique<FakeManagement>(parts.fake));
    add("management", "ipmitool", std::make_unique<IpmiManagement>(parts.bmcs));
    add("management", "noop", std::make_unique<NoopManagement>());
    add("management", "redfish",
        std::make_unique<RedfishManagement>(parts.redfish_bmcs, parts.images));

    add("boot", "fake", std::make_unique<FakeBoot>(parts.fake));
    add("boot", "ipxe", std::make_unique<PxeBoot>(parts.pxe));
    add("boot", "pxe", std::make_unique<PxeBoot>(parts.pxe));

    add("deploy", "fake", std::make_unique<FakeDeploy>(parts.fake));
    add("deploy", "direct",
        std::make_unique<DirectDeploy>(parts.agent, parts.images, parts.direct));
    add("deploy", "ramdisk", std::make_unique<RamdiskDeploy>(parts.agent, parts.direct));

    add("inspect", "agent", std::make_unique<AgentInspect>(parts.agent_inspect));
    add("inspect", "fake", std::make_unique<FakeInspect>(parts.fake));
    add("inspect", "no-inspect", std::make_unique<NoInspect>());
    add("inspect", "redfish", std::make_unique<RedfishInspect>(parts.redfish_bmcs));
    add("rescue", "fake", std::make_unique<FakeRescue>(parts.fake));
    add("rescue", "no-rescue", std::make_unique<NoRescue>());

    add("vendor", "fake", std::make_unique<FakeVendor>(parts.fake));
    add("vendor", "ipmitool", std::make_unique<IpmiVendor>(parts.bmcs));
    add("vendor", "no-vendor", std::make_unique<NoVendor>());
    add("vendor", "redfish", std::make_unique<RedfishVendor>(parts.redfish_bmcs));

    add("bios", "fake", std::make_unique<FakeBios>(parts.fake));
    add("bios", "no-bios", std::make_unique<Absent<BiosInterface>>("bios"));
    add("bios", "redfish", std::make_unique<RedfishPart<BiosInterface>>(parts.redfish_bmcs));
    add("firmware", "fake", std::make_unique<FakeFirmware>(parts.fake));
    add("firmware", "no-firmware", std::make_unique<Absent<FirmwareInterface>>("firmware"));
    add("firmware", "redfish",
        std::make_unique<RedfishPart<FirmwareInterface>>(parts.redfish_bmcs));
    add("raid", "fake", std::make_unique<FakeRaid>(parts.fake));
    add("raid", "no-raid", std::make_unique<NoRaid>());
    add("raid", "redfish", std::make_unique<RedfishRaid>());
    add("console", "fake", std::make_unique<FakeConsole>());
    add("console", "no-console", std::make_unique<NoConsole>());

    add("network", "noop", std::make_unique<NoopNetwork>());
    add("storage", "fake", std::make_unique<Noop>());
    add("storage", "noop", std::make_unique<Noop>());
    return all;
}

}  // namespace ferrite::hardware
