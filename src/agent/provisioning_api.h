#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/http_client.h"
#include "base/json.h"
#include "base/mutex.h"
#include "base/secret.h"
#include "base/task.h"

namespace ferrite::agent {

/// Minor number of an API version 1.N.
using ApiMinor = unsigned;

inline constexpr ApiMinor kLookupMinor = 62;     ///< Highest the agent asks for a lookup.
inline constexpr ApiMinor kHeartbeatMinor = 68;  ///< The same for a heartbeat.
inline constexpr ApiMinor kFallbackMinor = 31;   ///< When the API does not tell its version.
inline constexpr std::size_t kMinimumTokenLength = 32;

/// What a lookup told the agent about itself.
struct LookupAnswer {
    Json node;  ///< Has at least `uuid`.
    std::string node_uuid;
    std::chrono::seconds heartbeat_timeout{300};
    std::string agent_token;                           ///< As sent; see accept_token().
    std::string minimum_tls_version;                   ///< Empty when not said.
    std::vector<std::string> permitted_image_formats;  ///< Empty when not said.
    std::optional<bool> md5_allowed;
    std::optional<bool> deep_inspection;  ///< Whether images are judged by their content.
};

/// Reads the body of a lookup; throws InvalidValue that says what is missing.
LookupAnswer parse_lookup(std::string_view body);

/// The token to use after a lookup: a new one of sufficient length replaces `held`; `******` (it
/// was handed out before) and anything else leave it. Empty: the agent has none and cannot serve.
Secret accept_token(const Secret& held, const std::string& offered);

/// `1.115` as 115; nothing for anything that is not 1.N.
std::optional<ApiMinor> parse_api_minor(std::string_view version);

/// One heartbeat (reference: agent.md section 2.6).
struct Heartbeat {
    std::string node_uuid;
    std::string callback_url;
    std::string agent_version;
    Secret agent_token;
    std::string certificate_pem;  ///< Empty when the agent made none.
};

/// How a heartbeat was received.
enum class HeartbeatOutcome { accepted, busy, failed };

/// The body of a heartbeat at that version of the API.
JsonObject heartbeat_body(const Heartbeat& beat, ApiMinor minor);

/// The agent's calls to the provisioning service. Several base URLs are tried in order; the one
/// that answers is tried first from then on.
///
///     ProvisioningApi api(client, {.urls = options.api_urls});
///     auto answer = co_await api.lookup(macs, "");   // nothing: try again later
class ProvisioningApi {
public:
    struct Options {
        std::vector<std::string> urls;
        std::vector<std::string> inspection_urls;
        std::string request_id;      ///< X-OpenStack-Request-ID when set.
        std::string pinned_version;  ///< "1.N": not asked for.
        std::string ca_file;
        bool verify_tls = true;
        std::chrono::seconds timeout{30};
    };

    ProvisioningApi(HttpClient& client, Options options);

    /// The highest version the API offers; asked once, kFallbackMinor while it does not answer.
    Task<ApiMinor> version();

    struct LookupResult {
        std::optional<LookupAnswer> answer;
        int status = 0;       ///< HTTP status, 0 when there was none.
        std::string problem;  ///< For the log when there is no answer.
    };
    Task<LookupResult> lookup(std::vector<std::string> macs, std::string node_uuid);

    Task<HeartbeatOutcome> heartbeat(Heartbeat beat);

    /// Posts an inspection document. The body of the answer when it was taken (2xx), its status
    /// otherwise in `status`; 0 when nobody answered.
    struct InspectionResult {
        int status = 0;
        std::string body;
    };
    Task<InspectionResult> post_inspection(JsonObject document);

    /// The base URL that answered last, or the first.
    std::string current_url() const;

private:
    HttpFetch prepare(std::string method, std::string body, std::optional<ApiMinor> minor) const;
    Task<HttpFetched> fetch_any(HttpFetch request, std::string path);
    void prefer(const std::string& url);
    std::vector<std::string> urls() const;

    HttpClient& client_;
    Options options_;
    mutable Mutex mutex_;
    std::vector<std::string> urls_ FERRITE_GUARDED_BY(mutex_);
    std::optional<ApiMinor> minor_ FERRITE_GUARDED_BY(mutex_);
};

}  // namespace ferrite::agent
