#include "sim/quantities.h"

#include <cmath>
#include <cstdlib>
#include <string>

#include <fmt/core.h>

#include "base/error.h"

namespace ferrite::sim {
namespace {

struct Unit {
    std::string_view suffix;
    double milliseconds;
};
constexpr Unit kUnits[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}};
constexpr double kLongest = 24 * 3'600'000.0;

}  // namespace

std::uint64_t Random::next() {
    state_ += 0x9E3779B97F4A7C15u;
    auto z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

double Random::unit() {
    return static_cast<double>(next() >> 11) * 0x1.0p-53;
}

std::uint64_t mixed_seed(std::uint64_t seed, std::uint64_t which) {
    Random first(seed);
    return Random(first.next() ^ which).next();
}

Duration DurationRange::draw(Random& random) const {
    auto spread = static_cast<double>((longest - shortest).count());
    return shortest + Duration(std::llround(spread * random.unit()));
}

Duration parse_duration(std::string_view text) {
    std::string digits(text);
    char* end = nullptr;
    double number = std::strtod(digits.c_str(), &end);
    std::string_view suffix(end);
    if (end != digits.c_str() && std::isfinite(number) && number >= 0)
        for (const auto& unit : kUnits)
            if (suffix == unit.suffix && number * unit.milliseconds <= kLongest)
                return Duration(std::llround(number * unit.milliseconds));
    throw InvalidValue(fmt::format(
        "'{}' is no duration: write a number with ms, s, m or h behind it, such as 1.5s.", text));
}

DurationRange parse_duration_range(std::string_view text) {
    auto dots = text.find("..");
    if (dots == text.npos) {
        auto always = parse_duration(text);
        return {always, always};
    }
    DurationRange range{parse_duration(text.substr(0, dots)),
                        parse_duration(text.substr(dots + 2))};
    if (range.longest < range.shortest)
        throw InvalidValue(
            fmt::format("'{}' ends before it begins: write the shorter first.", text));
    return range;
}

}  // namespace ferrite::sim
