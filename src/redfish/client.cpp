#include "redfish/client.h"

#include <algorithm>
#include <cctype>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "base/runtime.h"

namespace ferrite::redfish {
namespace {

constexpr std::uint64_t kLargestAnswer = 4 * 1024 * 1024;
constexpr std::size_t kDeepestJson = 64;
constexpr std::size_t kMostListed = 8;

std::string base64(std::string_view bytes) {
    static constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        auto byte = [&](std::size_t at) -> unsigned {
            return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0U;
        };
        unsigned group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
        text += kDigits[group >> 18 & 63];
        text += kDigits[group >> 12 & 63];
        text += i + 1 < bytes.size() ? kDigits[group >> 6 & 63] : '=';
        text += i + 2 < bytes.size() ? kDigits[group & 63] : '=';
    }
    return text;
}

/// A path is what we ask the service for; a whole URL would be some other server.
bool is_path(std::string_view text) {
    return text.starts_with('/') && !text.starts_with("//") &&
           std::ranges::none_of(text, [](unsigned char c) { return c <= 0x20 || c == 0x7F; });
}

/// Percent-encodes each word of a path.
std::string encoded_path(std::string_view path) {
    std::string encoded;
    while (true) {
        auto slash = path.find('/');
        encoded += percent_encode(path.substr(0, slash));
        if (slash == path.npos) return encoded;
        encoded += '/';
        path.remove_prefix(slash + 1);
    }
}

std::string link_to(const Json& value) {
    auto path = string_member(value, "@odata.id");
    return is_path(path) ? path : std::string();
}

bool is_worth_repeating(HttpFailure failure) {
    return failure == HttpFailure::connect || failure == HttpFailure::resolve;
}

Reason reason_of(HttpFailure failure) {
    switch (failure) {
        case HttpFailure::tls:
            return Reason::untrusted;
        case HttpFailure::too_large:
            return Reason::broken;
        default:
            return Reason::unreachable;
    }
}

}  // namespace

struct Client::Proof {
    bool needs_login = false;
    std::string token;  ///< Of the session; empty: none.
};

ClientOptions options_for_address(std::string_view text) {
    auto wrong = [&](std::string_view why) {
        return InvalidValue(
            fmt::format("driver_info redfish_address '{}' {}: write it like https://10.0.0.7, with "
                        "a port if it is not the usual one.",
                        text, why));
    };
    std::string scheme = "https";
    auto rest = text;
    if (auto colon = text.find("://"); colon != text.npos) {
        scheme = text.substr(0, colon);
        std::ranges::transform(scheme, scheme.begin(),
                               [](unsigned char c) { return std::tolower(c); });
        rest = text.substr(colon + 3);
    }
    if (scheme != "https" && scheme != "http") throw wrong("is neither https nor http");
    auto host = rest.substr(0, rest.find_first_of("/?#"));
    auto path = rest.substr(host.size());
    if (host.empty()) throw wrong("names no host");
    if (host.find('@') != host.npos) {
        // The text is not repeated: it holds a password.
        throw InvalidValue(
            "driver_info redfish_address holds credentials: move them to redfish_username and "
            "redfish_password.");
    }
    if (std::ranges::any_of(rest, [](unsigned char c) { return c <= 0x20 || c >= 0x7F; }))
        throw wrong("has characters that no URL has");
    if (host.front() != '[' && std::ranges::count(host, ':') > 1)
        throw wrong("has an IPv6 address without brackets");
    if (path.find_first_of("?#") != path.npos) throw wrong("has a query");

    ClientOptions options;
    options.address = fmt::format("{}://{}", scheme, host);
    while (path.ends_with('/')) path.remove_suffix(1);
    if (!path.empty()) options.root = std::string(path) + "/";
    return options;
}

Client::Proof Client::proof() const {
    std::lock_guard lock(mutex_);
    Proof proof;
    if (options_.user.empty()) return proof;
    proof.needs_login = !token_ && options_.authentication != Authentication::basic;
    proof.token = token_.value_or("");
    return proof;
}

void Client::settle(std::string token) {
    std::lock_guard lock(mutex_);
    token_ = std::move(token);
}

void Client::forget(const std::string& token) {
    std::lock_guard lock(mutex_);
    // Another request may have logged in again meanwhile.
    if (token_ == token) token_.reset();
}

HttpFetch Client::make_fetch(std::string method, const std::string& path, std::string body) const {
    HttpFetch fetch;
    fetch.method = std::move(method);
    fetch.url = options_.address + path;
    fetch.headers.set("Accept", "application/json");
    fetch.headers.set("OData-Version", "4.0");
    if (!body.empty()) fetch.headers.set("Content-Type", "application/json");
    fetch.body = std::move(body);
    fetch.connect_timeout = options_.connect_timeout;
    fetch.timeout = options_.connect_timeout + options_.read_timeout;
    fetch.stall_timeout = std::chrono::ceil<std::chrono::seconds>(options_.read_timeout);
    fetch.max_response_bytes = kLargestAnswer;
    fetch.follow_redirects = false;
    fetch.verify_tls = options_.verify_tls;
    fetch.ca_file = options_.ca_file;
    return fetch;
}

void Client::fail(const HttpFetch& request, const HttpFetched& answer) const {
    auto what = fmt::format("{} {}", request.method, request.url.substr(options_.address.size()));
    auto refusal = read_refusal(answer.status, answer.body);
    if (answer.status >= 300 && answer.status < 400 && refusal.text.empty())
        refusal.text = "a redirect: set redfish_address to where the service really is";
    throw Error(reason_of_status(answer.status), options_.address, what, std::move(refusal));
}

Task<HttpFetched> Client::send(HttpFetch request, Urgency urgency) {
    breaker_.admit(urgency, "Redfish service " + options_.address);
    auto attempts = urgency == Urgency::poll ? 1U : options_.attempts;
    for (unsigned attempt = 1;; ++attempt) {
        try {
            auto answer = co_await http_.fetch(request);
            breaker_.answered();
            co_return answer;
        } catch (const HttpClientError& error) {
            auto reason = reason_of(error.failure());
            bool last = !is_worth_repeating(error.failure()) || attempt >= attempts;
            if (last && reason == Reason::unreachable) breaker_.silent();
            if (last) throw Error(reason, options_.address, error.message());
        }
        co_await sleep_for(options_.retry_interval);
    }
}

Task<> Client::log_in(Urgency urgency) {
    // The service root may be read without a login; it says where sessions are made.
    auto root = co_await send(make_fetch("GET", options_.root, ""), urgency);
    std::string path;
    if (root.status == 200) {
        try {
            auto document = parse_json(root.body, kDeepestJson);
            path = link_to(member(member(document, "Links"), "Sessions"));
        } catch (const InvalidValue&) {
            // Then the place that the standard gives has to do.
        }
    }
    if (path.empty()) path = options_.root + "SessionService/Sessions";

    JsonObject body;
    body["UserName"] = options_.user;
    body["Password"] = options_.password.reveal();
    auto request = make_fetch("POST", path, ferrite::to_text(Json(std::move(body))));
    auto answer = co_await send(request, urgency);
    std::string token(answer.headers.get("X-Auth-Token"));
    if (answer.status >= 200 && answer.status < 300 && !token.empty()) {
        settle(std::move(token));
        co_return;
    }
    // A wrong password stays wrong; to try it twice may lock the account.
    if (answer.status == 401 || options_.authentication == Authentication::session) {
        if (answer.status >= 200 && answer.status < 300)
            throw Error(Reason::broken, options_.address, "a new session came without a token");
        fail(request, answer);
    }
    settle("");
}

Task<HttpFetched> Client::exchange(std::string method, std::string path, std::string body,
                                   Urgency urgency) {
    if (!is_path(path))
        throw Error(Reason::broken, options_.address, "a link to '" + path + "', which is no path");
    for (bool again = false;; again = true) {
        if (proof().needs_login) co_await log_in(urgency);
        auto proof = this->proof();
        auto request = make_fetch(method, path, body);
        if (!proof.token.empty()) {
            request.headers.set("X-Auth-Token", proof.token);
        } else if (!options_.user.empty()) {
            request.headers.set("Authorization", "Basic " + base64(options_.user + ":" +
                                                                   options_.password.reveal()));
        }
        auto answer = co_await send(request, urgency);
        if (answer.status == 401 && !proof.token.empty() && !again) {
            forget(proof.token);  // The session ended: that is no wrong password yet.
            continue;
        }
        if (answer.status < 200 || answer.status >= 300) fail(request, answer);
        co_return answer;
    }
}

Task<Json> Client::get(std::string path, Urgency urgency) {
    auto answer = co_await exchange("GET", path, "", urgency);
    Json document;
    std::string wrong;
    try {
        document = parse_json(answer.body, kDeepestJson);
    } catch (const InvalidValue& error) {
        wrong = error.message();
    }
    if (!document.is_object())
        throw Error(Reason::broken, options_.address,
                    fmt::format("the answer to GET {} is no JSON object{}{}", path,
                                wrong.empty() ? "" : ": ", wrong));
    co_return document;
}

Task<> Client::post(std::string path, JsonObject body) {
    co_await exchange("POST", std::move(path), ferrite::to_text(Json(std::move(body))));
}

Task<> Client::patch(std::string path, JsonObject body) {
    co_await exchange("PATCH", std::move(path), ferrite::to_text(Json(std::move(body))));
}

Task<std::string> Client::create(std::string path, JsonObject body) {
    auto answer =
        co_await exchange("POST", std::move(path), ferrite::to_text(Json(std::move(body))));
    std::string location(answer.headers.get("Location"));
    if (auto scheme = location.find("://"); scheme != location.npos) {
        auto slash = location.find('/', scheme + 3);
        location = slash == location.npos ? std::string() : location.substr(slash);
    }
    co_return is_path(location) ? location : std::string();
}

Task<> Client::remove(std::string path) {
    co_await exchange("DELETE", std::move(path), "");
}

Task<std::string> Client::system_path(std::string id, Urgency urgency) {
    if (id.starts_with('/')) co_return encoded_path(id);
    if (!id.empty()) co_return options_.root + "Systems/" + encoded_path(id);
    {
        std::lock_guard lock(mutex_);
        if (!only_system_.empty()) co_return only_system_;
    }
    auto root = co_await get(options_.root, urgency);
    auto systems = link_to(member(root, "Systems"));
    auto collection = co_await get(systems.empty() ? options_.root + "Systems" : systems, urgency);
    std::vector<std::string> paths;
    if (const auto& members = member(collection, "Members"); members.is_array())
        for (const auto& entry : members.as_array())
            if (auto path = link_to(entry); !path.empty()) paths.push_back(std::move(path));
    if (paths.size() == 1) {
        std::lock_guard lock(mutex_);
        only_system_ = paths.front();
        co_return paths.front();
    }
    if (paths.empty())
        throw InvalidValue(fmt::format(
            "Redfish service {} has no computer system: set driver_info redfish_address to the BMC "
            "of a machine.",
            options_.address));
    auto count = paths.size();
    paths.resize(std::min(count, kMostListed));
    throw InvalidValue(fmt::format(
        "Redfish service {} has {} computer systems: set driver_info redfish_system_id "
        "to the one of this node: {}{}.",
        options_.address, count, fmt::join(paths, ", "), count > kMostListed ? ", ..." : ""));
}

}  // namespace ferrite::redfish
