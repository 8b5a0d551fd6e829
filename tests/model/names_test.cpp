#include <string>

#include <gtest/gtest.h>

#include "base/error.h"
#include "model/node.h"
#include "model/port.h"

namespace ferrite::model {
namespace {

using namespace std::string_view_literals;

constexpr MicroVersion kHostNames = since(1, 9);
constexpr MicroVersion kLogicalNames = since(1, 10);

bool accepted(std::string_view name, MicroVersion version) {
    try {
        check_node_name(name, version);
        return true;
    } catch (const InvalidValue&) {
        return false;
    }
}

TEST(NodeNames, UnreservedCharactersFromVersion10) {
    for (std::string_view name :
         {"a", "A", "0", "-", ".", "_", "~", "Node_1.rack~2-b", "-node-", "..", "UPPER", "traits",
          "ports", "bios", "Maintenance", "12345678-1234-1234-1234-12345678901"}) {
        EXPECT_TRUE(accepted(name, kLogicalNames)) << name;
        EXPECT_TRUE(accepted(name, kLatestVersion)) << name;
        EXPECT_TRUE(is_logical_name(name)) << name;
    }
    for (auto name : {""sv, " "sv, "a b"sv, "a/b"sv, "a:b"sv, "a%20b"sv, "ä"sv, "a\n"sv, "a@b"sv,
                      "a+b"sv, "a\0b"sv}) {
        EXPECT_FALSE(accepted(name, kLogicalNames)) << name;
        EXPECT_FALSE(is_logical_name(name)) << name;
    }
}

TEST(NodeNames, HostNamesBeforeVersion10) {
    for (std::string_view name :
         {"a", "0", "node-1", "rack1.node-1", "n.under_score", "n.a.b.", "node.", "a--b"})
        EXPECT_TRUE(accepted(name, kHostNames)) << name;
    for (std::string_view name : {"", ".", "A", "Node", "under_score", "-a", "a-", "a.-b", "a.b-",
                                  "a..b", ".a", "a~b", "a b", "a/b", "a..", "ä"})
        EXPECT_FALSE(accepted(name, kHostNames)) << name;
}

TEST(NodeNames, LengthIsBounded) {
    EXPECT_TRUE(accepted(std::string(255, 'a'), kLogicalNames));
    EXPECT_FALSE(accepted(std::string(256, 'a'), kLogicalNames));
    // Labels of host names have 63 characters at most.
    std::string label(63, 'a');
    EXPECT_TRUE(accepted(label, kHostNames));
    EXPECT_FALSE(accepted(label + "a", kHostNames));
    std::string longest = label + "." + label + "." + label + "." + label;
    EXPECT_EQ(longest.size(), 255U);
    EXPECT_TRUE(accepted(longest, kHostNames));
    EXPECT_FALSE(accepted(longest + ".", kHostNames));
}

TEST(NodeNames, NothingThatReadsAsUuid) {
    for (std::string_view name :
         {"1be26c0b-03f2-4d2e-ae87-c02d7f33c123", "1BE26C0B-03F2-4D2E-AE87-C02D7F33C123",
          "1be26c0b03f24d2eae87c02d7f33c123"}) {
        EXPECT_FALSE(accepted(name, kHostNames)) << name;
        EXPECT_FALSE(accepted(name, kLogicalNames)) << name;
    }
}

TEST(NodeNames, WordsOfTheApiAreTaken) {
    for (std::string_view name :
         {"maintenance", "management", "states", "vendor_passthru", "detail", "validate"}) {
        EXPECT_FALSE(accepted(name, kHostNames)) << name;
        EXPECT_FALSE(accepted(name, kLogicalNames)) << name;
    }
}

TEST(NodeNames, RefusalSaysTheNameAndTheRemedy) {
    try {
        check_node_name("a b", kLogicalNames);
        FAIL() << "accepted";
    } catch (const InvalidValue& refusal) {
        EXPECT_NE(refusal.message().find("'a b'"), std::string::npos) << refusal.message();
        EXPECT_NE(refusal.message().find("letters"), std::string::npos) << refusal.message();
    }
}

TEST(NodeNames, LabelIsTheNameOrTheUuid) {
    Node node;
    node.uuid = "u";
    EXPECT_EQ(node.label(), "u");
    node.name = "n";
    EXPECT_EQ(node.label(), "n");
}

TEST(MacAddresses, AreKeptInLowerCase) {
    EXPECT_EQ(normalised_mac("52:54:00:aB:Cd:EF"), "52:54:00:ab:cd:ef");
    EXPECT_EQ(normalised_mac("00:00:00:00:00:00"), "00:00:00:00:00:00");
    EXPECT_EQ(normalised_mac("ff:FF:ff:FF:ff:FF"), "ff:ff:ff:ff:ff:ff");
}

TEST(MacAddresses, OtherSpellingsAreRefused) {
    for (std::string_view text :
         {"", "52", "52-54-00-ab-cd-ef", "525400abcdef", "52:54:00:ab:cd", "52:54:00:ab:cd:ef:01",
          "52:54:00:ab:cd:eg", "52:54:00:ab:cd:e", "5:254:00:ab:cd:ef", " 52:54:00:ab:cd:ef",
          "52:54:00:ab:cd:ef ", "52:54:00:ab:cd::f", "5254.00ab.cdef", "52:54:00:ab:cd-ef",
          "@2:54:00:ab:cd:ef", "G2:54:00:ab:cd:ef"})
        EXPECT_FALSE(normalised_mac(text)) << text;
}

}  // namespace
}  // namespace ferrite::model
