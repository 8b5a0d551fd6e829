#pragma once

#include <functional>

#include "agent/command_board.h"
#include "agent/image_deployer.h"
#include "agent/machine_files.h"
#include "agent/machine_power.h"
#include "agent/step_book.h"

namespace ferrite::agent {

/// Adds `standby.*` and `flow.start_flow` to the board and `write_image` to the steps. All that is
/// given must outlive both.
void add_standby_commands(CommandBoard& board, StepBook& steps, ImageDeployer& deployer,
                          const MachineFiles& machine, Runtime& work);

}  // namespace ferrite::agent
