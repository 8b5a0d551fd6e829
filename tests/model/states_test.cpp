#include "model/states.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "model/facts.h"

namespace ferrite::model::states {
namespace {

using Edge = std::pair<std::string, std::string>;  // state, event
using Machine = std::map<Edge, std::string>;

Machine machine_of_table() {
    Machine machine;
    for (const auto& edge : transitions()) {
        bool fresh = machine.emplace(Edge(edge.from, edge.event), edge.to).second;
        EXPECT_TRUE(fresh) << edge.from << " has two edges for " << edge.event;
    }
    return machine;
}

/// `row`: "from | event > to, event > to", with any `arrow`.
void add_edges(Machine& machine, std::string_view row, std::string_view arrow) {
    auto columns = split(row, "|");
    ASSERT_EQ(columns.size(), 2U) << row;
    for (const auto& text : split(columns[1], ",")) {
        auto edge = split(text, arrow);
        ASSERT_EQ(edge.size(), 2U) << text;
        machine[{columns[0], edge[0]}] = edge[1];
    }
}

Machine machine_of_facts() {
    Machine machine;
    for (const auto& line : fact_lines("transitions.txt")) add_edges(machine, line, ">");
    return machine;
}

/// The facts that this repository does not hold, when they lie beside the checkout.
std::string shared_file(const std::string& name) {
    const char* given = std::getenv("FERRITE_SHARED");
    std::string directory = given ? given : std::string(FERRITE_SOURCE_DIR) + "/../shared";
    std::ifstream file(directory + "/reference/" + name);
    std::stringstream text;
    text << file.rdbuf();
    return file ? text.str() : "";
}

bool has_word(const std::string& words, std::string_view word) {
    auto all = split(words, " ");
    return std::ranges::find(all, word) != all.end();
}

TEST(States, EveryEdgeIsThatOfTheFacts) {
    EXPECT_EQ(transitions().size(), 93U);
    EXPECT_EQ(machine_of_table(), machine_of_facts());
}

TEST(States, EveryEdgeIsThatOfTheReference) {
    auto text = shared_file("conductor.md");
    if (text.empty()) GTEST_SKIP() << "no reference beside the checkout";
    auto start = text.find("## 1.2");
    auto end = text.find("## 1.3");
    ASSERT_NE(start, std::string::npos);
    ASSERT_NE(end, std::string::npos);
    Machine machine;
    for (const auto& line : split(text.substr(start, end - start), "\n")) {
        if (!line.starts_with('|') || line.starts_with("| from") || line.starts_with("|--"))
            continue;
        add_edges(machine, std::string_view(line).substr(1, line.size() - 2), "→");
    }
    EXPECT_EQ(machine.size(), 93U);
    EXPECT_EQ(machine_of_table(), machine);
}

TEST(States, NextFollowsTheEdgesAndNothingElse) {
    auto machine = machine_of_facts();
    std::set<std::string> events{"no such event", ""};
    for (const auto& [edge, to] : machine) events.insert(edge.second);
    for (const auto& state : all()) {
        for (const auto& event : events) {
            auto known = machine.find({std::string(state.name), event});
            auto to = next(state.name, event);
            ASSERT_EQ(to.has_value(), known != machine.end()) << state.name << " " << event;
            if (to) EXPECT_EQ(*to, known->second);
        }
    }
    EXPECT_FALSE(next("no such state", "manage"));
}

TEST(States, EveryRowIsThatOfTheFacts) {
    auto rows = fact_lines("states.txt");
    EXPECT_EQ(rows.size(), 30U);
    EXPECT_EQ(all().size(), rows.size());
    for (const auto& row : rows) {
        auto columns = split(row, "|");
        ASSERT_GE(columns.size(), 2U) << row;
        if (columns.size() == 2) columns.emplace_back();
        SCOPED_TRACE(columns[0]);
        const auto* state = find(columns[0]);
        ASSERT_TRUE(state);
        EXPECT_EQ(state->target, columns[1] == "-" ? "" : columns[1]);
        EXPECT_EQ(state->stable, has_word(columns[2], "stable"));
        EXPECT_EQ(state->unstable, has_word(columns[2], "unstable"));
        EXPECT_EQ(state->update_allowed, has_word(columns[2], "update"));
        EXPECT_EQ(state->lookup_allowed, has_word(columns[2], "lookup"));
        EXPECT_EQ(state->fast_track_lookup, has_word(columns[2], "fast"));
    }
    EXPECT_FALSE(find("deleted"));
    EXPECT_FALSE(find(""));
}

TEST(States, TableIsSound) {
    for (const auto& state : all()) {
        SCOPED_TRACE(state.name);
        EXPECT_EQ(state.stable, state.target.empty());
        if (!state.target.empty()) {
            ASSERT_TRUE(find(state.target));
            EXPECT_TRUE(find(state.target)->stable);
        }
        // An agent that may look its node up may do so with fast track too.
        EXPECT_TRUE(!state.lookup_allowed || state.fast_track_lookup);
    }
    std::set<std::string_view> reached{enroll};
    for (const auto& edge : transitions()) {
        EXPECT_TRUE(find(edge.from)) << edge.from;
        EXPECT_TRUE(find(edge.to)) << edge.to;
        reached.insert(edge.to);
    }
    EXPECT_EQ(reached.size(), all().size()) << "a state that nothing leads to";
}

TEST(States, EveryStateUnderWayCanFail) {
    for (const auto& state : all()) {
        if (!state.unstable) continue;
        auto to = next(state.name, "fail");
        ASSERT_TRUE(to) << state.name;
        if (*to != enroll) EXPECT_TRUE(is_failure(*to)) << state.name << " fails to " << *to;
    }
}

TEST(States, EveryWaitAndHoldCanGoOn) {
    for (auto state : {deploy_wait, clean_wait, inspect_wait, rescue_wait, service_wait})
        EXPECT_TRUE(next(state, "resume")) << state;
    for (auto state : {deploy_hold, clean_hold, service_hold})
        EXPECT_TRUE(next(state, "unhold")) << state;
}

TEST(States, OftenAssumedEdgesAreNotThere) {
    EXPECT_FALSE(next(clean_failed, "clean"));
    EXPECT_FALSE(next(clean_failed, "provide"));
    EXPECT_FALSE(next(deploy_failed, "manage"));
    EXPECT_FALSE(next(error, "manage"));
    EXPECT_FALSE(next(active, "manage"));
    EXPECT_FALSE(next(available, "inspect"));
    EXPECT_FALSE(next(available, "clean"));
    EXPECT_FALSE(next(inspecting, "abort"));
    EXPECT_FALSE(next(deploying, "abort"));
    EXPECT_FALSE(next(deploying, "delete"));
    EXPECT_FALSE(next(deploy_hold, "delete"));
    EXPECT_FALSE(next(service_hold, "delete"));
    EXPECT_FALSE(next(rescue, "rebuild"));
}

TEST(States, VerbsAndTheirVersions) {
    struct Row {
        std::string_view name, event;
        int minor;
    };
    constexpr Row rows[] = {
        {"active", "deploy", 1},      {"deploy", "deploy", 73},   {"rebuild", "rebuild", 1},
        {"deleted", "delete", 1},     {"undeploy", "delete", 73}, {"manage", "manage", 4},
        {"provide", "provide", 4},    {"inspect", "inspect", 6},  {"abort", "abort", 13},
        {"clean", "clean", 15},       {"adopt", "adopt", 17},     {"rescue", "rescue", 38},
        {"unrescue", "unrescue", 38}, {"unhold", "unhold", 85},   {"service", "service", 87},
    };
    EXPECT_EQ(verbs().size(), std::size(rows));
    for (const auto& row : rows) {
        const auto* verb = find_verb(row.name);
        ASSERT_TRUE(verb) << row.name;
        EXPECT_EQ(verb->event, row.event);
        EXPECT_EQ(verb->since, MicroVersion{row.minor}) << row.name;
    }
    for (auto word : {"available", "enroll", "error", "null", "done", "fail", "wait", "resume",
                      "hold", "", "Active", "delete"})
        EXPECT_FALSE(find_verb(word)) << word;
}

TEST(States, EveryVerbLeadsSomewhere) {
    for (const auto& verb : verbs())
        EXPECT_TRUE(std::ranges::any_of(transitions(), [&](const Transition& edge) {
            return edge.event == verb.event;
        })) << verb.name;
}

TEST(States, DeletableWithoutMaintenance) {
    std::set<std::string_view> with, without;
    for (const auto& state : all()) {
        if (deletable(state.name, true)) with.insert(state.name);
        if (deletable(state.name, false)) without.insert(state.name);
    }
    EXPECT_EQ(without, (std::set<std::string_view>{manageable, enroll, adopt_failed}));
    EXPECT_EQ(with, (std::set<std::string_view>{manageable, enroll, adopt_failed, available}));
}

TEST(States, FailuresAreTheFailedOnesAndError) {
    std::set<std::string_view> failures;
    for (const auto& state : all())
        if (is_failure(state.name)) failures.insert(state.name);
    EXPECT_EQ(failures,
              (std::set<std::string_view>{deploy_failed, clean_failed, inspect_failed, adopt_failed,
                                          rescue_failed, unrescue_failed, service_failed, error}));
}

TEST(States, PowerActionsAndFaults) {
    for (auto target : {power::on, power::off, power::reboot, power::soft_reboot, power::soft_off})
        EXPECT_TRUE(power::is_action(target)) << target;
    for (std::string_view target : {"error", "", "on", "reboot"})
        EXPECT_FALSE(power::is_action(target)) << target;
    for (auto fault : {"power failure", "clean failure", "rescue abort failure", "service failure"})
        EXPECT_TRUE(faults::known(fault)) << fault;
    EXPECT_FALSE(faults::known("deploy failure"));
    EXPECT_FALSE(faults::known(""));
}

}  // namespace
}  // namespace ferrite::model::states
