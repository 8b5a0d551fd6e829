#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include "base/circuit_breaker.h"
#include "base/http_client.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/task.h"
#include "base/urgency.h"
#include "redfish/error.h"

namespace ferrite::redfish {

/// How to prove who we are. `automatic` asks for a session and takes basic authentication when the
/// service has none to give.
enum class Authentication { automatic, basic, session };

/// Where a Redfish service is and how to speak to it.
struct ClientOptions {
    std::string address;                ///< Scheme, host and port: `https://10.0.0.7:8443`.
    std::string root = "/redfish/v1/";  ///< Path of the service root, with a slash at its end.
    std::string user;                   ///< Empty: no authentication.
    Secret password;
    Authentication authentication = Authentication::automatic;
    bool verify_tls = true;
    std::string ca_file;  ///< PEM bundle in place of the system's.
    std::chrono::milliseconds connect_timeout{30'000};
    std::chrono::milliseconds read_timeout{60'000};  ///< From the connection to the whole answer.
    unsigned attempts = 5;                           ///< When there is no connection.
    std::chrono::milliseconds retry_interval{4'000};
    CircuitBreaker::Settings breaker;  ///< When polls of a silent service are left out.
};

/// Splits what an operator writes as address of a service, such as `10.0.0.7` or
/// `https://bmc.example/redfish/v1`, into `address` and `root`. The scheme is https when none is
/// given. Throws InvalidValue that says what is wrong with it.
ClientOptions options_for_address(std::string_view text);

/// A Redfish service (DMTF DSP0266), usually a BMC: JSON over HTTP with its way to log in.
///
/// A session is opened with the first request and again when the service drops it; it is left to
/// end by itself. Redirects are not followed, so that credentials never go elsewhere. Repeats a
/// request when there was no connection, never one that may have been carried out.
///
///     Client bmc(http, options_for_address("10.0.0.7"));
///     Json root = co_await bmc.get("/redfish/v1/");
///
/// All coroutines may be called from any executor and go on there; the client outlives them.
/// Errors: all throw redfish::Error. A poll is tried once, and may throw CircuitOpen.
class Client {
public:
    Client(HttpClient& http, ClientOptions options)
        : http_(http), options_(std::move(options)), breaker_(options_.breaker) {}
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    const ClientOptions& options() const { return options_; }

    /// The JSON document at `path`, which is what `@odata.id` members hold.
    Task<Json> get(std::string path, Urgency urgency = Urgency::user);
    /// Done when the service has taken it (2xx), which may be before it is carried out.
    Task<> post(std::string path, JsonObject body);
    Task<> patch(std::string path, JsonObject body);
    /// Adds to the collection at `path`; returns the path of what is new, empty when it is not
    /// said.
    Task<std::string> create(std::string path, JsonObject body);
    Task<> remove(std::string path);

    /// Path of a computer system: `id` as a path or as the last word of one; when empty, the
    /// service's only system. Throws InvalidValue, which lists them, when there are several.
    Task<std::string> system_path(std::string id, Urgency urgency = Urgency::user);

private:
    struct Proof;  ///< What goes along with one request.

    Task<HttpFetched> exchange(std::string method, std::string path, std::string body,
                               Urgency urgency = Urgency::user);
    Task<HttpFetched> send(HttpFetch request, Urgency urgency);
    Task<> log_in(Urgency urgency);
    HttpFetch make_fetch(std::string method, const std::string& path, std::string body) const;
    Proof proof() const;
    void settle(std::string token);
    void forget(const std::string& token);
    [[noreturn]] void fail(const HttpFetch& request, const HttpFetched& answer) const;

    HttpClient& http_;
    const ClientOptions options_;
    CircuitBreaker breaker_;
    mutable std::mutex mutex_;
    /// Token of the session, empty for basic authentication; nothing before the login.
    std::optional<std::string> token_;
    std::string only_system_;
};

}  // namespace ferrite::redfish
