#include "conductor/hash_ring.h"

#include <array>
#include <map>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace ferrite::conductor {
namespace {

constexpr std::array kKeys = {
    "1be26c0b-03f2-4d2e-ae87-c02d7f33c123", "4b1b0a9c-6f6a-4b35-9bd7-2a7b5f3a0d51",
    "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "9e107d9d-372b-4b68-a6bd-819e2b0e44c7", "c56a4180-65aa-42ec-a945-5fd21dec0538",
    "7d444840-9dc0-11d1-b245-5ffdce74fad2", "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    "e4eaaaf2-d142-11e1-b3e4-080027620cdd", "123e4567-e89b-12d3-a456-426614174000",
};

struct Placement {
    std::vector<std::string> hosts;
    int exponent;
    std::string algorithm;
    std::array<std::size_t, kKeys.size()> owners;  ///< Of kKeys, as indices of `hosts`.
};

/// Made with python3-tooz 3.1, whose ring the original uses.
const Placement kPlacements[] = {
    {{"alpha", "beta", "gamma"}, 5, "md5", {0, 0, 1, 2, 2, 2, 1, 2, 1, 0}},
    {{"10.0.0.1:8090", "10.0.0.2:8090"}, 5, "md5", {1, 0, 1, 0, 0, 0, 1, 1, 1, 1}},
    {{"cond-1", "cond-2", "cond-3", "cond-4", "cond-5"}, 5, "md5", {1, 1, 0, 2, 3, 3, 0, 4, 0, 1}},
    {{"conductor-eins", "öst"}, 3, "md5", {1, 1, 1, 0, 1, 1, 0, 1, 0, 1}},
    {{"alpha", "beta", "gamma"}, 0, "md5", {0, 1, 1, 0, 0, 0, 1, 0, 2, 0}},
    {{"alpha", "beta", "gamma"}, 5, "sha256", {0, 0, 0, 1, 2, 0, 2, 1, 0, 0}},
    {{"alpha", "beta", "gamma"}, 5, "blake2b", {0, 0, 2, 2, 1, 2, 2, 1, 1, 0}},
    {{"alpha", "beta", "gamma"}, 5, "sha3_224", {2, 1, 0, 0, 0, 0, 0, 2, 2, 2}},
};

std::string made_up_uuid(unsigned i) {
    return fmt::format("{:08x}-0000-4000-8000-{:012x}", i, std::uint64_t{i} * i);
}

TEST(HashRing, PlacesAsTheOriginal) {
    for (const auto& row : kPlacements) {
        HashRing ring(row.hosts, {row.exponent, row.algorithm});
        for (std::size_t i = 0; i < kKeys.size(); ++i)
            EXPECT_EQ(ring.owner(kKeys[i]), row.hosts[row.owners[i]])
                << row.algorithm << " 2^" << row.exponent << " " << kKeys[i];
    }
}

TEST(HashRing, SpreadsTenThousandAsTheOriginal) {
    HashRing ring({"alpha", "beta", "gamma"}, {});
    std::map<std::string, int> counts;
    for (unsigned i = 0; i < 10'000; ++i) ++counts[ring.owner(made_up_uuid(i))];
    EXPECT_EQ(counts,
              (std::map<std::string, int>{{"alpha", 3405}, {"beta", 3134}, {"gamma", 3461}}));
}

TEST(HashRing, DoesNotDependOnTheOrderOfHostsOrOnRepetition) {
    HashRing one({"alpha", "beta", "gamma"}, {}), other({"gamma", "beta", "alpha", "beta"}, {});
    for (unsigned i = 0; i < 500; ++i)
        EXPECT_EQ(one.owner(made_up_uuid(i)), other.owner(made_up_uuid(i)));
}

TEST(HashRing, MovesOnlyWhatALostHostHad) {
    HashRing before({"alpha", "beta", "gamma"}, {}), after({"alpha", "gamma"}, {});
    for (unsigned i = 0; i < 500; ++i) {
        auto key = made_up_uuid(i);
        if (before.owner(key) != "beta") EXPECT_EQ(before.owner(key), after.owner(key));
    }
}

TEST(HashRing, OneHostHasAll) {
    HashRing ring({"alone"}, {});
    EXPECT_EQ(ring.owner("anything"), "alone");
    EXPECT_TRUE(HashRing({}, {}).empty());
}

TEST(HashRing, EveryAlgorithmIsThereAndAnUnknownOneIsNamed) {
    for (const auto& name : HashRing::algorithms())
        EXPECT_FALSE(HashRing({"a", "b"}, {.algorithm = name}).owner("x").empty()) << name;
    try {
        HashRing({"a"}, {.algorithm = "crc32"});
        FAIL();
    } catch (const InvalidValue& error) {
        EXPECT_NE(error.message().find("crc32"), std::string::npos);
    }
}

}  // namespace
}  // namespace ferrite::conductor
