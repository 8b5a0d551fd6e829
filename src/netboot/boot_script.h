#pragma once

#include <string>
#include <string_view>

#include "netboot/boot_directory.h"

namespace ferrite::netboot {

/// The script that a machine finds when it does not know its own name: it goes on to the script of
/// the first network card's MAC address.
std::string chain_script(const std::string& http_url);

/// The iPXE script that carries out `plan` on the machine with that MAC. No plan, and
/// BootKind::none, hand the machine back to its firmware, which goes on with its boot order.
///
/// A failed download is tried again after a pause with a fresh script, so that a plan that changed
/// meanwhile is followed; the machine's screen says what failed.
std::string boot_script(const BootPlan* plan, const MacAddress& mac, const std::string& http_url);

/// Kernel arguments as they may stand in one line of an iPXE script: control characters become
/// spaces, and the words that iPXE would take for its own (`||`, `&&`, `#...`) are left out.
std::string script_safe_arguments(std::string_view text);

}  // namespace ferrite::netboot
