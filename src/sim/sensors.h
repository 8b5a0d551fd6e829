#pragma once

#include <optional>

#include "ipmi/bmc_protocol.h"
#include "ipmi/chassis.h"

namespace ferrite::sim {

/// The sensors of a machine: two temperatures, a fan and the power drawn, as a repository of sensor
/// data records (IPMI 2.0 sections 33 and 35) and readings that follow the machine's power.
///
/// `number` makes machines differ a little. Nothing for commands that have to do with no sensors.
std::optional<ipmi::CommandReply> answer_about_sensors(const ipmi::Request& request,
                                                       ipmi::PowerState power, unsigned number);

}  // namespace ferrite::sim
