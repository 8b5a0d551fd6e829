#pragma once

#include "agent/machine_files.h"

namespace ferrite::agent {

enum class PowerChange { off, reboot };

/// Writes all buffers back and drops the caches of every disk, so that nothing of what was written
/// can be lost at power-off. Blocking.
void flush_disks(const MachineFiles& machine);

/// Flushes, then switches the machine off or restarts it by reboot(2), or by SysRq when that is
/// refused. Returns only when both failed or `machine` is not the real one; throws
/// AgentError(system_reboot) then.
void change_power(const MachineFiles& machine, PowerChange change);

/// Takes every interface with hardware down: the end of a machine that cannot be switched off.
void take_network_down(const MachineFiles& machine);

}  // namespace ferrite::agent
