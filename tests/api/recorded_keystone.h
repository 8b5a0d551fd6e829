#pragma once

#include <atomic>
#include <map>
#include <set>
#include <string>

#include <fmt/core.h>

#include "base/http_message.h"
#include "base/http_server.h"
#include "base/json.h"
#include "base/runtime.h"

namespace ferrite::api {

/// An HTTP server that answers as a Keystone 22 was recorded to: it gives one user a token and
/// describes the tokens that a test has put into it.
class RecordedKeystone {
public:
    explicit RecordedKeystone(Runtime& runtime)
        : server_(runtime.executor(), {},
                  [this](HttpRequest request) { return answer(std::move(request)); }) {
        server_.start();
    }

    std::string url() const { return fmt::format("http://127.0.0.1:{}/v3", server_.port()); }

    /// The document of a token; `scope` is the JSON member "project", "system" or "domain".
    static std::string document(std::string_view roles, std::string_view scope,
                                std::string_view expires = "2999-01-01T00:00:00.000000Z",
                                std::string_view more = "") {
        std::string list;
        for (std::size_t at = 0; at <= roles.size();) {
            auto end = std::min(roles.find(',', at), roles.size());
            list += fmt::format(R"({}{{"id":"id-{}","name":"{}"}})", list.empty() ? "" : ",",
                                roles.substr(at, end - at), roles.substr(at, end - at));
            at = end + 1;
        }
        return fmt::format(
            R"({{"token":{{"methods":["password"],"user":{{"domain":{{"id":"default","name":)"
            R"("Default"}},"id":"u-1","name":"ann","password_expires_at":null}},"audit_ids":["x"],)"
            R"("expires_at":"{}","issued_at":"2026-01-01T00:00:00.000000Z","roles":[{}],{}{}}}}})",
            expires, list, scope, more);
    }

    static std::string project(std::string_view id) {
        return fmt::format(R"("project":{{"domain":{{"id":"default","name":"Default"}},"id":"{}",)"
                           R"("name":"name-{}"}},"is_domain":false)",
                           id, id);
    }
    static std::string system() { return R"("system":{"all":true})"; }

    std::map<std::string, std::string> tokens;   ///< By token; fill before use.
    std::map<std::string, std::string> expired;  ///< Told only to who allows expired ones.
    std::atomic<int> logins = 0;
    std::atomic<int> validations = 0;
    std::atomic<int> forgets = 0;  ///< So many validations are refused with 401.
    std::atomic<int> status = 0;   ///< When set: the answer to everything.
    std::string body;              ///< With `status`.
    Json last_login;

private:
    Task<HttpResponse> answer(HttpRequest request) {
        HttpResponse response;
        if (status != 0) {
            response.status = status;
            response.body = body;
        } else if (request.path != "/v3/auth/tokens") {
            response.status = 404;
        } else if (request.method == "POST") {
            ++logins;
            last_login = parse_json(request.body);
            response.status = 201;
            response.headers.set("X-Subject-Token", fmt::format("own-{}", logins.load()));
            response.body = document("service", project("service"));
        } else {
            ++validations;
            describe(request, response);
        }
        co_return response;
    }

    void describe(const HttpRequest& request, HttpResponse& response) {
        auto subject = std::string(request.headers.get("X-Subject-Token"));
        bool late = request.query.find("allow_expired=1") != std::string::npos;
        auto own = request.headers.get("X-Auth-Token");
        bool forgotten = forgets > 0 && forgets-- > 0;
        if (forgotten || !own.starts_with("own-")) {
            response.status = 401;
        } else if (tokens.contains(subject)) {
            response.body = tokens[subject];
        } else if (late && expired.contains(subject)) {
            response.body = expired[subject];
        } else {
            response.status = 404;
        }
    }

    HttpServer server_;
};

}  // namespace ferrite::api
