#include <gmock/gmock.h>

#include "store/deploy_templates.h"
#include "store/inspection_rules.h"
#include "store/runbooks.h"
#include "store/store_fixture.h"
#include "store/values.h"

// Deploy templates, runbooks and inspection rules, which are kept in the same way.

namespace ferrite::store {
namespace {

struct Templates {
    using Row = model::DeployTemplate;
    static auto fields() { return model::deploy_template_fields(); }
    static void insert(Sql& db, Row& row) { deploy_templates::insert(db, row); }
    static auto find(Sql& db, const std::string& id) { return deploy_templates::find(db, id); }
    static auto get(Sql& db, const std::string& id) { return deploy_templates::get(db, id); }
    static bool save(Sql& db, const Row& a, Row& b) { return deploy_templates::save(db, a, b); }
    static void remove(Sql& db, const Row& row) { deploy_templates::remove(db, row); }
};
struct Runbooks {
    using Row = model::Runbook;
    static auto fields() { return model::runbook_fields(); }
    static void insert(Sql& db, Row& row) { runbooks::insert(db, row); }
    static auto find(Sql& db, const std::string& id) { return runbooks::find(db, id); }
    static auto get(Sql& db, const std::string& id) { return runbooks::get(db, id); }
    static bool save(Sql& db, const Row& a, Row& b) { return runbooks::save(db, a, b); }
    static void remove(Sql& db, const Row& row) { runbooks::remove(db, row); }
};
struct Rules {
    using Row = model::InspectionRule;
    static auto fields() { return model::inspection_rule_fields(); }
    static void insert(Sql& db, Row& row) { inspection_rules::insert(db, row); }
    static auto find(Sql& db, const std::string& id) { return inspection_rules::find(db, id); }
    static auto get(Sql& db, const std::string& id) { return inspection_rules::get(db, id); }
    static bool save(Sql& db, const Row& a, Row& b) { return inspection_rules::save(db, a, b); }
    static void remove(Sql& db, const Row& row) { inspection_rules::remove(db, row); }
};

template <class Kind>
class Catalogue : public StoreTest {
protected:
    using Row = typename Kind::Row;

    /// A row with a value in every field.
    Row add(std::int64_t number) {
        Row row;
        for (const auto& field : Kind::fields()) set_field(field, row, number++);
        row.uuid = new_uuid();
        write([&](Sql& db) { Kind::insert(db, row); });
        return row;
    }
    Row stored(const Row& row) {
        return read([&](Sql& db) { return Kind::get(db, row.uuid); });
    }
    static void expect_same(const Row& expected, const Row& found) {
        EXPECT_EQ(expected.id, found.id);
        for (const auto& field : Kind::fields())
            EXPECT_EQ(stored_value(field, expected), stored_value(field, found)) << field.name;
    }
};
using Kinds = testing::Types<Templates, Runbooks, Rules>;
TYPED_TEST_SUITE(Catalogue, Kinds);

TYPED_TEST(Catalogue, KeepsEveryField) {
    auto full = this->add(1);
    typename TypeParam::Row bare;
    bare.uuid = new_uuid();
    this->write([&](Sql& db) { TypeParam::insert(db, bare); });
    this->reopen();
    this->expect_same(full, this->stored(full));
    this->expect_same(bare, this->stored(bare));
}

TYPED_TEST(Catalogue, RefusesWhatIsTaken) {
    auto first = this->add(1);
    auto again = first;
    EXPECT_THAT(
        message_of<Conflict>([&] { this->write([&](Sql& db) { TypeParam::insert(db, again); }); }),
        testing::AnyOf(testing::HasSubstr(first.uuid), testing::HasSubstr("name")));
    if constexpr (requires { first.name; }) {
        auto second = this->add(50);
        auto renamed = second;
        renamed.name = first.name;
        EXPECT_THAT(message_of<Conflict>([&] {
                        this->write([&](Sql& db) { TypeParam::save(db, second, renamed); });
                    }),
                    testing::HasSubstr(first.name));
        this->expect_same(second, this->stored(second));
        EXPECT_EQ(this->read([&](Sql& db) { return TypeParam::get(db, first.name); }).id, first.id);
    }
}

TYPED_TEST(Catalogue, StampsChangesAndRemoves) {
    auto before = this->add(1);
    auto after = before;
    after.updated_at.reset();
    before.updated_at.reset();
    this->write([&](Sql& db) { EXPECT_FALSE(TypeParam::save(db, before, after)); });
    EXPECT_FALSE(after.updated_at);
    for (const auto& field : TypeParam::fields())
        if (field.type == model::FieldType::list) set_field(field, after, 77);
    this->write([&](Sql& db) { EXPECT_TRUE(TypeParam::save(db, before, after)); });
    EXPECT_TRUE(after.updated_at);
    this->expect_same(after, this->stored(after));
    this->write([&](Sql& db) { TypeParam::remove(db, after); });
    EXPECT_FALSE(this->read([&](Sql& db) { return TypeParam::find(db, after.uuid); }));
    EXPECT_THROW(this->stored(after), NotFound);
}

}  // namespace
}  // namespace ferrite::store
