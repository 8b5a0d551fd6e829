#include <algorithm>

#include "store/chassis.h"
#include "store/conductors.h"
#include "store/history.h"
#include "store/portgroups.h"
#include "store/store_fixture.h"
#include "store/tables.h"
#include "store/values.h"

// Pages: every sort key, both directions, markers on NULL and on equal values, limits, filters.

namespace ferrite::store {
namespace {

using Ids = std::vector<std::int64_t>;

template <class R>
using Pager = std::int64_t (*)(Sql& db, const PageQuery& query,
                               std::span<const model::Field<R>* const> fields,
                               const std::function<void(const R&)>& each);

template <class R>
std::vector<const model::Field<R>*> columns(std::span<const model::Field<R>> fields) {
    std::vector<const model::Field<R>*> all;
    for (const auto& field : fields) all.push_back(&field);
    return all;
}

/// What a list by `field` must be: NULL first, equal values by id, the whole turned round when
/// descending.
template <class R>
Ids expected_order(const std::vector<R>& rows, const model::Field<R>* field, bool descending) {
    std::vector<std::pair<Stored, std::int64_t>> keys;
    for (const auto& row : rows)
        keys.emplace_back(field ? stored_value(*field, row) : Stored(), row.id);
    std::ranges::sort(keys);
    if (descending) std::ranges::reverse(keys);
    Ids ids;
    for (const auto& [key, id] : keys) ids.push_back(id);
    return ids;
}

class Pages : public StoreTest {
protected:
    /// One page; appends the ids to `ids` and returns the key of the last row.
    template <class R>
    std::string turn(Pager<R> page, const PageQuery& query, std::span<const model::Field<R>> fields,
                     std::string R::* key, Ids& ids) {
        auto all = columns(fields);
        std::string last;
        std::size_t before = ids.size();
        auto told = read([&](Sql& db) {
            return page(db, query, all, [&](const R& row) {
                ids.push_back(row.id);
                last = row.*key;
            });
        });
        EXPECT_EQ(told, static_cast<std::int64_t>(ids.size() - before));
        return last;
    }

    /// The list by `sort_key` as somebody sees it who turns pages of `limit`.
    template <class R>
    Ids walk(Pager<R> page, PageQuery query, std::span<const model::Field<R>> fields,
             std::string R::* key) {
        Ids ids;
        for (;;) {
            std::size_t before = ids.size();
            query.marker = turn(page, query, fields, key, ids);
            if (static_cast<std::int64_t>(ids.size() - before) < query.limit) return ids;
            if (ids.size() > 1000) return ids;  // it goes round in circles
        }
    }

    template <class R>
    void expect_every_order(Pager<R> page, std::span<const model::Field<R>> fields,
                            std::string R::* key, const std::vector<R>& rows) {
        std::vector<const model::Field<R>*> keys{nullptr};
        for (const auto& field : fields)
            if (field.stored() && field.sortable) keys.push_back(&field);
        for (const auto* field : keys) {
            for (bool descending : {false, true}) {
                for (std::int64_t limit : {1, 3, 100}) {
                    PageQuery query{.sort_key = field ? std::string(field->name) : "id",
                                    .descending = descending,
                                    .limit = limit};
                    EXPECT_EQ(walk(page, query, fields, key),
                              expected_order(rows, field, descending))
                        << query.sort_key << (descending ? " down, " : " up, ") << limit;
                }
            }
        }
    }

    Ids node_ids(const PageQuery& query) {
        Ids ids;
        turn<model::Node>(nodes::page, query, model::node_fields(), &model::Node::uuid, ids);
        return ids;
    }
};

/// Gives a row values that repeat, and no value in every fourth row.
template <class R>
void vary(std::span<const model::Field<R>> fields, R& row, std::int64_t number) {
    std::int64_t shift = 0;
    for (const auto& field : fields) {
        ++shift;
        if (field.unique)
            set_field(field, row, (number * 7) % 13);
        else if ((number + shift) % 4 != 0)
            set_field(field, row, (number * 5 + shift) % 3);
        if (field.unique && field.nullable && field.name != "uuid" && number % 4 == 0)
            clear_field(field, row);
    }
}

constexpr std::int64_t kRows = 13;

TEST_F(Pages, OfNodesInEveryOrder) {
    std::vector<model::Node> rows;
    for (std::int64_t i = 0; i < kRows; ++i)
        rows.push_back(add_node([&](model::Node& node) {
            vary(model::node_fields(), node, i);
            node.uuid = new_uuid();
        }));
    expect_every_order<model::Node>(nodes::page, model::node_fields(), &model::Node::uuid, rows);
}

TEST_F(Pages, ByNameReadNoMoreThanTheirRows) {
    SKIP_UNLESS_SQLITE("this reads its plan");
    write([](Sql& db) {
        for (int i = 0; i < 3000; ++i) {
            model::Node node;
            node.uuid = new_uuid();
            node.driver = "fake-hardware";
            node.name = "node-" + std::to_string(i);
            node.provision_state = i % 20 == 0 ? "active" : "enroll";
            nodes::insert(db, node);
        }
    });
    reopen();  // which takes the statistics that the plan is made by
    // The conditions of a list: a filter, that children are left out, and where the page begins.
    const Condition in_state{"provision_state = ?", {"enroll"}};
    const Condition no_child{"+parent_node IS NULL", {}};
    PageQuery query{.sort_key = "name"};
    for (bool filtered : {false, true}) {
        for (bool descending : {false, true}) {
            query.where = {no_child};
            if (filtered) query.where.push_back(in_state);
            query.descending = descending;
            std::string plan;
            read([&](Sql& db) {
                auto any = nodes::in_states(db, std::array{std::string_view("active")}).front();
                query.marker = any;
                auto where = query.where;
                where.push_back(detail::behind_marker(db, node_table(), query));
                auto statement =
                    page_statement(sqlite_dialect(), node_table(), query, where, "name");
                Query explain(db, "EXPLAIN QUERY PLAN " + statement);
                while (explain.step()) plan.append(explain.text(3)).append("\n");
            });
            EXPECT_NE(plan.find(filtered ? "nodes_provision_state_name_order" : "nodes_name_order"),
                      plan.npos)
                << plan;
            EXPECT_EQ(plan.find("TEMP B-TREE"), plan.npos) << plan;
        }
    }
}

TEST_F(Pages, SortWordsAsPeopleReadThem) {
    Ids expected(4);
    for (auto [name, place] : {std::pair{"beta", 2}, std::pair{"Alpha", 0}, std::pair{"BETA", 3},
                               std::pair{"alpha-2", 1}})
        expected[static_cast<std::size_t>(place)] =
            add_node([&](model::Node& node) { node.description = name; }).id;
    for (std::int64_t limit : {1, 2, 10}) {
        PageQuery query{.sort_key = "description", .limit = limit};
        EXPECT_EQ(walk<model::Node>(nodes::page, query, model::node_fields(), &model::Node::uuid),
                  expected)
            << limit;
    }
}

TEST_F(Pages, OfPortgroupsInEveryOrder) {
    std::vector<model::Portgroup> rows(kRows);
    write([&](Sql& db) {
        for (std::int64_t i = 0; i < kRows; ++i) {
            vary(model::portgroup_fields(), rows[i], i);
            rows[i].uuid = new_uuid();
            portgroups::insert(db, rows[i]);
        }
    });
    expect_every_order<model::Portgroup>(portgroups::page, model::portgroup_fields(),
                                         &model::Portgroup::uuid, rows);
}

TEST_F(Pages, OfPortsInEveryOrder) {
    std::vector<model::Port> rows(kRows);
    write([&](Sql& db) {
        for (std::int64_t i = 0; i < kRows; ++i) {
            vary(model::port_fields(), rows[i], i);
            rows[i].address = std::to_string((i * 7) % 13);
            rows[i].uuid = new_uuid();
            ports::insert(db, rows[i]);
        }
    });
    expect_every_order<model::Port>(ports::page, model::port_fields(), &model::Port::uuid, rows);
}

TEST_F(Pages, OfChassisInEveryOrder) {
    std::vector<model::Chassis> rows(kRows);
    write([&](Sql& db) {
        for (std::int64_t i = 0; i < kRows; ++i) {
            vary(model::chassis_fields(), rows[i], i);
            rows[i].uuid = new_uuid();
            chassis::insert(db, rows[i]);
        }
    });
    expect_every_order<model::Chassis>(chassis::page, model::chassis_fields(),
                                       &model::Chassis::uuid, rows);
}

TEST_F(Pages, OfConductorsByHostName) {
    std::vector<model::Conductor> rows;
    for (std::string host : {"c", "a", "b"}) {
        write([&](Sql& db) {
            conductors::enter(db, host, "process", host == "b" ? "" : "group", {});
        });
        rows.push_back(*read([&](Sql& db) { return conductors::find(db, host); }));
    }
    expect_every_order<model::Conductor>(conductors::page, model::conductor_fields(),
                                         &model::Conductor::hostname, rows);
}

TEST_F(Pages, OfHistoryInEveryOrder) {
    std::vector<model::NodeHistory> rows;
    auto node = add_node("n");
    for (int i = 0; i < 7; ++i)
        write([&](Sql& db) {
            history::add(db, node,
                         {.conductor = i % 2 ? "x" : "y",
                          .severity = "INFO",
                          .type = "verify",
                          .text = std::to_string(i % 3)},
                         {.entries = 10});
        });
    read([&](Sql& db) {
        return history::page(db, {}, columns(model::node_history_fields()),
                             [&](const model::NodeHistory& row) { rows.push_back(row); });
    });
    ASSERT_EQ(rows.size(), 7U);
    expect_every_order<model::NodeHistory>(history::page, model::node_history_fields(),
                                           &model::NodeHistory::uuid, rows);
}

TEST_F(Pages, FiltersHoldOnEveryPage) {
    Ids expected;
    for (int i = 0; i < 20; ++i) {
        auto node = add_node([&](model::Node& n) {
            n.driver = i % 2 ? "ipmi" : "redfish";
            n.maintenance = i % 3 == 0;
            if (i % 5) n.owner = "p" + std::to_string(i % 4);
        });
        if (i % 2 && i % 3 && i % 5) expected.push_back(node.id);
    }
    PageQuery query{.where = {{"driver = ?", {std::string("ipmi")}},
                              {"(maintenance = ? AND owner IS NOT NULL)", {std::int64_t{0}}}},
                    .limit = 2};
    EXPECT_EQ(walk<model::Node>(nodes::page, query, model::node_fields(), &model::Node::uuid),
              expected);
    query.sort_key = "owner";
    query.descending = true;
    auto sorted = walk<model::Node>(nodes::page, query, model::node_fields(), &model::Node::uuid);
    EXPECT_EQ(sorted.size(), expected.size());
    std::ranges::sort(sorted);
    EXPECT_EQ(sorted, expected);
}

TEST_F(Pages, MarkerMayBeARowThatTheFilterHides) {
    auto first = add_node([](model::Node& n) { n.driver = "ipmi"; });
    auto hidden = add_node([](model::Node& n) { n.driver = "redfish"; });
    auto last = add_node([](model::Node& n) { n.driver = "ipmi"; });
    PageQuery query{.where = {{"driver = ?", {std::string("ipmi")}}}, .marker = hidden.uuid};
    EXPECT_EQ(node_ids(query), Ids{last.id});
    query.descending = true;
    EXPECT_EQ(node_ids(query), Ids{first.id});
}

TEST_F(Pages, UnknownMarkerIsSaid) {
    add_node("n");
    auto message = message_of<NotFound>([&] { node_ids({.marker = "nobody"}); });
    EXPECT_NE(message.find("'nobody'"), std::string::npos) << message;
    EXPECT_THROW(node_ids({.sort_key = "owner", .marker = new_uuid()}), NotFound);
}

TEST_F(Pages, LimitsAndEmptyLists) {
    EXPECT_EQ(node_ids({}), Ids{});
    for (int i = 0; i < 3; ++i) add_node([](model::Node&) {});
    EXPECT_EQ(node_ids({.limit = 0}).size(), 0U);
    EXPECT_EQ(node_ids({.limit = 2}).size(), 2U);
    EXPECT_EQ(node_ids({.limit = 3}).size(), 3U);
    EXPECT_EQ(node_ids({.limit = 4}).size(), 3U);
    EXPECT_EQ(PageQuery{}.limit, 1000);
}

TEST_F(Pages, OnlyTheFieldsAskedForAreRead) {
    auto added = add_node([](model::Node& n) {
        n.name = "n";
        n.owner = "o";
    });
    const model::Field<model::Node>* wanted[] = {
        model::find_field(model::node_fields(), "name"),
        model::find_field(model::node_fields(), "links"),  // worked out, not stored
    };
    model::Node found;
    read([&](Sql& db) {
        return nodes::page(db, {}, wanted, [&](const model::Node& n) { found = n; });
    });
    EXPECT_EQ(found.id, added.id);
    EXPECT_EQ(found.name, "n");
    EXPECT_FALSE(found.owner);
    EXPECT_EQ(found.uuid, "");
}

TEST_F(Pages, ARowTakesNothingFromTheOneBefore) {
    add_node([](model::Node& n) {
        for (const auto& field : model::node_fields()) set_field(field, n, 1);
        n.uuid = new_uuid();
    });
    auto bare = add_node([](model::Node&) {});
    model::Node last;
    read([&](Sql& db) {
        return nodes::page(db, {}, columns(model::node_fields()),
                           [&](const model::Node& n) { last = n; });
    });
    for (const auto& field : model::node_fields())
        EXPECT_EQ(stored_value(field, last), stored_value(field, bare)) << field.name;
}

TEST_F(Pages, WhatTheReaderThrowsEndsThePage) {
    for (int i = 0; i < 3; ++i) add_node([](model::Node&) {});
    int seen = 0;
    auto page = [&] {
        read([&](Sql& db) {
            return nodes::page(db, {}, columns(model::node_fields()), [&](const model::Node&) {
                if (++seen == 2) throw Conflict("enough");
            });
        });
    };
    EXPECT_EQ(message_of<Conflict>(page), "enough");
    EXPECT_EQ(node_ids({}).size(), 3U);
}

}  // namespace
}  // namespace ferrite::store
