#pragma once

#include <cstdint>
#include <string>

#include "base/task.h"
#include "sim/machine.h"
#include "sim/service_client.h"

namespace ferrite::sim {

struct AgentLife {
    struct Options {
        std::string callback_url;
        Duration retry{2'000};  ///< First pause before something is tried again; doubles.
        std::uint64_t seed = 1;
    };
};

/// What an agent does by itself (reference: agent.md section 2): looks its node up until it is
/// known and has a token, then reports: at once when a command has ended, again and again until
/// somebody has read the result, and otherwise at 30 to 60 % of the time-out that it was told. Ends
/// with the machine's episode. `machine` and `service` must outlive it.
Task<> live_as_agent(Machine* machine, ServiceClient* service, std::uint64_t episode,
                     AgentLife::Options options);

}  // namespace ferrite::sim
