#include "sim/web.h"

#include <charconv>

#include <fmt/core.h>

#include "base/error.h"

namespace ferrite::sim {
namespace {

HttpResponse json_response(int status, const Json& body) {
    HttpResponse response;
    response.status = status;
    response.headers.set("Content-Type", "application/json");
    response.body = ferrite::to_text(body);
    return response;
}

/// Agents and control have errors of one shape, that of agents.
HttpResponse fault(int status, std::string text) {
    return json_response(status, JsonObject{{"faultcode", status < 500 ? "Client" : "Server"},
                                            {"faultstring", std::move(text)}});
}

std::string query_value(const HttpRequest& request, std::string_view key) {
    for (auto& [name, value] : parse_query(request.query))
        if (name == key) return value;
    return {};
}

/// `/agents/17/v1/commands` as 17 and `/v1/commands`; 0 when there is no number.
std::pair<unsigned, std::string> number_and_rest(std::string_view path, std::string_view prefix) {
    path.remove_prefix(prefix.size());
    unsigned number = 0;
    auto [end, error] = std::from_chars(path.data(), path.data() + path.size(), number);
    auto rest = path.substr(static_cast<std::size_t>(end - path.data()));
    if (error != std::errc() || !(rest.empty() || rest.starts_with('/'))) return {0, ""};
    if (rest.ends_with('/')) rest.remove_suffix(1);
    return {number, std::string(rest)};
}

JsonArray fault_list(Machine& machine) {
    JsonArray list;
    for (const auto& word : machine.faults().words()) list.emplace_back(word);
    return list;
}

}  // namespace

Task<HttpResponse> Web::answer(HttpRequest request) {
    constexpr std::string_view kAgents = "/agents/";
    HttpResponse response;
    try {
        if (!request.path.starts_with(kAgents)) co_return control(request);
        auto [number, rest] = number_and_rest(request.path, kAgents);
        auto* machine = fleet_.find(number);
        if (!machine) co_return fault(404, fmt::format("There is no machine {}.", number));
        co_return co_await agent(std::move(request), machine, std::move(rest));
    } catch (const Error& error) {
        response = fault(error.http_status(), error.message());
    }
    co_return response;
}

// The agents.

Task<HttpResponse> Web::agent(HttpRequest request, Machine* machine, std::string path) {
    switch (machine->admit(query_value(request, "agent_token"))) {
        case Machine::Admission::no_agent:
            co_return fault(503, fmt::format("No agent runs on {}.", machine->identity().name));
        case Machine::Admission::wrong_token:
            co_return fault(401, "Unauthorized: Token invalid.");
        case Machine::Admission::admitted:
            break;
    }
    constexpr std::string_view kCommands = "/v1/commands";
    bool all = path == kCommands;
    if (all && request.method == "POST")
        co_return co_await give_command(std::move(request), machine);
    if (request.method != "GET") co_return fault(405, "Method Not Allowed");
    if (all) co_return json_response(200, machine->list_commands());
    if (path.starts_with("/v1/commands/"))
        co_return co_await show_command(machine, path.substr(kCommands.size() + 1),
                                        query_value(request, "wait") == "true");
    co_return fault(404, "Not Found");
}

Task<HttpResponse> Web::give_command(HttpRequest request, Machine* machine) {
    auto document = parse_json(request.body, 64);
    auto name = string_member(document, "name");
    const auto& parameters = member(document, "params");
    if (name.empty() || !parameters.is_object())
        co_return fault(400, "Missing or invalid name or params");
    auto [answer, coming] = machine->give_command(name, parameters.as_object());
    if (coming) fleet_.follow(*machine, std::move(*coming));
    if (!answer.id.empty() && query_value(request, "wait") == "true")
        co_return co_await show_command(machine, answer.id, true);
    co_return json_response(answer.status, answer.body);
}

Task<HttpResponse> Web::show_command(Machine* machine, std::string id, bool wait) {
    constexpr auto kLongest = std::chrono::hours(1);
    while (wait) {
        auto end = machine->command_end(id);
        if (!end) break;
        co_await end->wait_for(kLongest);
    }
    auto command = machine->find_command(id);
    if (!command) co_return fault(404, fmt::format("Command Result with id {} not found.", id));
    co_return json_response(200, *command);
}

// Control.

HttpResponse Web::control(const HttpRequest& request) {
    constexpr std::string_view kMachine = "/machines/";
    if (request.path.starts_with(kMachine)) {
        auto [number, rest] = number_and_rest(request.path, kMachine);
        auto* machine = fleet_.find(number);
        if (!machine)
            return fault(
                404, fmt::format("There is no machine {}: they are numbered 1 to {}.",
                                 request.path.substr(kMachine.size()), fleet_.machines().size()));
        if (rest == "/faults" && request.method == "PUT") return set_faults(request, *machine);
        if (rest == "/faults" && request.method == "GET")
            return json_response(200, JsonObject{{"faults", fault_list(*machine)}});
        if (rest.empty() && request.method == "GET") return json_response(200, machine->to_json());
    }
    bool list = request.path == "/machines" || request.path == "/machines/";
    if (list && request.method == "GET") {
        JsonArray machines;
        for (const auto& machine : fleet_.machines()) machines.push_back(machine->to_json());
        return json_response(200, JsonObject{{"machines", std::move(machines)}});
    }
    if (request.path == "/" && request.method == "GET") {
        JsonObject totals;
        for (const auto& machine : fleet_.machines()) machine->add_to(totals);
        return json_response(200, totals);
    }
    return fault(404, fmt::format("There is no {} {}: see GET /, /machines, /machines/N and PUT "
                                  "/machines/N/faults.",
                                  request.method, request.path));
}

HttpResponse Web::set_faults(const HttpRequest& request, Machine& machine) {
    auto document = parse_json(request.body);
    const auto& words = member(document, "faults");
    Faults faults;
    bool good = words.is_array();
    if (good) {
        for (const auto& word : words.as_array()) {
            good = good && word.is_string();
            if (good) parse_fault(word.as_string(), faults);
        }
    }
    if (!good)
        throw InvalidValue("The body must be {\"faults\": [...]} with words such as \"dead-bmc\".");
    machine.set_faults(faults);
    return json_response(200, JsonObject{{"faults", fault_list(machine)}});
}

}  // namespace ferrite::sim
