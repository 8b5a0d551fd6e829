#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/disks.h"
#include "base/json.h"

namespace ferrite::agent {

/// One comparison in a root-device hint: an operator and its operands, matched against a value
/// (reference: agent.md section 6.7). Texts compare without regard to case and outer white space.
///
///     HintTest::parse(">= 100", HintTest::Kind::number).holds("447.13")
///
/// Operators: none or `==` `!=` `<` `<=` `>` `>=` and `=` (which means at least) for numbers,
/// `s==` `s!=` `s<` `s<=` `s>` `s>=` for texts, `<in>`, `<or> a <or> b`, `<all-in> a b` and
/// `<range-in> [ 10 20 )` with brackets including and parentheses excluding the bound.
class HintTest {
public:
    enum class Kind { text, number };

    /// Throws InvalidValue that quotes the hint when operator and operands do not fit together.
    static HintTest parse(std::string_view hint, Kind kind);

    bool holds(std::string_view value) const;

private:
    std::string operator_;
    std::vector<std::string> operands_;
};

/// A set of root-device hints. Matches a disk that satisfies all of them.
class RootHints {
public:
    /// Reads an object of hints. Throws InvalidValue that names an unknown hint or a bad value.
    static RootHints parse(const Json& hints);

    bool empty() const { return hints_.empty(); }
    bool match(const Disk& disk) const;

private:
    struct Hint {
        std::string name;
        HintTest test;
    };
    std::vector<Hint> hints_;
};

/// The disk to deploy to: the first that matches the hints of `node` (`instance_info.root_device`,
/// else `properties.root_device`), or without hints the smallest of at least `minimum_bytes`.
/// Disks on the node's skip list are never taken. Throws AgentError(device_not_found).
Disk choose_root_disk(std::vector<Disk> disks, const Json& node, std::uint64_t minimum_bytes);

/// `disks` without those on `properties.skip_block_devices` of `node`.
std::vector<Disk> without_skipped(std::vector<Disk> disks, const Json& node);

}  // namespace ferrite::agent
