#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/http_server.h"
#include "base/json.h"
#include "base/mutex.h"
#include "base/runtime.h"
#include "model/node.h"

namespace ferrite::test {

/// An agent on a loopback port that answers as it is told and keeps what it was asked. Any thread.
class FakeAgent {
public:
    explicit FakeAgent(Runtime& runtime)
        : runtime_(runtime), server_(runtime.executor(), {}, [this](HttpRequest request) {
              return answer(this, std::move(request));
          }) {
        server_.start();
    }
    ~FakeAgent() { runtime_.run(stop(&server_)); }

    std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }
    void introduce(model::Node& node) const {
        node.driver_internal_info.set("agent_url", Json(url()));
        node.driver_internal_info.set("agent_secret_token", Json("t&ken"));
    }

    /// Answers every request, until it is told otherwise, with this.
    void always(int status, std::string body) {
        MutexLock lock(mutex_);
        status_ = status;
        body_ = std::move(body);
    }
    /// What becomes of the command of that name, at once when it is given.
    void ends(const std::string& name, Json status, Json result = nullptr, Json error = nullptr) {
        MutexLock lock(mutex_);
        outcomes_[name] = {std::move(status), std::move(result), std::move(error)};
    }
    /// The same for one that was given already.
    void end_last(Json status, Json result = nullptr, Json error = nullptr) {
        MutexLock lock(mutex_);
        set(commands_.back().as_object(), {std::move(status), std::move(result), std::move(error)});
    }
    void forget_commands() {
        MutexLock lock(mutex_);
        commands_.clear();
    }
    /// Called with each request before it is answered.
    void on_request(std::function<void(const HttpRequest&)> look) {
        MutexLock lock(mutex_);
        look_ = std::move(look);
    }

    std::vector<HttpRequest> requests() const {
        MutexLock lock(mutex_);
        return requests_;
    }
    /// Names of the commands that were given, in order.
    std::vector<std::string> given() const {
        MutexLock lock(mutex_);
        std::vector<std::string> names;
        for (const auto& request : requests_)
            if (request.method == "POST")
                names.push_back(string_member(parse_json(request.body, 64), "name"));
        return names;
    }
    /// The parameters of the last command of that name.
    Json params(const std::string& name) const {
        MutexLock lock(mutex_);
        Json found;
        for (const auto& request : requests_) {
            if (request.method != "POST") continue;
            auto body = parse_json(request.body, 64);
            if (string_member(body, "name") == name) found = member(body, "params");
        }
        return found;
    }

private:
    struct Outcome {
        Json status, result, error;
    };

    static void set(JsonObject& command, const Outcome& outcome) {
        command["command_status"] = outcome.status;
        command["command_result"] = outcome.result;
        command["command_error"] = outcome.error;
    }

    static Task<HttpResponse> answer(FakeAgent* self, HttpRequest request) {
        MutexLock lock(self->mutex_);
        if (self->look_) self->look_(request);
        self->requests_.push_back(request);
        HttpResponse response;
        response.headers.set("Content-Type", "application/json");
        if (self->status_ != 0) {
            response.status = self->status_;
            response.body = self->body_;
        } else if (request.method == "GET") {
            response.body = to_text(Json{{"commands", self->commands_}});
        } else {
            response.body = to_text(self->take(parse_json(request.body, 64)));
        }
        co_return response;
    }

    Json take(const Json& body) FERRITE_REQUIRES(mutex_) {
        auto name = string_member(body, "name");
        JsonObject command;
        command["id"] = "command-" + std::to_string(commands_.size());
        command["command_name"] = name.substr(name.find('.') + 1);
        auto known = outcomes_.find(name);
        set(command,
            known == outcomes_.end() ? Outcome{"RUNNING", nullptr, nullptr} : known->second);
        commands_.push_back(command);
        return command;
    }

    static Task<> stop(HttpServer* server) { co_await server->drain(std::chrono::seconds(10)); }

    Runtime& runtime_;
    mutable Mutex mutex_;
    std::vector<HttpRequest> requests_ FERRITE_GUARDED_BY(mutex_);
    JsonArray commands_ FERRITE_GUARDED_BY(mutex_);
    std::map<std::string, Outcome> outcomes_ FERRITE_GUARDED_BY(mutex_);
    std::function<void(const HttpRequest&)> look_ FERRITE_GUARDED_BY(mutex_);
    int status_ FERRITE_GUARDED_BY(mutex_) = 0;
    std::string body_ FERRITE_GUARDED_BY(mutex_);
    HttpServer server_;
};

}  // namespace ferrite::test
