#include "api/policy_check.h"

#include <filesystem>
#include <fstream>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/policy.h"
#include "api/policy_file.h"
#include "base/error.h"

namespace ferrite::api {
namespace {

using testing::HasSubstr;

const Identity kMember{.user_id = "u1",
                       .project_id = "p1",
                       .project_name = "demo",
                       .roles = {"Member", "reader"},
                       .is_admin_project = false};
const Identity kSystem{.user_id = "u2", .system_scope = "all", .roles = {"admin"}};

bool holds(std::string_view text, const Identity& caller = kMember,
           const PolicyTarget& target = {}) {
    return parse_policy_check(text).holds({caller, target, std::nullopt});
}

TEST(PolicyCheck, UnderstandsTheGrammar) {
    struct Row {
        std::string_view text;
        bool member;
        bool system;
    };
    constexpr Row kRows[] = {
        {"", true, true},
        {"@", true, true},
        {"!", false, false},
        {"role:member", true, false},
        {"role:MEMBER", true, false},
        {"role:mem", false, false},
        {"role:admin", false, true},
        {"not role:admin", true, false},
        {"NOT role:admin", true, false},
        {"not not role:admin", false, true},
        {"role:admin or role:member", true, true},
        {"role:admin and role:member", false, false},
        {"role:reader and role:member", true, false},
        {"@ or ! and !", true, true},
        {"! and ! or @", true, true},
        {"(@ or !) and !", false, false},
        {"((role:admin) OR (role:member and role:reader))", true, true},
        {"( role:admin or role:member ) and not ( role:reader )", false, true},
        {"not (role:admin or role:member)", false, false},
        {"system_scope:all", false, true},
        {"not system_scope:all", true, false},
        {"system_scope:None", true, false},
        {"project_id:p1", true, false},
        {"project_id:%(project_id)s", true, false},
        {"tenant:p1", true, false},
        {"user_id:%(user_id)s", true, true},
        {"is_admin_project:True", false, true},
        {"is_admin_project:False", true, false},
        {"is_public_api:True", false, false},
        {"roles:reader", true, false},
        {"role:%(project_name)s", false, false},
        {"project_name:de%(x)smo", false, false},
        {"project_name:%(project_name)s", true, false},
        {"'p1':%(project_id)s", true, false},
        {"\"p1\":%(project_id)s", true, false},
        {"'demo-p1':%(project_name)s-%(project_id)s", true, false},
        {"None:%(project_id)s", false, true},
        {"True:%(is_admin_project)s", false, true},
        {"17:17", true, true},
        {"'50%':50%%", true, true},
        {"nonsense:x", false, false},
        {"nonsense:%(nonsense)s", false, false},
        {"is_admin:True", false, false},
    };
    for (const auto& row : kRows) {
        EXPECT_EQ(holds(row.text, kMember), row.member) << row.text;
        EXPECT_EQ(holds(row.text, kSystem), row.system) << row.text;
    }
}

TEST(PolicyCheck, ComparesWithTheTarget) {
    PolicyTarget own{.kind = "node", .owner = "p1", .lessee = "p2"};
    PolicyTarget other{.kind = "node", .owner = "p2", .lessee = std::nullopt};
    EXPECT_TRUE(holds("project_id:%(node.owner)s", kMember, own));
    EXPECT_FALSE(holds("project_id:%(node.lessee)s", kMember, own));
    EXPECT_FALSE(holds("project_id:%(node.owner)s", kMember, other));
    EXPECT_FALSE(holds("project_id:%(allocation.owner)s", kMember, own));
    EXPECT_FALSE(holds("project_id:%(node.colour)s", kMember, own));
    EXPECT_TRUE(holds("'p2':%(node.owner)s", kMember, other));
}

TEST(PolicyCheck, TakesNobodyForTheOwnerOfWhatHasNone) {
    PolicyTarget unowned{.kind = "node"};
    EXPECT_FALSE(holds("project_id:%(node.owner)s", kSystem, unowned));
    EXPECT_FALSE(holds("project_id:%(node.owner)s", Identity{.project_id = "None"}, unowned));
    EXPECT_TRUE(holds("None:%(node.owner)s", kSystem, unowned));
}

TEST(PolicyCheck, SaysWhatItCanNotRead) {
    constexpr std::pair<std::string_view, std::string_view> kBad[] = {
        {" ", "missing at the end"},
        {"role", "no check"},
        {"role:a and", "missing at the end"},
        {"and role:a", "expected where 'and'"},
        {"role:a role:b", "not expected"},
        {"(role:a", "closing parenthesis"},
        {"role:a)", "not expected"},
        {"()", "expected where ')'"},
        {"not", "missing at the end"},
        {"role:%(x", "%(name)s"},
        {"role:50%", "%(name)s"},
        {"'word'", "no check"},
        {"http://server/check", "not supported"},
    };
    for (const auto& [text, why] : kBad) {
        try {
            parse_policy_check(text);
            ADD_FAILURE() << text;
        } catch (const InvalidValue& problem) {
            EXPECT_THAT(problem.message(), HasSubstr(std::string(why))) << text;
        }
    }
    EXPECT_THROW(parse_policy_check(std::string(500, '(')), InvalidValue);
}

std::string problem_of(const std::string& file) {
    try {
        PolicyRules rules({}, parse_policy_file(file, "policy.yaml"));
        return "none";
    } catch (const InvalidValue& problem) {
        return problem.message();
    }
}

TEST(PolicyFile, NamesFileAndLineOfAMistake) {
    constexpr std::pair<std::string_view, std::string_view> kBad[] = {
        {"# only\n- a list\n", "policy.yaml:2"},
        {"a: '!'\n\"b\": {c: d}\n", "policy.yaml:2"},
        {"a: '!'\n\nb: 'role'\n", "policy.yaml:3: the policy rule b"},
        {"a: rule:nowhere\n", "policy.yaml:1: rule:nowhere"},
        {"a: rule:b\nb: not rule:a\n", "refers to itself"},
        {"a: [[[x]]]\n", "policy.yaml:1"},
        {"a: [unclosed\n", "no YAML"},
        {"? [a]\n: b\n", "name of a rule"},
    };
    for (const auto& [text, why] : kBad)
        EXPECT_THAT(problem_of(std::string(text)), HasSubstr(std::string(why))) << text;
    EXPECT_THAT(problem_of(std::string(100000, '[')), HasSubstr("too deep"));
}

TEST(PolicyFile, ReadsYamlJsonAndOldLists) {
    EXPECT_EQ(problem_of(""), "none");
    EXPECT_EQ(problem_of("{\"a\": \"role:x\", \"b\": \"\"}"), "none");
    auto rules =
        parse_policy_file("a: [[role:x, role:y], [role:z]]\nb: []\nc: [role:x, '@']\n", "f");
    ASSERT_EQ(rules.size(), 3u);
    EXPECT_EQ(rules[0].check, "(role:x and role:y) or (role:z)");
    EXPECT_EQ(rules[1].check, "");
    EXPECT_EQ(rules[2].check, "(role:x) or (@)");
}

TEST(PolicyRules, HoldTheTableAndItsOverrides) {
    PolicyRules rules(
        {}, std::vector<PolicyOverride>{{"night_shift", "role:member", "f:1"},
                                        {"baremetal:node:delete", "rule:night_shift", "f:2"},
                                        {"baremetal:node:deleet", "!", "f:3"},
                                        {"baremetal:step:execute:raid.delete", "!", "f:4"}});
    EXPECT_EQ(rules.decide("node:delete", kMember, {}), PolicyVerdict::allowed);
    EXPECT_EQ(rules.decide("node:create", kMember, {}), PolicyVerdict::refused);
    EXPECT_EQ(rules.decide("no:such:rule", kSystem, {}), PolicyVerdict::refused);
    EXPECT_EQ(rules.decide("chassis:create", kMember, {}), PolicyVerdict::wrong_scope);
    EXPECT_EQ(rules.decide("chassis:create", kSystem, {}), PolicyVerdict::allowed);
    Identity domain_admin{.domain_id = "d", .roles = {"admin"}};
    EXPECT_EQ(rules.decide("node:create:self_owned_node", domain_admin, {}),
              PolicyVerdict::wrong_scope);
    EXPECT_TRUE(rules.defines("step:execute:raid.delete"));
    EXPECT_FALSE(rules.defines("step:execute:raid.create"));
    EXPECT_FALSE(rules.holds("show_password", kSystem, {}));
    ASSERT_EQ(rules.unknown().size(), 1U);
    EXPECT_EQ(rules.unknown()[0].name, "baremetal:node:deleet");
    EXPECT_EQ(rules.unknown()[0].place, "f:3");
}

TEST(PolicyRules, ElevateTheServiceRoleOnlyWhenAsked) {
    Identity nova{.project_id = "s", .project_name = "service", .roles = {"service"}};
    EXPECT_EQ(PolicyRules({}, {}).decide("node:list_all", nova, {}), PolicyVerdict::refused);
    EXPECT_EQ(PolicyRules({.service_project = "service"}, {}).decide("node:list_all", nova, {}),
              PolicyVerdict::allowed);
}

TEST(PolicyRules, KnowTheFormerDefaults) {
    Identity admin{.project_id = "p", .roles = {"admin"}};
    EXPECT_EQ(PolicyRules({}, {}).decide("node:update", admin, {}), PolicyVerdict::refused);
    PolicyRules former({.enforce_scope = false, .enforce_new_defaults = false}, {});
    EXPECT_EQ(former.decide("node:update", admin, {}), PolicyVerdict::allowed);
    EXPECT_EQ(former.decide("chassis:create", admin, {}), PolicyVerdict::allowed);
    EXPECT_EQ(former.decide("node:update", kMember, {}), PolicyVerdict::refused);
}

TEST(Policy, ReadsItsFileAgain) {
    auto path = testing::TempDir() + fmt::format("ferrite-policy-{}.yaml", getpid());
    std::filesystem::remove(path);
    Policy policy({.file = path}, FileWatch::Interval(0));
    auto verdict = [&] { return policy.rules().decide("node:delete", kMember, {}); };
    EXPECT_EQ(verdict(), PolicyVerdict::refused);
    std::ofstream(path) << "baremetal:node:delete: role:member\n";
    EXPECT_EQ(verdict(), PolicyVerdict::allowed);
    std::ofstream(path) << "baremetal:node:delete: role\n";
    EXPECT_EQ(verdict(), PolicyVerdict::allowed);
    std::filesystem::remove(path);
    EXPECT_EQ(verdict(), PolicyVerdict::refused);
}

TEST(Policy, LetsTheFilesOfDirectoriesOverrideThatFileInTheOrderOfTheirNames) {
    std::filesystem::path root = testing::TempDir() + fmt::format("ferrite-policies-{}", getpid());
    std::filesystem::remove_all(root);
    std::filesystem::create_directories(root / "policy.d");
    auto allow = [&](std::string_view file, std::string_view check) {
        std::ofstream(root / file) << "baremetal:node:delete: " << check << "\n";
    };
    allow("policy.yaml", "role:member");
    allow("policy.d/20.yaml.bak", "role:member");
    allow("policy.d/.30.yaml", "role:member");
    Policy policy(
        {.file = root / "policy.yaml", .directories = {root / "policy.d", root / "not-there"}},
        FileWatch::Interval(0));
    auto verdict = [&] { return policy.rules().decide("node:delete", kMember, {}); };
    EXPECT_EQ(verdict(), PolicyVerdict::allowed);
    allow("policy.d/10.yaml", "role:nobody");
    EXPECT_EQ(verdict(), PolicyVerdict::refused);
    std::ofstream(root / "policy.d/20.json") << R"({"baremetal:node:delete": "role:member"})";
    EXPECT_EQ(verdict(), PolicyVerdict::allowed);
    allow("policy.d/20.json", "role:nobody, or so");
    EXPECT_EQ(verdict(), PolicyVerdict::allowed) << "one with a mistake changes nothing";
    std::filesystem::remove(root / "policy.d/20.json");
    EXPECT_EQ(verdict(), PolicyVerdict::refused);
    std::filesystem::remove_all(root);
}

TEST(PolicyTable, HasEveryRuleOnce) {
    EXPECT_EQ(policy_table().size(), 133u);
    std::set<std::string_view> names;
    for (const auto& row : policy_table()) EXPECT_TRUE(names.insert(row.name).second) << row.name;
}

}  // namespace
}  // namespace ferrite::api
