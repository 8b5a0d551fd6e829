#include "hardware/implementations.h"

#include "hardware/absent.h"

namespace ferrite::hardware {

Drivers::Implementations all_implementations(const Parts& parts) {
    Drivers::Implementations all;
    auto add = [&](const char* kind, const char* name, std::unique_ptr<Interface> implementation) {
        all[kind][name] = std::move(implementation);
    };
    add("power", "agent", std::make_unique<AgentPower>());
    add("power", "fake", std::make_unique<FakePower>(parts.fake));
    add("power", "ipmitool", std::make_unique<IpmiPower>(parts.bmcs));

    add("management", "fake", std::make_unique<FakeManagement>(parts.fake));
    add("management", "ipmitool", std::make_unique<IpmiManagement>(parts.bmcs));
    add("management", "noop", std::make_unique<NoopManagement>());

    add("boot", "fake", std::make_unique<FakeBoot>(parts.fake));
    add("boot", "ipxe", std::make_unique<PxeBoot>(parts.pxe));
    add("boot", "pxe", std::make_unique<PxeBoot>(parts.pxe));

    add("deploy", "fake", std::make_unique<FakeDeploy>(parts.fake));
    add("deploy", "direct",
        std::make_unique<DirectDeploy>(parts.agent, parts.images, parts.direct));

    add("inspect", "fake", std::make_unique<FakeInspect>(parts.fake));
    add("inspect", "no-inspect", std::make_unique<NoInspect>());
    add("rescue", "fake", std::make_unique<FakeRescue>(parts.fake));
    add("rescue", "no-rescue", std::make_unique<NoRescue>());

    add("vendor", "fake", std::make_unique<FakeVendor>());
    add("vendor", "no-vendor", std::make_unique<Absent>("vendor"));
    add("network", "noop", std::make_unique<Noop>());
    add("storage", "fake", std::make_unique<Noop>());
    add("storage", "noop", std::make_unique<Noop>());
    for (const char* kind : {"bios", "console", "firmware", "raid"}) {
        add(kind, "fake", std::make_unique<Noop>());
        all[kind][std::string("no-") + kind] = std::make_unique<Absent>(kind);
    }
    return all;
}

}  // namespace ferrite::hardware
