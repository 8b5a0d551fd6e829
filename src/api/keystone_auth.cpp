#include "api/keystone_auth.h"

#include <algorithm>

#include <fmt/core.h>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/runtime.h"

namespace ferrite::api {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostKnown = 20'000;
constexpr std::size_t kLongestToken = 32 * 1024;
constexpr auto kRenewBefore = 60s;  ///< The own token is renewed so long before it expires.
constexpr auto kBetweenRetries = 500ms;

/// `http://keystone:5000/v3/` and `http://keystone:5000` are the same place.
std::string tokens_url(std::string url) {
    while (url.ends_with('/')) url.pop_back();
    for (std::string_view version : {"/v3", "/v2.0"})
        if (url.ends_with(version)) url.resize(url.size() - version.size());
    return url + "/v3/auth/tokens";
}

/// Clients learn no more than that it failed: the cause is the operator's.
[[noreturn]] void fail(std::string_view id, std::string_view cause) {
    log_error(id, "error=\"{}\"", cause);
    throw Error(503, "identity_service",
                "The identity service can not be asked about the token at this moment: try again.");
}

/// In whole seconds: a token's expiry may lie too far ahead to be told in anything finer.
std::chrono::sys_seconds now() {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

bool is_plausible(std::string_view token) {
    return token.size() <= kLongestToken &&
           std::ranges::all_of(token, [](char c) { return c > ' ' && c < '\x7f'; });
}

KeystoneToken parse_answer(const std::string& body) {
    try {
        return parse_token(parse_json(body));
    } catch (const Error& problem) {
        fail("KEYSTONE_ANSWER_BAD", problem.message());
    }
}

JsonObject domain(const std::string& id, const std::string& name) {
    return id.empty() ? JsonObject{{"name", name}} : JsonObject{{"id", id}};
}

}  // namespace

KeystoneAuth::KeystoneAuth(KeystoneOptions options, HttpClient& client)
    : options_(std::move(options)), tokens_url_(tokens_url(options_.auth_url)), client_(client) {}

Task<Authentication> KeystoneAuth::authenticate(const HttpRequest* request) {
    auto user_token = std::string(request->headers.get("X-Auth-Token"));
    auto service_token = std::string(request->headers.get("X-Service-Token"));
    if (user_token.empty()) co_return Authentication{.refusal = refusal()};

    TokenPtr service;
    auto expired = Expired::refused;
    if (!service_token.empty()) {
        service = co_await validate(service_token, Expired::refused);
        if (!service) co_return Authentication{.refusal = refusal()};
        bool trusted = is_trusted_service(*service);
        if (!trusted && options_.service_token_roles_required)
            co_return Authentication{.refusal = refusal()};
        if (trusted) expired = Expired::allowed;
    }
    auto user = co_await validate(user_token, expired);
    if (!user || (!service && !user->permits(request->method, request->path)))
        co_return Authentication{.refusal = refusal()};
    if (!service) {
        // The identity is a part of the token, and lives as long as it.
        co_return Authentication{.identity =
                                     std::shared_ptr<const Identity>(user, &user->identity)};
    }
    auto both = std::make_shared<Identity>(user->identity);
    both->service_user_id = service->identity.user_id;
    both->service_project_id = service->identity.project_id;
    both->service_roles = service->identity.roles;
    co_return Authentication{.identity = std::move(both)};
}

/// This refusal has an envelope of its own, that of other services behind Keystone.
HttpResponse KeystoneAuth::refusal() const {
    const auto& uri =
        options_.www_authenticate_uri.empty() ? options_.auth_url : options_.www_authenticate_uri;
    HttpResponse response;
    response.status = 401;
    response.headers.set("WWW-Authenticate", fmt::format("Keystone uri=\"{}\"", uri));
    response.body = to_text(JsonObject{
        {"error",
         JsonObject{{"code", 401},
                    {"title", "Unauthorized"},
                    {"message", "A valid token is needed, in the header X-Auth-Token."}}}});
    return response;
}

Task<KeystoneAuth::TokenPtr> KeystoneAuth::validate(std::string token, Expired expired) {
    if (!is_plausible(token)) co_return nullptr;
    auto print = fingerprint(token);
    auto known = recall(print);
    // What is known of an expired token is that it is none, unless a service vouches for it.
    if (known && (*known || expired == Expired::refused)) {
        bool stale = *known && expired == Expired::refused && (*known)->is_expired(now());
        co_return stale ? nullptr : *known;
    }
    auto found = co_await ask(token, expired);
    remember(print, found);
    co_return found;
}

Task<KeystoneAuth::TokenPtr> KeystoneAuth::ask(std::string token, Expired expired) {
    for (int attempt = 0; attempt < 2; ++attempt) {
        auto own = co_await own_token();
        HttpFetch request{.url = tokens_url_ + "?nocatalog"};
        if (expired == Expired::allowed) request.url += "&allow_expired=1";
        request.headers.set("X-Auth-Token", own.reveal());
        request.headers.set("X-Subject-Token", token);
        request.headers.set("OpenStack-Identity-Access-Rules", "1.0");
        auto answer = co_await send(std::move(request));
        if (answer.status == 404) co_return nullptr;
        if (answer.status == 200) {
            auto parsed = std::make_shared<KeystoneToken>(parse_answer(answer.body));
            if (expired == Expired::refused && parsed->is_expired(now())) co_return nullptr;
            co_return parsed;
        }
        if (answer.status != 401)
            fail("KEYSTONE_REFUSES",
                 fmt::format("{} answered {} when asked about a token: may the user of "
                             "[keystone_authtoken] validate tokens?",
                             tokens_url_, answer.status));
        // Keystone has forgotten our own token, as after a change of its keys.
        MutexLock lock(mutex_);
        own_token_ = {};
    }
    fail("KEYSTONE_REFUSES", fmt::format("{} does not accept the token that it has just given to "
                                         "this service",
                                         tokens_url_));
}

std::optional<KeystoneAuth::TokenPtr> KeystoneAuth::recall(const Fingerprint& print) {
    MutexLock lock(mutex_);
    auto found = known_.find(print);
    if (found == known_.end()) return std::nullopt;
    if (found->second.until > now()) return found->second.token;
    known_.erase(found);
    return std::nullopt;
}

void KeystoneAuth::remember(const Fingerprint& print, TokenPtr token) {
    MutexLock lock(mutex_);
    if (known_.size() >= kMostKnown)
        // Tokens that are none go first: anybody may send any number of them.
        std::erase_if(known_, [](const auto& entry) {
            return !entry.second.token || entry.second.until <= now();
        });
    if (known_.size() >= kMostKnown) known_.clear();
    known_.insert_or_assign(print, Known{std::move(token), now() + options_.cache_time});
}

Task<Secret> KeystoneAuth::own_token() {
    {
        MutexLock lock(mutex_);
        if (!own_token_.empty() && own_token_until_ > now()) co_return own_token_;
    }
    HttpFetch request{.method = "POST", .url = tokens_url_ + "?nocatalog", .body = login_body()};
    request.headers.set("Content-Type", "application/json");
    auto answer = co_await send(std::move(request));
    Secret token{std::string(answer.headers.get("X-Subject-Token"))};
    if (answer.status != 201 || token.empty())
        fail("KEYSTONE_LOGIN_FAILED",
             fmt::format("{} answered {} to the credentials of [keystone_authtoken]", tokens_url_,
                         answer.status));
    auto expires = parse_answer(answer.body).expires;
    MutexLock lock(mutex_);
    own_token_ = token;
    own_token_until_ = expires - kRenewBefore;
    co_return token;
}

Task<HttpFetched> KeystoneAuth::send(HttpFetch request) {
    request.connect_timeout = options_.connect_timeout;
    request.timeout = 3 * options_.connect_timeout;
    request.verify_tls = !options_.insecure;
    request.ca_file = options_.cafile;
    request.max_response_bytes = 1 << 20;
    // Credentials follow no redirect to somewhere else.
    request.follow_redirects = false;
    std::string problem;
    for (int attempt = 0; attempt <= options_.max_retries; ++attempt) {
        if (attempt > 0) co_await sleep_for(kBetweenRetries);
        try {
            co_return co_await client_.fetch(request);
        } catch (const HttpClientError& failure) {
            problem = failure.message();
            if (failure.failure() != HttpFailure::connect) break;
        }
    }
    fail("KEYSTONE_UNREACHABLE", problem);
}

std::string KeystoneAuth::login_body() const {
    const auto& o = options_;
    JsonObject auth;
    if (!o.application_credential_id.empty()) {
        auth["identity"] =
            JsonObject{{"methods", JsonArray{"application_credential"}},
                       {"application_credential",
                        JsonObject{{"id", o.application_credential_id},
                                   {"secret", o.application_credential_secret.reveal()}}}};
    } else {
        auth["identity"] = JsonObject{
            {"methods", JsonArray{"password"}},
            {"password", JsonObject{{"user", JsonObject{{"name", o.username},
                                                        {"password", o.password.reveal()},
                                                        {"domain", domain(o.user_domain_id,
                                                                          o.user_domain_name)}}}}}};
        if (!o.project_name.empty())
            auth["scope"] = JsonObject{
                {"project",
                 JsonObject{{"name", o.project_name},
                            {"domain", domain(o.project_domain_id, o.project_domain_name)}}}};
    }
    return to_text(JsonObject{{"auth", std::move(auth)}});
}

bool KeystoneAuth::is_trusted_service(const KeystoneToken& token) const {
    return std::ranges::any_of(token.identity.roles, [&](const std::string& role) {
        return std::ranges::find(options_.service_token_roles, role) !=
               options_.service_token_roles.end();
    });
}

}  // namespace ferrite::api
