#pragma once

#include "agent/command_board.h"
#include "agent/image_deployer.h"
#include "agent/machine_files.h"

namespace ferrite::agent {

/// Adds `image.install_bootloader`: on a machine that booted by UEFI, makes a firmware boot entry
/// for the loader on the EFI system partition of the deployed disk and puts it first. Elsewhere it
/// has nothing to do, because whole-disk images bring their own loader. All must outlive the board.
void add_bootloader_command(CommandBoard& board, ImageDeployer& deployer,
                            const MachineFiles& machine);

}  // namespace ferrite::agent
