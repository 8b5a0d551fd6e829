#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/runtime.h"
#include "sim/bmc_server.h"
#include "sim/machine.h"
#include "sim/service_client.h"

namespace ferrite::sim {

/// A range of IPv4 addresses, one for each BMC.
struct AddressRange {
    std::uint32_t first = 0;  ///< Host byte order.
    std::uint32_t count = 0;
};

/// `127.1.0.0/16`: the addresses behind the network's own. Throws InvalidValue.
AddressRange parse_address_range(std::string_view text);

/// All machines, their BMCs, and the life of the agents on them: what takes time happens here.
class Fleet {
public:
    struct Options {
        unsigned machines = 10;
        std::string name_prefix = "sim-";
        AddressRange addresses;
        BmcServer::Options bmc;
        Timings timings;
        std::vector<FaultRule> faults;
        std::uint64_t seed = 1;
        /// Until an agent's look-up is tried again, and until its report of a finished command is
        /// repeated; doubles each time. Agents of flesh and blood take 2 s.
        Duration report_retry{2'000};
        std::string agent_base_url;  ///< Callback URLs are this, a slash and the machine's number.
    };

    /// `runtime` and `service` must outlive it; no work of `runtime` may go on when it is
    /// destroyed. Throws InvalidValue for faults of machines that there are not, Error when the
    /// port is taken.
    Fleet(Runtime& runtime, ServiceClient& service, Options options);
    ~Fleet();
    Fleet(const Fleet&) = delete;
    Fleet& operator=(const Fleet&) = delete;

    /// Begins to answer; where the agents are served is known by then.
    void start(std::string agent_base_url);

    const Options& options() const { return options_; }
    std::uint16_t bmc_port() const { return bmcs_.port(); }
    const std::vector<std::unique_ptr<Machine>>& machines() const { return machines_; }
    /// Null when there is no machine of that number.
    Machine* find(unsigned number) const;

    /// Lets what is coming to a machine come in time.
    void follow(Machine& machine, Coming coming);

private:
    static Task<> wait(Fleet* fleet, Machine* machine, Coming coming);
    static Task<> live(Fleet* fleet, Machine* machine, std::uint64_t episode);

    Runtime& runtime_;
    ServiceClient& service_;
    Options options_;
    std::vector<std::unique_ptr<Machine>> machines_;
    BmcServer bmcs_;
};

}  // namespace ferrite::sim
