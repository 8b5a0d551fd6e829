#pragma once

#include <filesystem>
#include <optional>

#include "agent/certificate.h"
#include "base/ip_address.h"
#include "base/secret.h"

namespace ferrite::agent {

/// What must survive a restart of the program (not of the machine): the service hands out a token
/// once and pins the certificate, so an agent that forgot them would be refused for good.
struct KeptState {
    Secret token;
    SelfSigned certificate;  ///< Empty texts when there is none.
    std::string address;     ///< What the certificate was made for.
};

/// Reads the state from `directory`; empty when there is none or it cannot be understood.
KeptState load_state(const std::filesystem::path& directory);

/// Writes it for the owner's eyes only, whole or not at all. A failure is logged: the agent can
/// work without.
void save_state(const std::filesystem::path& directory, const KeptState& state);

}  // namespace ferrite::agent
