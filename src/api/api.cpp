#include "api/api.h"

#include <algorithm>

#include <fmt/core.h>

#include "api/call.h"
#include "api/cors.h"
#include "api/envelope.h"
#include "api/handlers.h"
#include "api/healthcheck.h"
#include "api/negotiation.h"
#include "api/public_url.h"
#include "api/request_id.h"
#include "api/routes.h"
#include "api/text.h"
#include "base/error.h"
#include "base/log.h"
#include "base/log_scope.h"
#include "base/uuid.h"
#include "model/node.h"

namespace ferrite::api {
namespace {

/// Which version headers an answer carries.
enum class VersionHeaders { none, range, all };

/// One request and what is known so far of how it will be answered.
struct Exchange {
    Call call;
    VersionHeaders version_headers = VersionHeaders::none;
    bool with_request_id = true;  ///< `openstack-request-id`, which router errors lack.
    const Route* route = nullptr;
    HttpResponse response;
    bool done = false;
    std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();
};

bool accepts_json(const HttpHeaders& headers) {
    auto accept = lower_case(headers.get("Accept"));
    if (trimmed(accept).empty()) return true;
    return std::ranges::any_of(split(accept, ','), [](std::string_view range) {
        auto type = trimmed(range.substr(0, range.find(';')));
        return type == "*/*" || type == "application/*" || type == "application/json";
    });
}

/// Who accepts no JSON gets text inside of the envelope.
void refuse(Exchange& exchange, RouterRefusal refusal) {
    refusal.plain_text = !accepts_json(exchange.call.http.headers);
    exchange.response = router_refusal(refusal);
    exchange.with_request_id = false;
    exchange.version_headers =
        refusal.with_version_range ? VersionHeaders::range : VersionHeaders::none;
    exchange.done = true;
}

bool is_json(const HttpRequest& request) {
    return lower_case(request.headers.get("Content-Type")).find("json") != std::string::npos;
}

/// True when containers outside of strings nest deeper than `limit`.
bool nests_deeper_than(std::string_view json, std::size_t limit) {
    std::size_t depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        char c = json[i];
        if (in_string) {
            if (c == '\\')
                ++i;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > limit) return true;
        } else if ((c == '}' || c == ']') && depth > 0) {
            --depth;
        }
    }
    return false;
}

Call make_call(const Parts& parts, HttpRequest request) {
    Call call;
    call.parts = &parts;
    call.base = public_url(parts.options, request);
    call.version = model::kMinimumVersion;
    call.context.request_id = "req-" + new_uuid();
    call.context.global_request_id = global_request_id(request.headers);
    call.http = std::move(request);
    return call;
}

/// Settles who asks. `identity` is null for a request that needs no credentials.
void adopt(Call& call, std::shared_ptr<const Identity> identity, Enforcement enforcement) {
    static const auto anybody = std::make_shared<const Identity>(Identity{.is_public_api = true});
    if (!identity) identity = anybody;
    call.context.user = identity->user_id;
    call.context.project = identity->project_id;
    call.access = Access(call.parts->policy, std::move(identity), enforcement);
}

bool needs_credentials(const HttpRequest& request) {
    return request.method != "OPTIONS" && !is_public_path(request.path);
}

/// Goes on as whom the strategy says that the caller is, or with its refusal.
void adopt(Exchange& exchange, Authentication found) {
    if (!found.refusal) return adopt(exchange.call, std::move(found.identity), found.enforcement);
    exchange.response = std::move(*found.refusal);
    exchange.done = true;
}

/// Cuts `.json` off the path where the client's version says it means nothing (section 3.4).
void strip_json_suffix(Call& call) {
    constexpr std::string_view kSuffix = ".json";
    auto& path = call.http.path;
    if (!path.ends_with(kSuffix) || !strips_json_suffix(call.http.headers)) return;
    path.resize(path.size() - kSuffix.size());
    call.json_suffix = true;
}

/// Settles the version; a bad one refuses the request, in the envelope of the place.
void settle_version(Exchange& exchange, bool is_resource) {
    auto& call = exchange.call;
    auto negotiation =
        negotiate(call.http.headers, call.options().max_version, call.parts->manners);
    if (negotiation.problem.empty()) {
        call.version = negotiation.version;
        exchange.version_headers = VersionHeaders::all;
        return;
    }
    if (is_resource)
        return refuse(exchange, {.status = 406,
                                 .description = negotiation.problem,
                                 .with_version_range = negotiation.understood});
    exchange.response = fault(406, negotiation.problem);
    exchange.version_headers =
        negotiation.understood ? VersionHeaders::range : VersionHeaders::none;
    exchange.done = true;
}

/// `/` answers every method, `/v1` only GET and HEAD.
void answer_discovery(Exchange& exchange, bool is_root) {
    auto& call = exchange.call;
    if (!is_root || call.parts->manners.root_negotiates) settle_version(exchange, false);
    if (exchange.done) return;
    const auto& method = call.http.method;
    if (!is_root && method != "GET" && method != "HEAD")
        exchange.response = fault(405, fmt::format("{} is not possible on /v1.", method));
    else
        exchange.response = is_root ? show_root(call) : show_v1(call);
    exchange.done = true;
}

void refuse_too_old(Exchange& exchange) {
    const auto& call = exchange.call;
    const auto& route = *exchange.route;
    auto text = fmt::format(
        "This part of the API is there since version {}, and the request asks "
        "for version {}.",
        route.since.text(), call.version.text());
    switch (route.too_old) {
        case TooOld::fault_404:
            throw NotFound(text);
        case TooOld::fault_405:
            throw Error(405, "method_not_allowed", text);
        case TooOld::fault_406:
            throw Error(406, "not_acceptable", text);
        case TooOld::hidden_404:
            if (!call.parts->manners.router_hides_parts) throw NotFound(text);
            [[fallthrough]];
        case TooOld::router_404:
            return refuse(exchange, {.status = 404, .description = text});
        case TooOld::router_405:
            return refuse(exchange, {.status = 405, .description = text, .with_allow = true});
    }
}

/// A word that can be no node or portgroup is refused before any handler looks at it.
bool names_nothing(const Exchange& exchange) {
    const auto& pattern = exchange.route->pattern;
    bool named =
        pattern.starts_with("nodes/{node}") || pattern.starts_with("portgroups/{portgroup}");
    if (!named || exchange.call.http.method == "POST") return false;
    const auto& ident = exchange.call.words[0];
    return !normalised_uuid(ident) && !model::is_logical_name(ident);
}

/// Rules that need to know nothing but the caller; the others wait until their thing is found.
void check_rule_of_service(const Exchange& exchange) {
    const auto& call = exchange.call;
    if (exchange.done || !call.access.enforced() || call.rule.empty()) return;
    if (call.access.subject(call.rule) == PolicySubject::service) call.access.require(call.rule);
}

void find_handler(Exchange& exchange, const std::vector<std::string>& words) {
    auto& call = exchange.call;
    if (!words.empty() && !offers_part(call, words.front())) return refuse(exchange, {.status = 404});
    auto match = find_route(call.http.method, words);
    if (!match.route) return refuse(exchange, match.refusal);
    exchange.route = match.route;
    call.words = std::move(match.words);
    call.rule = match.route->rule;
    if (names_nothing(exchange))
        return refuse(exchange, {.status = 400,
                                 .description = fmt::format("'{}' is neither a UUID nor a name.",
                                                            call.words[0].substr(0, 100))});
    if (!accepts_json(call.http.headers))
        return refuse(exchange, {.status = 406,
                                 .description = "This service answers in application/json only: "
                                                "the Accept header must allow it."});
    if (!call.has(match.route->since)) refuse_too_old(exchange);
    check_rule_of_service(exchange);
}

/// Everything before the handler. Leaves `done` unset when there is one to call.
void prepare(Exchange& exchange) {
    auto& call = exchange.call;
    bool is_root = call.http.path == "/" || call.http.path.empty();
    if (call.http.method == "OPTIONS" && !is_root) {
        exchange.with_request_id = false;
        exchange.done = true;
        return;
    }
    if (is_json(call.http) &&
        nests_deeper_than(call.http.body, call.options().max_json_body_depth)) {
        exchange.response =
            bare_fault(400, fmt::format("The body nests objects and lists deeper than {} levels.",
                                        call.options().max_json_body_depth));
        exchange.done = true;
        return;
    }
    strip_json_suffix(call);
    bool is_v1 = call.http.path == "/v1" || call.http.path == "/v1/";
    if (is_root || is_v1) return answer_discovery(exchange, is_root);
    auto words = path_words(call.http.path);
    settle_version(exchange, true);
    if (!words || call.http.path.ends_with("/detail/")) nothing_here(call);
    if (!exchange.done) find_handler(exchange, *words);
}

/// All that needs no coroutine: up to the answer of a handler that only reads.
void answer_at_once(Exchange& exchange, const std::string& log_words) {
    LogScope scope(log_words);
    prepare(exchange);
    if (exchange.done || !exchange.route->answer) return;
    exchange.response = exchange.route->answer(exchange.call);
    exchange.done = true;
}

/// What a failure looks like to a client. Failures of our own go to the log, under the request's
/// id, and only that id to the client.
HttpResponse failure(const Call& call, const std::exception& problem) {
    const auto* error = dynamic_cast<const Error*>(&problem);
    bool internal = !error || (error->http_status() >= 500 && error->code() == "database");
    std::string debug;
    if (call.options().debug_tracebacks_in_api && (internal || error->http_status() >= 500))
        debug = describe_failure(call.http, problem);
    if (!internal) return fault(error->http_status(), error->message(), debug);
    log_error("API_REQUEST_FAILED", "method={} path={} error={}", call.http.method,
              call.http.path.substr(0, 200), problem.what());
    return fault(500,
                 fmt::format("The service failed inside while it handled this request: its log "
                             "says why under {}.",
                             call.context.request_id),
                 debug);
}

void finish(Exchange& exchange) {
    auto& response = exchange.response;
    const auto& call = exchange.call;
    add_cors_headers(call.options().cors, call.http, response);
    if (!response.body.empty() && !response.headers.has("Content-Type"))
        response.headers.set("Content-Type", "application/json");
    if (call.http.method == "HEAD") response.body.clear();
    if (exchange.with_request_id)
        response.headers.set("openstack-request-id", call.context.request_id);
    response.headers.set("x-openstack-request-id", call.context.request_id);
    auto max = call.options().max_version;
    if (exchange.version_headers == VersionHeaders::range) add_version_range(response.headers, max);
    if (exchange.version_headers == VersionHeaders::all)
        add_version(response.headers, call.version, max);
}

void note(AccessLog* log, const Exchange& exchange) {
    if (!log) return;
    const auto& call = exchange.call;
    auto client = client_address(call.options(), call.http);
    log->add({.client = client,
              .request_id = call.context.request_id,
              .method = call.http.method,
              .path = call.http.path,
              .status = exchange.response.status,
              .bytes = exchange.response.body.size(),
              .duration = std::chrono::duration_cast<std::chrono::microseconds>(
                  std::chrono::steady_clock::now() - exchange.began)});
}

}  // namespace

struct Api::State {
    Parts parts;
    std::unique_ptr<Authenticator> authenticator;
    AccessLog* access_log;
};

Api::Api(ApiOptions options, store::Store& store, conductor::Client& conductor,
         std::unique_ptr<Authenticator> authenticator, AccessLog* access_log)
    : state_(new State{
          Parts{options, manners_of(options.max_version), store, conductor, Policy(options.policy)},
          std::move(authenticator), access_log}) {}

Api::~Api() = default;

Task<HttpResponse> Api::handle(HttpRequest request) {
    Exchange exchange{.call = make_call(state_->parts, std::move(request))};
    const auto log_words = "request=" + log_id(exchange.call.context);
    try {
        const auto& http = exchange.call.http;
        if (auto health = answer_healthcheck(exchange.call.options().healthcheck, http)) {
            exchange.response = std::move(*health);
            exchange.done = true;
        } else if (!state_->authenticator) {
            adopt(exchange.call, claimed_identity(http.headers), Enforcement::off);
        } else if (needs_credentials(http)) {
            adopt(exchange, co_await state_->authenticator->authenticate(&http));
        } else {
            adopt(exchange.call, nullptr, Enforcement::off);
        }
        if (!exchange.done) answer_at_once(exchange, log_words);
        if (!exchange.done)
            exchange.response =
                co_await with_log_words(log_words, exchange.route->work(exchange.call));
    } catch (const std::exception& problem) {
        LogScope scope(log_words);
        exchange.response = failure(exchange.call, problem);
    }
    finish(exchange);
    note(state_->access_log, exchange);
    co_return std::move(exchange.response);
}

HttpResponse Api::refusal(const HttpRequest& head, int status) const {
    Exchange exchange{.call = make_call(state_->parts, head)};
    exchange.call.http.method = head.method;
    if (status == 413)
        exchange.response = bare_fault(
            413, fmt::format("The body is larger than the {} bytes that this request may have.",
                             body_limit(head)));
    else if (status == 431)
        exchange.response = fault(431, "The headers of the request are too long.");
    else if (status == 408)
        exchange.response = fault(408, "The request did not arrive in time.");
    else
        exchange.response = fault(status, "The request is no well-formed HTTP.");
    finish(exchange);
    note(state_->access_log, exchange);
    return std::move(exchange.response);
}

std::size_t Api::body_limit(const HttpRequest& head) const {
    const auto& options = state_->parts.options;
    std::string_view path = head.path;
    if (path.ends_with('/')) path.remove_suffix(1);
    if (path.ends_with("states/provision")) return options.max_json_body_size_provision;
    if (path.ends_with("continue_inspection")) return options.max_json_body_size_inspection;
    return options.max_json_body_size;
}

}  // namespace ferrite::api
