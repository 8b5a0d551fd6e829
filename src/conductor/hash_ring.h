#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct evp_md_st;

namespace ferrite::conductor {

/// Which of some hosts is in charge of what: a consistent hash ring with the same placement as the
/// original's for the same names (reference: conductor.md section 2.3). Adding or removing a host
/// moves only what it gains or loses.
///
///     HashRing ring({"east", "west"}, {});
///     ring.owner(node.uuid);
///
/// Immutable: any thread.
class HashRing {
public:
    struct Options {
        int partition_exponent = 5;     ///< 2 to this power points a host, at most 20.
        std::string algorithm = "md5";  ///< One of algorithms(); the same in the whole cluster.
    };

    /// Throws InvalidValue for an algorithm that is none of algorithms().
    HashRing(const std::vector<std::string>& hosts, const Options& options);

    bool empty() const { return points_.empty(); }
    /// The host in charge of `key`. There must be one: not for an empty ring.
    const std::string& owner(std::string_view key) const;

    /// The names that `hash_ring_algorithm` may have.
    static std::vector<std::string> algorithms();

private:
    /// A big-endian number: it compares as the digest's value does.
    using Digest = std::string;
    struct Point {
        Digest place;
        std::size_t host;
    };

    Digest digest(std::string_view text) const;

    std::vector<std::string> hosts_;
    std::shared_ptr<evp_md_st> algorithm_;
    std::vector<Point> points_;  ///< Sorted by place.
};

}  // namespace ferrite::conductor
