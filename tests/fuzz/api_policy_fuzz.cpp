#include <cstdint>
#include <string>

#include "api/htpasswd.h"
#include "api/policy_file.h"
#include "api/policy_rules.h"
#include "base/error.h"

// What operators write: checks, policy files and password files. Any bytes become rules that can be
// asked, or a refusal. The first byte says which of the three the rest is.

namespace {

void ask(std::string_view text) {
    auto check = ferrite::api::parse_policy_check(text);
    const ferrite::api::Identity caller{.project_id = "p", .roles = {"reader"}};
    check.holds({caller, {.kind = "node", .owner = "p"}, std::nullopt});
}

void read_policy(const std::string& text) {
    auto overrides = ferrite::api::parse_policy_file(text, "fuzz.yaml");
    ferrite::api::PolicyRules rules({}, overrides);
    for (const auto& rule : overrides) rules.holds(rule.name, {}, {});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
    try {
        if (data[0] % 3 == 0) ask(text);
        if (data[0] % 3 == 1) read_policy(text);
        if (data[0] % 3 == 2) ferrite::api::parse_htpasswd(text, "fuzz");
    } catch (const ferrite::InvalidValue&) {
    }
    return 0;
}
