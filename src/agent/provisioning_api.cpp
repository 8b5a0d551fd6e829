#include "agent/provisioning_api.h"

#include <algorithm>
#include <charconv>

#include <fmt/core.h>

#include "base/log.h"

namespace ferrite::agent {
namespace {

constexpr ApiMinor kAgentVersionMinor = 36;
constexpr ApiMinor kTokenMinor = 62;
constexpr ApiMinor kCertificateMinor = 68;

std::optional<bool> optional_flag(const Json& object, std::string_view key) {
    const Json& value = member(object, key);
    if (!value.is_bool()) return std::nullopt;
    return value.as_bool();
}

std::chrono::seconds heartbeat_timeout_of(const Json& document, const Json& config) {
    for (const Json* place :
         {&member(config, "heartbeat_timeout"), &member(document, "heartbeat_timeout")}) {
        if (!place->is_number()) continue;
        auto seconds = place->is_double() ? place->as_double() : place->to_number<double>();
        return std::chrono::seconds(static_cast<long>(std::clamp(seconds, 1.0, 86400.0)));
    }
    throw InvalidValue("the lookup has no config.heartbeat_timeout");
}

}  // namespace

LookupAnswer parse_lookup(std::string_view body) {
    auto document = parse_json(body, 64);
    const Json& config = member(document, "config");
    LookupAnswer answer;
    answer.node = member(document, "node");
    answer.node_uuid = string_member(answer.node, "uuid");
    if (answer.node_uuid.empty()) throw InvalidValue("the lookup has no node.uuid");
    answer.heartbeat_timeout = heartbeat_timeout_of(document, config);
    answer.agent_token = string_member(config, "agent_token");
    auto tls = string_member(config, "tls_min_version");
    if (tls == "1.2" || tls == "1.3") answer.minimum_tls_version = tls;
    if (const Json& formats = member(config, "permitted_image_formats"); formats.is_array())
        for (const auto& format : formats.as_array())
            if (format.is_string()) answer.permitted_image_formats.emplace_back(format.as_string());
    answer.md5_allowed = optional_flag(config, "agent_md5_checksum_enable");
    if (auto disabled = optional_flag(config, "disable_deep_image_inspection"))
        answer.deep_inspection = !*disabled;
    return answer;
}

Secret accept_token(const Secret& held, const std::string& offered) {
    return offered.size() >= kMinimumTokenLength ? Secret(offered) : held;
}

std::optional<ApiMinor> parse_api_minor(std::string_view version) {
    if (!version.starts_with("1.")) return std::nullopt;
    version.remove_prefix(2);
    ApiMinor minor = 0;
    auto [end, error] = std::from_chars(version.data(), version.data() + version.size(), minor);
    if (error != std::errc{} || end != version.data() + version.size()) return std::nullopt;
    return minor;
}

JsonObject heartbeat_body(const Heartbeat& beat, ApiMinor minor) {
    JsonObject body{{"callback_url", beat.callback_url}};
    if (minor >= kAgentVersionMinor) body["agent_version"] = beat.agent_version;
    if (minor >= kTokenMinor)
        body["agent_token"] =
            beat.agent_token.empty() ? Json(nullptr) : Json(beat.agent_token.reveal());
    if (minor >= kCertificateMinor && !beat.certificate_pem.empty())
        body["agent_verify_ca"] = beat.certificate_pem;
    return body;
}

ProvisioningApi::ProvisioningApi(HttpClient& client, Options options)
    : client_(client), options_(std::move(options)) {
    MutexLock lock(mutex_);
    urls_ = options_.urls;
    minor_ = parse_api_minor(options_.pinned_version);
}

Task<ApiMinor> ProvisioningApi::version() {
    {
        MutexLock lock(mutex_);
        if (minor_) co_return *minor_;
    }
    try {
        auto answer = co_await fetch_any(prepare("GET", "", std::nullopt), "/");
        auto document = parse_json(answer.body, 64);
        auto minor = parse_api_minor(string_member(member(document, "default_version"), "version"));
        if (minor) {
            MutexLock lock(mutex_);
            minor_ = minor;
            co_return *minor;
        }
        log_warning("AGENT_API_VERSION_UNKNOWN", "url={} status={}", current_url(), answer.status);
    } catch (const Error& error) {
        log_warning("AGENT_API_VERSION_UNKNOWN", "cause=\"{}\"", error.message());
    }
    co_return kFallbackMinor;
}

Task<ProvisioningApi::LookupResult> ProvisioningApi::lookup(std::vector<std::string> macs,
                                                            std::string node_uuid) {
    auto minor = std::min(co_await version(), kLookupMinor);
    std::string list;
    for (const auto& mac : macs) list += (list.empty() ? "" : ",") + mac;
    auto path = "/v1/lookup?addresses=" + percent_encode(list);
    if (!node_uuid.empty()) path += "&node_uuid=" + percent_encode(node_uuid);
    LookupResult result;
    try {
        auto answer = co_await fetch_any(prepare("GET", "", minor), path);
        result.status = answer.status;
        if (answer.status == 200) {
            result.answer = parse_lookup(answer.body);
        } else {
            result.problem = fmt::format("HTTP {}", answer.status);
        }
    } catch (const Error& error) {
        result.problem = error.message();
    }
    co_return result;
}

Task<HeartbeatOutcome> ProvisioningApi::heartbeat(Heartbeat beat) {
    auto minor = std::min(co_await version(), kHeartbeatMinor);
    try {
        auto answer =
            co_await fetch_any(prepare("POST", to_text(heartbeat_body(beat, minor)), minor),
                               "/v1/heartbeat/" + percent_encode(beat.node_uuid));
        if (answer.status == 202) co_return HeartbeatOutcome::accepted;
        log_warning("AGENT_HEARTBEAT_REFUSED", "node={} status={} body=\"{}\"", beat.node_uuid,
                    answer.status, answer.body.substr(0, 300));
        co_return answer.status == 409 ? HeartbeatOutcome::busy : HeartbeatOutcome::failed;
    } catch (const Error& error) {
        log_warning("AGENT_HEARTBEAT_LOST", "node={} cause=\"{}\"", beat.node_uuid,
                    error.message());
        co_return HeartbeatOutcome::failed;
    }
}

Task<ProvisioningApi::InspectionResult> ProvisioningApi::post_inspection(JsonObject document) {
    auto targets = options_.inspection_urls;
    if (targets.empty())
        for (const auto& url : urls()) targets.push_back(url + "/v1/continue_inspection");
    InspectionResult result;
    const auto body = to_text(Json(std::move(document)));
    for (const auto& target : targets) {
        // Without a version header on purpose: the service reads this call in its oldest dialect.
        auto request = prepare("POST", body, std::nullopt);
        request.url = target;
        try {
            auto answer = co_await client_.fetch(std::move(request));
            co_return InspectionResult{answer.status, answer.body};
        } catch (const Error& error) {
            log_warning("AGENT_INSPECTION_LOST", "url={} cause=\"{}\"", target, error.message());
        }
    }
    co_return result;
}

std::string ProvisioningApi::current_url() const {
    MutexLock lock(mutex_);
    return urls_.empty() ? std::string() : urls_.front();
}

HttpFetch ProvisioningApi::prepare(std::string method, std::string body,
                                   std::optional<ApiMinor> minor) const {
    HttpFetch request;
    request.method = std::move(method);
    request.body = std::move(body);
    request.headers.set("Content-Type", "application/json");
    request.headers.set("Accept", "application/json");
    if (minor) request.headers.set("X-OpenStack-Ironic-API-Version", fmt::format("1.{}", *minor));
    if (!options_.request_id.empty())
        request.headers.set("X-OpenStack-Request-ID", options_.request_id);
    request.timeout = options_.timeout;
    request.connect_timeout = options_.timeout;
    request.verify_tls = options_.verify_tls;
    request.ca_file = options_.ca_file;
    return request;
}

/// The answer of the first URL that gives one, whatever its status; throws when none does.
Task<HttpFetched> ProvisioningApi::fetch_any(HttpFetch request, std::string path) {
    std::exception_ptr last;
    for (const auto& url : urls()) {
        auto attempt = request;
        attempt.url = url + path;
        try {
            auto answer = co_await client_.fetch(std::move(attempt));
            prefer(url);
            co_return answer;
        } catch (const HttpClientError&) {
            last = std::current_exception();
        }
    }
    if (last) std::rethrow_exception(last);
    throw InvalidValue("no API URL was given (kernel parameter ipa-api-url)");
}

void ProvisioningApi::prefer(const std::string& url) {
    MutexLock lock(mutex_);
    auto found = std::ranges::find(urls_, url);
    if (found != urls_.end()) std::rotate(urls_.begin(), found, urls_.end());
}

std::vector<std::string> ProvisioningApi::urls() const {
    MutexLock lock(mutex_);
    return urls_;
}

}  // namespace ferrite::agent
