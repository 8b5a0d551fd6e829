#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/uuid.h"
#include "store/nodes.h"
#include "store/ports.h"
#include "store/store.h"
#include "store/test_database.h"

namespace ferrite::store {

/// A store with a database of its own.
class StoreTest : public testing::Test {
protected:
    StoreTest() { reopen(); }

    Store& store() { return *store_; }

    /// Closes the database and opens it again, as a new start of the service does.
    void reopen() {
        store_.reset();
        store_ = std::make_unique<Store>(
            Store::Options{.database = database_.database(), .auto_upgrade = true});
    }

    template <class F>
    auto read(F f) {
        return store().read(f);
    }
    template <class F>
    void write(F f) {
        store().write_now(f);
    }

    /// Stores a node; `change` sets what it should have beside a UUID and a driver.
    template <std::invocable<model::Node&> F>
    model::Node add_node(F change) {
        model::Node node;
        node.uuid = new_uuid();
        node.driver = "fake-hardware";
        change(node);
        write([&](Sql& db) { nodes::insert(db, node); });
        return node;
    }
    model::Node add_node(const std::string& name) {
        return add_node([&](model::Node& node) { node.name = name; });
    }

    model::Node node(const std::string& ident) {
        return read([&](Sql& db) { return nodes::get(db, ident); });
    }

    /// Changes a stored node in one transaction.
    template <class F>
    bool alter(const std::string& ident, F change) {
        bool changed = false;
        write([&](Sql& db) {
            auto before = nodes::get(db, ident);
            auto after = before;
            change(after);
            changed = nodes::save(db, before, after);
        });
        return changed;
    }

    std::int64_t count(const char* table) {
        return read([&](Sql& db) {
            Query rows(db, std::string("SELECT count(*) FROM ") + table);
            return rows.step() ? rows.integer(0) : -1;
        });
    }

    TestDatabase database_{TestDatabase::Content::tables};
    std::unique_ptr<Store> store_;
};

/// The message of the `Failure` that `f` throws; says so when it throws none.
template <class Failure = Error, class F>
std::string message_of(F f) {
    try {
        f();
    } catch (const Failure& failure) {
        return failure.message();
    }
    return "(nothing was thrown)";
}

}  // namespace ferrite::store
