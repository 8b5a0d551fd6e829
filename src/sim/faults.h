#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/quantities.h"

namespace ferrite::sim {

/// What can be wrong with a machine.
enum class Fault : std::uint8_t {
    dead_bmc,
    slow_bmc,
    wrong_password,
    stuck_bmc,
    no_boot,
    agent_hang,
    agent_crash,
    bad_checksum,
};

/// A fault's word on the command line and in the control API, and what it does.
struct FaultRow {
    Fault fault;
    std::string_view word;
    bool has_delay;  ///< `slow-bmc:3s`
    std::string_view effect;
};
std::span<const FaultRow> fault_rows();

/// The faults that one machine has.
class Faults {
public:
    bool has(Fault fault) const { return (bits_ & bit(fault)) != 0; }
    void add(Fault fault, Duration delay);
    /// How much later than others a slow BMC answers a packet.
    Duration delay() const { return delay_; }

    /// In the spelling of `parse_fault`.
    std::vector<std::string> words() const;

private:
    static std::uint16_t bit(Fault fault) {
        return static_cast<std::uint16_t>(1u << static_cast<unsigned>(fault));
    }
    std::uint16_t bits_ = 0;
    Duration delay_{0};
};

/// Adds one fault given as `dead-bmc` or `slow-bmc:3s`. Throws InvalidValue that lists the words.
void parse_fault(std::string_view text, Faults& faults);

/// Which machines of a fleet have a fault: `dead-bmc=1%`, `slow-bmc=5%:3s`, `agent-crash=3,10-19`.
struct FaultRule {
    Fault fault = Fault::dead_bmc;
    Duration delay{0};
    double share = 0;                                   ///< 0 to 1; used when `ranges` is empty.
    std::vector<std::pair<unsigned, unsigned>> ranges;  ///< Machine numbers, first and last.
};

/// Throws InvalidValue that names what cannot be read.
FaultRule parse_fault_rule(std::string_view text);

/// The faults of machine 1, 2, ... of a fleet. Shares are drawn from `seed`, and one after the
/// other without overlap as long as they are no more than the whole. Throws InvalidValue for a
/// number that no machine has.
std::vector<Faults> draw_faults(const std::vector<FaultRule>& rules, unsigned machines,
                                std::uint64_t seed);

}  // namespace ferrite::sim
