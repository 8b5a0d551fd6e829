#include "conductor/rule_call.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/core.h>

#include "base/error.h"
#include "base/runtime.h"
#include "conductor/rule_values.h"

namespace ferrite::conductor {
namespace {

using Milliseconds = std::chrono::milliseconds;

constexpr Milliseconds kLongestPause{120'000};
/// The node is locked meanwhile.
constexpr double kMostSeconds = 300;
constexpr double kMostRetries = 20;

double number(const JsonObject& args, std::string_view name, double usual, double most) {
    const auto* value = args.if_contains(name);
    if (!value || value->is_null()) return usual;
    auto text = plain_text(*value);
    double found = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), found);
    if (error == std::errc() && end == text.data() + text.size() && found >= 0 && found <= most)
        return found;
    throw InvalidValue(fmt::format("api-call needs a {} of 0 to {}, and '{}' is none.", name, most,
                                   text.substr(0, 100)));
}

Milliseconds seconds(double count) {
    return Milliseconds(std::llround(count * 1000));
}

JsonObject texts(const JsonObject& args, std::string_view name) {
    const auto* value = args.if_contains(name);
    if (!value || value->is_null()) return {};
    if (!value->is_object())
        throw InvalidValue(fmt::format("api-call takes an object of texts as {}.", name));
    return value->get_object();
}

HttpFetch request_of(const JsonObject& args) {
    HttpFetch request;
    if (const auto* url = args.if_contains("url")) request.url = plain_text(*url);
    auto scheme = request.url.substr(0, request.url.find(':'));
    if (scheme != "http" && scheme != "https")
        throw InvalidValue(fmt::format("api-call needs an http or https URL, and '{}' is none.",
                                       request.url.substr(0, 200)));
    for (const auto& header : texts(args, "headers"))
        request.headers.add(std::string(header.key()), plain_text(header.value()));
    auto proxies = texts(args, "proxies");
    if (const auto* proxy = proxies.if_contains(scheme)) request.proxy = plain_text(*proxy);
    request.timeout = std::max(seconds(number(args, "timeout", 5, kMostSeconds)), Milliseconds(1));
    request.connect_timeout = request.timeout;
    request.on_body = [](ByteView) { return true; };
    return request;
}

/// The answer, or nothing when there is none and it may be tried again.
Task<std::optional<HttpFetched>> attempt(const Fetch* fetch, HttpFetch request, bool last) {
    try {
        co_return co_await (*fetch)(std::move(request));
    } catch (const HttpClientError&) {
        if (last) throw;
    }
    co_return std::nullopt;
}

}  // namespace

Task<> call_api(const Fetch* fetch, JsonObject args) {
    const auto request = request_of(args);
    const auto retries = std::floor(number(args, "retries", 3, kMostRetries));
    auto pause = seconds(number(args, "backoff_factor", 0.3, kMostSeconds));
    if (!*fetch) throw InvalidValue("This process has no way to carry out an api-call.");
    std::optional<HttpFetched> answer;
    for (double tried = 0; !answer; ++tried) {
        if (tried > 0) {
            co_await sleep_for(std::min(pause, kLongestPause));
            pause = std::min(2 * pause, kLongestPause);
        }
        answer = co_await attempt(fetch, request, tried >= retries);
    }
    if (answer->status >= 400)
        throw Error(
            502, "inspection_failed",
            fmt::format("The api-call to {} was answered with {}.", request.url, answer->status));
}

}  // namespace ferrite::conductor
