#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/http_server.h"
#include "base/json.h"
#include "base/runtime.h"

namespace ferrite::test {

/// A BMC with one computer system, served by HTTP on loopback. Tests change its members between
/// requests to make it behave like the BMC they need.
class FakeService {
public:
    explicit FakeService(const Runtime& runtime, HttpServer::Options options = {})
        : tls_(options.tls.enabled()),
          server_(runtime.executor(), std::move(options),
                  [this](HttpRequest request) { return answer(std::move(request)); }) {
        server_.start();
    }

    std::string address() const {
        return std::string(tls_ ? "https" : "http") +
               "://127.0.0.1:" + std::to_string(server_.port());
    }
    HttpServer& server() { return server_; }

    /// Runs `change` while no request is answered.
    void with(const std::function<void(FakeService&)>& change) {
        std::lock_guard lock(mutex);
        change(*this);
    }

    /// "POST /redfish/v1/..." of everything that was asked, in order.
    std::vector<std::string> requests() {
        std::lock_guard lock(mutex);
        return requests_;
    }
    int count(std::string_view start) {
        int found = 0;
        for (const auto& request : requests()) found += request.starts_with(start);
        return found;
    }
    std::vector<std::string> changes() {
        std::lock_guard lock(mutex);
        return changes_;
    }

    std::mutex mutex;  ///< Guards everything below.
    std::string user = "admin";
    std::string password = "s3cret";
    bool has_sessions = true;
    std::string valid_token;  ///< Of the session that is open; the test may end it.
    bool powered = false;
    std::string target = "None";
    std::string enabled = "Disabled";
    std::string manufacturer = "Contoso";
    bool keeps_devices = true;  ///< Whether `Continuous` is taken.
    std::vector<std::string> systems{"/redfish/v1/Systems/1"};
    /// Answers with this to that many of the next changes (POST to an action, PATCH).
    int refusals = 0;
    int refusal_status = 409;
    std::string refusal_id = "Base.1.8.ActionParameterValueConflict";
    /// More resources, by path; the test says what they are.
    std::map<std::string, JsonObject> resources;
    /// Where a POST or DELETE of these paths says that the new thing is; empty: nothing new.
    std::map<std::string, std::string> actions;

private:
    static HttpResponse json(int status, const Json& body) {
        HttpResponse response;
        response.status = status;
        response.headers.set("Content-Type", "application/json");
        response.body = to_text(body);
        return response;
    }
    static HttpResponse refuse(int status, std::string_view id) {
        JsonObject info{{"MessageId", id}, {"Message", "The BMC says no."}};
        JsonObject error{{"code", "Base.1.8.GeneralError"},
                         {"message", "See the extended information."},
                         {"@Message.ExtendedInfo", JsonArray{std::move(info)}}};
        return json(status, JsonObject{{"error", std::move(error)}});
    }

    Task<HttpResponse> answer(HttpRequest request) {
        std::lock_guard lock(mutex);
        requests_.push_back(request.method + " " + request.path);
        co_return respond(request);
    }

    HttpResponse respond(const HttpRequest& request) {
        if (request.path == "/redfish/v1/") return root();
        auto extra = resources.find(request.path);
        if (request.path == "/redfish/v1/SessionService/Sessions") return open_session(request);
        if (!is_known(request)) return refuse(401, "Base.1.8.InsufficientPrivilege");
        if (request.method == "GET" && extra != resources.end()) return json(200, extra->second);
        if (auto action = actions.find(request.path);
            request.method != "GET" && action != actions.end())
            return act(request, action->second);
        if (request.path == "/redfish/v1/Systems") return collection();
        if (request.method == "GET" && request.path == "/redfish/v1/Systems/1") return system();
        if (request.path == "/redfish/v1/nonsense") return {.body = "<html>"};
        if (request.path == "/redfish/v1/moved") {
            HttpResponse moved{.status = 308};
            moved.headers.set("Location", "http://127.0.0.1:1/");
            return moved;
        }
        if (request.path == "/redfish/v1/secret") return refuse(403, "Base.1.8.NoPrivilege");
        if (request.method != "GET") return change(request);
        return refuse(404, "Base.1.8.ResourceMissingAtURI");
    }

    HttpResponse root() const {
        JsonObject root{{"Systems", JsonObject{{"@odata.id", "/redfish/v1/Systems"}}},
                        {"EventService", JsonObject{{"@odata.id", "/redfish/v1/EventService"}}}};
        if (has_sessions)
            root["Links"] = JsonObject{
                {"Sessions", JsonObject{{"@odata.id", "/redfish/v1/SessionService/Sessions"}}}};
        return json(200, root);
    }

    HttpResponse open_session(const HttpRequest& request) {
        if (!has_sessions) return refuse(503, "Base.1.8.SessionLimitExceeded");
        auto body = parse_json(request.body);
        if (string_member(body, "UserName") != user || string_member(body, "Password") != password)
            return refuse(401, "Base.1.8.ResourceAtUriUnauthorized");
        valid_token = "token-" + std::to_string(++sessions_);
        auto response = json(201, JsonObject{});
        response.headers.set("X-Auth-Token", valid_token);
        return response;
    }

    bool is_known(const HttpRequest& request) const {
        auto token = request.headers.get("X-Auth-Token");
        if (!token.empty()) return token == valid_token;
        // admin:s3cret
        return request.headers.get("Authorization") == "Basic YWRtaW46czNjcmV0";
    }

    HttpResponse collection() const {
        JsonArray members;
        for (const auto& path : systems) members.push_back(JsonObject{{"@odata.id", path}});
        return json(200, JsonObject{{"Members", std::move(members)}});
    }

    HttpResponse system() const {
        JsonObject managers{
            {"ManagedBy", JsonArray{JsonObject{{"@odata.id", "/redfish/v1/Managers/1"}}}}};
        JsonObject reset{{"target", "/redfish/v1/Systems/1/Actions/ComputerSystem.Reset"},
                         {"ResetType@Redfish.AllowableValues",
                          JsonArray{"On", "ForceOff", "GracefulShutdown", "GracefulRestart",
                                    "ForceRestart", "Nmi"}}};
        return json(200, JsonObject{{"PowerState", powered ? "On" : "Off"},
                                    {"Manufacturer", manufacturer},
                                    {"Links", managers},
                                    {"Boot", JsonObject{{"BootSourceOverrideTarget", target},
                                                        {"BootSourceOverrideEnabled", enabled},
                                                        {"BootSourceOverrideMode", "UEFI"}}},
                                    {"Actions", JsonObject{{"#ComputerSystem.Reset", reset}}}});
    }

    HttpResponse act(const HttpRequest& request, const std::string& location) {
        changes_.push_back(request.method + " " + request.path + " " + request.body);
        if (refusals > 0) {
            --refusals;
            return refuse(refusal_status, refusal_id);
        }
        HttpResponse done;
        done.status = location.empty() ? 204 : 201;
        if (!location.empty()) done.headers.set("Location", location);
        return done;
    }

    HttpResponse change(const HttpRequest& request) {
        changes_.push_back(request.body);
        if (refusals > 0) {
            --refusals;
            return refuse(refusal_status, refusal_id);
        }
        auto body = parse_json(request.body);
        if (request.method == "PATCH") {
            const auto& boot = member(body, "Boot");
            auto wanted = string_member(boot, "BootSourceOverrideEnabled", enabled);
            if (wanted == "Continuous" && !keeps_devices)
                return refuse(400, "Base.1.8.PropertyValueNotInList");
            enabled = wanted;
            target = string_member(boot, "BootSourceOverrideTarget", target);
        } else {
            auto type = string_member(body, "ResetType");
            if (type != "Nmi") powered = type == "On" || type.ends_with("Restart");
        }
        HttpResponse done;
        done.status = 204;
        return done;
    }

    const bool tls_;
    int sessions_ = 0;
    std::vector<std::string> requests_;
    std::vector<std::string> changes_;
    HttpServer server_;
};

}  // namespace ferrite::test
