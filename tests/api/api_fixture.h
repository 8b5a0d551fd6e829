#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "api/api.h"
#include "api/fake_conductor.h"
#include "base/json.h"
#include "base/runtime.h"

namespace ferrite::api {

/// An Api over a database in a directory of its own and a fake conductor.
class ApiTest : public testing::Test {
protected:
    ApiTest() { make_api(); }
    ~ApiTest() override {
        runtime_.stop();
        std::filesystem::remove_all(directory_);
    }

    /// A new Api, over the same database, with other options.
    void make_api(ApiOptions options = {}) {
        api_ = std::make_unique<Api>(std::move(options), store_, conductor_);
    }

    struct Reply {
        int status = 0;
        HttpHeaders headers;
        std::string text;
        Json json;

        const Json& at(std::string_view key) const { return member(json, key); }
        std::string string(std::string_view key) const { return string_member(json, key); }
        /// The JSON inside of `error_message`.
        Json error() const { return parse_json(string_member(json, "error_message", "null")); }
        bool is_fault() const {
            return error().is_object() && error().as_object().contains("faultstring");
        }
        bool is_router_refusal() const {
            return error().is_object() && error().as_object().contains("description");
        }
        std::string fault() const { return string_member(error(), "faultstring"); }
    };

    Reply send(HttpRequest request) {
        HttpResponse response;
        auto method = request.method;
        auto target = request.target;
        std::string version(request.headers.get("X-OpenStack-Ironic-API-Version"));
        runtime_.run(answer(api_.get(), std::move(request), &response));
        Reply reply{response.status, response.headers, response.body, {}};
        if (!reply.text.empty()) reply.json = parse_json(reply.text, 64);
        write_trace(method, target, version, reply);
        return reply;
    }

    /// Notes what was asked and answered in the file that FERRITE_API_TRACE names (tests/matrix).
    static void write_trace(const std::string& method, const std::string& target,
                            const std::string& version, const Reply& reply) {
        static const char* path = std::getenv("FERRITE_API_TRACE");
        if (!path) return;
        std::string keys;
        if (reply.json.is_object())
            for (const auto& entry : reply.json.get_object())
                keys.append(keys.empty() ? "" : ",").append(std::string_view(entry.key()));
        std::ofstream(path, std::ios::app) << method << '\t' << target << '\t' << version << '\t'
                                           << reply.status << '\t' << keys << '\n';
    }

    Reply send(std::string method, std::string path, std::string version = "1.115",
               std::string body = "", std::string type = "application/json") {
        HttpRequest request;
        request.method = std::move(method);
        auto question = path.find('?');
        request.path = *percent_decode(path.substr(0, question));
        if (question != path.npos) request.query = path.substr(question + 1);
        request.target = std::move(path);
        request.headers.set("Host", "api.example:6385");
        if (!version.empty()) request.headers.set("X-OpenStack-Ironic-API-Version", version);
        if (!body.empty()) request.headers.set("Content-Type", type);
        request.body = std::move(body);
        return send(std::move(request));
    }

    Reply get(std::string path, std::string version = "1.115") {
        return send("GET", std::move(path), std::move(version));
    }
    Reply post(std::string path, std::string body, std::string version = "1.115") {
        return send("POST", std::move(path), std::move(version), std::move(body));
    }
    Reply patch(std::string path, std::string body, std::string version = "1.115") {
        return send("PATCH", std::move(path), std::move(version), std::move(body));
    }
    Reply put(std::string path, std::string body, std::string version = "1.115") {
        return send("PUT", std::move(path), std::move(version), std::move(body));
    }

    /// Creates a node and returns its UUID.
    std::string new_node(std::string members = "") {
        auto reply = post("/v1/nodes", R"({"driver":"fake-hardware")" +
                                           (members.empty() ? "" : "," + members) + "}");
        EXPECT_EQ(reply.status, 201) << reply.text;
        return reply.string("uuid");
    }

    /// Changes the stored node behind the API's back.
    template <class F>
    void alter(const std::string& uuid, F change) {
        store_.write_now([&](store::Sql& db) {
            auto before = store::nodes::get(db, uuid);
            auto node = before;
            change(node);
            store::nodes::save(db, before, node);
        });
    }

    /// The names of the nodes in a list, in order.
    static std::string names(const Reply& list) {
        std::string text;
        if (!list.at("nodes").is_array()) return "(no list)";
        for (const auto& node : list.at("nodes").as_array())
            text += string_member(node, "name", "-") + " ";
        return text;
    }

    static Task<> answer(Api* api, HttpRequest request, HttpResponse* response) {
        *response = co_await api->handle(std::move(request));
    }

    static std::string make_directory() {
        std::string pattern = std::filesystem::temp_directory_path() / "ferrite-api-XXXXXX";
        return mkdtemp(pattern.data());
    }

    std::string directory_ = make_directory();
    store::Store store_{{.path = directory_ + "/db"}};
    FakeConductor conductor_{store_};
    Runtime runtime_{{.threads = 2, .name = "api"}};
    std::unique_ptr<Api> api_;
};

}  // namespace ferrite::api
