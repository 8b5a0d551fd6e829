#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace ferrite::sim {

using Duration = std::chrono::milliseconds;

/// A small repeatable source of random numbers (splitmix64): a fleet keeps one for each machine.
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next();
    /// In [0, 1).
    double unit();

private:
    std::uint64_t state_;
};

/// The seed of one of many sources that share the fleet's seed.
std::uint64_t mixed_seed(std::uint64_t seed, std::uint64_t which);

/// From how long to how long something takes; drawn anew each time.
struct DurationRange {
    Duration shortest{0};
    Duration longest{0};

    Duration draw(Random& random) const;
    bool operator==(const DurationRange&) const = default;
};

/// `50ms`, `5s`, `1.5s`, `2m`. Throws InvalidValue that names the text.
Duration parse_duration(std::string_view text);

/// `5s..20s`, or one duration for what always takes as long. Throws InvalidValue.
DurationRange parse_duration_range(std::string_view text);

}  // namespace ferrite::sim
