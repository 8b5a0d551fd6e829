#include <array>
#include <fstream>
#include <map>
#include <set>

#include <crypt.h>

#include "api/basic_auth.h"
#include "api/body.h"
#include "api/nodes.h"
#include "api/service_fixture.h"
#include "api/text.h"
#include "model/node.h"
#include "store/bios_settings.h"
#include "store/history.h"
#include "store/inventories.h"

/// Replays observed.tsv, whose head says what its columns mean.
namespace ferrite::api {
namespace {

struct Row {
    std::string area, number, set, method, path, version, headers, body;
    int status = 0;
    std::string kind, location, keys;

    std::string text() const {
        return fmt::format("{} {}: {} {} @{} {}", area, number, method, path, version,
                           body.substr(0, 300));
    }
};

std::vector<Row> read_rows() {
    std::ifstream file(FERRITE_SOURCE_DIR "/tests/api/observed.tsv");
    std::vector<Row> rows;
    bool head = true;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with('#')) continue;
        if (std::exchange(head, false)) continue;
        auto words = split(line, '\t');
        auto word = [&](std::size_t i) { return std::string(words.at(i)); };
        rows.push_back({word(0), word(1), word(2), word(3), word(4), word(5), word(6), word(7),
                        std::stoi(word(8)), word(9), word(10), word(11)});
    }
    return rows;
}

std::vector<std::string> areas() {
    std::vector<std::string> names;
    for (const auto& row : read_rows())
        if (names.empty() || names.back() != row.area) names.push_back(row.area);
    return names;
}

class ObservedTest : public ServiceTest, public testing::WithParamInterface<std::string> {
protected:
    ObservedTest() { serve(authenticator()); }

    void replay(const Row& row) {
        prepare(row.set);
        auto reply = send(request_of(row));
        EXPECT_EQ(reply.status, row.status) << row.text() << '\n' << reply.text.substr(0, 500);
        EXPECT_EQ(kind_of(reply), row.kind) << row.text() << '\n' << reply.text.substr(0, 500);
        if (reply.status == row.status) {
            check_location(row, reply.headers.get("Location"));
            check_keys(row, reply);
        }
        wait_for_rest();
    }

private:
    /// The area http_basic knows the user admin, whose password is pw; the others know nobody.
    std::unique_ptr<Authenticator> authenticator() const {
        if (GetParam() != "http_basic") return nullptr;
        auto file = directory_ + "/htpasswd";
        std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> salt{};
        crypt_gensalt_rn("$2b$", 4, nullptr, 0, salt.data(), salt.size());
        crypt_data data{};
        std::ofstream(file) << "admin:" << crypt_r("pw", salt.data(), &data) << '\n';
        return std::make_unique<BasicAuth>(file);
    }

    HttpRequest request_of(const Row& row) {
        HttpRequest request;
        request.method = row.method;
        auto target = bound(row.path);
        auto question = target.find('?');
        request.path = *percent_decode(target.substr(0, question));
        if (question != target.npos) request.query = target.substr(question + 1);
        request.target = target;
        request.headers.set("Host", "localhost");
        if (row.version != "-") request.headers.set("X-OpenStack-Ironic-API-Version", row.version);
        if (!row.body.empty()) request.headers.set("Content-Type", "application/json");
        if (!row.headers.empty())
            for (const auto& header : parse_json(row.headers).as_object())
                request.headers.set(std::string(header.key()),
                                    std::string(header.value().as_string()));
        request.body = bound(row.body);
        return request;
    }

    /// `text` with the UUIDs that its `<Un>` stand for, and with as many x as `<n x>` says.
    std::string bound(std::string text) const {
        for (const auto& [name, uuid] : uuids_)
            for (std::size_t at; (at = text.find('<' + name + '>')) != text.npos;)
                text.replace(at, name.size() + 2, uuid);
        if (auto end = text.find(" x>"); end != text.npos) {
            auto begin = text.rfind('<', end);
            auto times = std::stoul(text.substr(begin + 1, end - begin - 1));
            text.replace(begin, end + 3 - begin, std::string(times, 'x'));
        }
        return text;
    }

    void prepare(const std::string& set) {
        if (set.empty()) return;
        for (const auto& node : parse_json(set).as_object()) {
            const auto& uuid = uuids_.at(node.key());
            for (const auto& [name, value] : node.value().as_object())
                if (!put_found(uuid, name, value)) put_field(uuid, name, value);
        }
    }

    void put_field(const std::string& uuid, std::string_view name, const Json& value) {
        const auto* field = find_field(model::node_fields(), name);
        ASSERT_TRUE(field) << name;
        alter(uuid, [&](model::Node& row) {
            set_field(*field, row, value);
            if (row.reservation)
                held_.insert(row.uuid);
            else
                held_.erase(row.uuid);
        });
    }

    /// Stores what was found out about a node, in tables of its own; false when `name` is no such.
    bool put_found(const std::string& uuid, std::string_view name, const Json& value) {
        if (name != "bios" && name != "history" && name != "inventory") return false;
        store_.write_now([&](store::Sql& db) {
            if (name == "bios") {
                std::vector<model::BiosSetting> settings;
                for (const auto& [setting, text] : value.as_object())
                    settings.push_back({.name = setting, .value = std::string(text.as_string())});
                store::bios_settings::put(db, uuid, settings);
            } else if (name == "history") {
                auto node = store::nodes::get(db, uuid);
                for (const auto& event : value.as_array())
                    store::history::add(db, node,
                                        {.conductor = "cond1",
                                         .severity = "INFO",
                                         .type = "test",
                                         .text = event.as_string()},
                                        {.entries = 300});
            } else {
                model::NodeInventory inventory{.node_uuid = uuid};
                inventory.inventory_data = model::JsonText(member(value, "inventory"));
                inventory.plugin_data = model::JsonText(member(value, "plugin_data"));
                store::inventories::put(db, inventory);
            }
        });
        return true;
    }

    static std::string kind_of(const Reply& reply) {
        if (reply.text.empty()) return "none";
        if (member(reply.json, "error").is_object()) return "basic-auth";
        if (reply.json.is_bool()) return "bool";
        if (!reply.json.is_object()) return reply.text.substr(0, 100);
        const auto& object = reply.json.as_object();
        if (object.contains("faultstring")) return "bare-fault";
        if (!object.contains("error_message")) return "object";
        auto inner = string_member(reply.json, "error_message");
        if (!inner.starts_with('{')) return "framework-text";
        return reply.is_router_refusal() ? "framework" : "fault";
    }

    void check_location(const Row& row, std::string_view location) {
        std::string expected = row.location;
        if (expected == "*") return;
        if (auto open = expected.find('<'); open != expected.npos) {
            auto close = expected.find('>');
            auto name = expected.substr(open + 1, close - open - 1);
            auto tail = expected.substr(close + 1);
            auto start = std::string("http://localhost").size() + open;
            if (!uuids_.contains(name) && location.size() > start + tail.size())
                uuids_[name] = location.substr(start, location.size() - start - tail.size());
        }
        if (!expected.empty()) expected = "http://localhost" + bound(expected);
        EXPECT_EQ(location, expected) << row.text();
    }

    void check_keys(const Row& row, const Reply& reply) {
        if (row.keys.empty() || !reply.json.is_object()) return;
        std::set<std::string> keys;
        for (const auto& member : reply.json.as_object()) keys.insert(member.key());
        bool counted = row.keys.find_first_not_of("0123456789") == row.keys.npos;
        auto found = counted ? std::to_string(keys.size())
                             : joined(std::vector(keys.begin(), keys.end()), ",");
        EXPECT_EQ(found, row.keys) << row.text();
    }

    std::map<std::string, std::string> uuids_;  ///< By the names of the table: U1, U2 ...
};

TEST_P(ObservedTest, AnswersAsTheOriginalDid) {
    for (const auto& row : read_rows())
        if (row.area == GetParam()) replay(row);
}

INSTANTIATE_TEST_SUITE_P(Areas, ObservedTest, testing::ValuesIn(areas()), [](const auto& info) {
    std::string name;
    for (char c : info.param)
        if (std::isalnum(static_cast<unsigned char>(c))) name += c;
    return name;
});

}  // namespace
}  // namespace ferrite::api
