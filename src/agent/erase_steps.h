#pragma once

#include "agent/machine_files.h"
#include "agent/step_book.h"
#include "base/runtime.h"

namespace ferrite::agent {

/// Adds `erase_devices`, `erase_devices_metadata`, `erase_devices_express` and `erase_pstore`.
/// `machine` and `work` must outlive the book; several disks are erased on as many work threads.
void add_erase_steps(StepBook& steps, const MachineFiles& machine, Runtime& work);

}  // namespace ferrite::agent
