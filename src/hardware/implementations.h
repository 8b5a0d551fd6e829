#pragma once

#include "hardware/agent_client.h"
#include "hardware/agent_inspect.h"
#include "hardware/direct_deploy.h"
#include "hardware/drivers.h"
#include "hardware/fake.h"
#include "hardware/instance_image.h"
#include "hardware/ipmi.h"
#include "hardware/pxe_boot.h"
#include "hardware/ramdisk_deploy.h"
#include "hardware/redfish.h"

namespace ferrite::hardware {

/// What implementations are made of; everything must outlive the drivers.
struct Parts {
    Bmcs& bmcs;
    RedfishBmcs& redfish_bmcs;
    AgentClient& agent;
    InstanceImages& images;
    PxeBoot::Options pxe;
    DirectDeploy::Options direct;
    FakeDelays fake;
    AgentInspect::Options agent_inspect;
};

/// Every implementation there is, by kind and name: the one list to add a new one to.
Drivers::Implementations all_implementations(const Parts& parts);

}  // namespace ferrite::hardware
