#include "daemon/cluster.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "api/fingerprint.h"
#include "base/error.h"

namespace ferrite::daemon {
namespace {

constexpr std::array<std::string_view, 3> kRoleNames = {"api", "conductor", "boot"};

bool is_loopback(std::string_view address) {
    return address.starts_with("127.") || address == "::1" || address == "localhost";
}

bool is_everything(std::string_view address) {
    return address == "::" || address == "0.0.0.0";
}

void check_roles(const Options& options, std::vector<std::string>& errors) {
    const auto& roles = options.roles.roles;
    for (const auto& role : roles)
        if (std::ranges::find(kRoleNames, role) == kRoleNames.end())
            errors.push_back(fmt::format("[ferrite]roles: '{}' is none of {}", role,
                                         fmt::join(kRoleNames, ", ")));
    if (roles.empty())
        errors.push_back(
            fmt::format("[ferrite]roles is empty: name some of {}", fmt::join(kRoleNames, ", ")));
    bool joined = has_role(options, Role::api) != has_role(options, Role::conductor);
    if (joined && !uses_rpc(options))
        errors.push_back(
            "[ferrite]roles has one of api and conductor without the other: needs "
            "[DEFAULT]rpc_transport = json-rpc, by which they reach each other");
}

void check_caller(const RpcOptions& rpc, std::vector<std::string>& errors) {
    if (rpc.auth_strategy == RpcAuth::keystone)
        errors.push_back(
            "[json_rpc]auth_strategy = keystone: calls between processes are not authenticated by "
            "Keystone here; use http_basic, with the same username and password on all");
    if (rpc.wants_credentials() && (rpc.username.empty() || rpc.password.empty()))
        errors.push_back(
            "[json_rpc]auth_strategy = http_basic: needs username and password in [json_rpc], as "
            "whom this process calls others");
}

/// A conductor that takes calls does what they say to machines.
void check_listener(const Options& options, std::vector<std::string>& errors,
                    std::vector<std::string>& warnings) {
    const auto& rpc = options.rpc;
    if (rpc.use_ssl && (rpc.cert_file.empty() || rpc.key_file.empty()))
        errors.push_back("[json_rpc]use_ssl = true: needs [json_rpc]cert_file and key_file");
    if (is_loopback(rpc.address())) return;
    if (!rpc.wants_credentials())
        errors.push_back(fmt::format(
            "[json_rpc]host_ip = {}: everybody who reaches it could drive the machines; set "
            "[json_rpc]username and password, the same on all, or host_ip = 127.0.0.1",
            rpc.address()));
    if (!rpc.use_ssl)
        warnings.push_back(fmt::format(
            "[json_rpc]use_ssl = false: what processes tell each other, passwords of BMCs too, "
            "goes to {} in clear text; let nobody else into that network, or use TLS",
            rpc.address()));
}

HttpResponse unauthorised() {
    HttpResponse response;
    response.status = 401;
    response.headers.set("WWW-Authenticate", R"(Basic realm="Conductor")");
    response.headers.set("Content-Type", "text/plain; charset=utf-8");
    response.body = "This conductor takes calls of those who have its user name and password.\n";
    return response;
}

}  // namespace

bool has_role(const Options& options, Role role) {
    auto name = kRoleNames[static_cast<std::size_t>(role)];
    return std::ranges::find(options.roles.roles, name) != options.roles.roles.end();
}

void check_cluster(const Options& options, std::vector<std::string>& errors,
                   std::vector<std::string>& warnings) {
    check_roles(options, errors);
    if (options.general.rpc_transport == RpcTransport::oslo)
        warnings.push_back(
            "[DEFAULT]rpc_transport = oslo: there is no message bus here, and this process works "
            "alone; json-rpc joins several");
    if (!uses_rpc(options)) return;
    check_caller(options.rpc, errors);
    if (has_role(options, Role::conductor)) check_listener(options, errors, warnings);
}

bool uses_rpc(const Options& options) {
    return options.general.rpc_transport == RpcTransport::json_rpc;
}

std::string rpc_endpoint(const Options& options) {
    if (!uses_rpc(options)) return "";
    const auto& rpc = options.rpc;
    auto address = rpc.address();
    bool by_name = is_everything(address) || (rpc.use_ssl && !is_loopback(address));
    auto host = by_name ? options.general.host : address;
    if (host.find(':') != std::string::npos) host = "[" + host + "]";
    return fmt::format("{}://{}:{}", rpc.use_ssl ? "https" : "http", host, rpc.port);
}

conductor::Membership::Options membership_settings(const Options& options) {
    return {.heartbeat_timeout = options.conductor.heartbeat_timeout,
            .reset_interval = options.general.hash_ring_reset_interval,
            .ring = {.partition_exponent = options.general.hash_partition_exponent,
                     .algorithm = options.general.hash_ring_algorithm},
            .self = has_role(options, Role::conductor) ? options.general.host : std::string()};
}

conductor::RpcClient::Options rpc_client_settings(const Options& options) {
    const auto& rpc = options.rpc;
    conductor::RpcClient::Options client{
        .ca_file = rpc.cafile,
        .verify_tls = !rpc.insecure,
        .timeout = rpc.timeout.value_or(options.general.rpc_response_timeout)};
    if (rpc.wants_credentials()) {
        client.username = rpc.username;
        client.password = rpc.password;
    }
    return client;
}

conductor::RpcServer::Options rpc_server_settings(const Options& options, RpcAdmission* admission) {
    const auto& rpc = options.rpc;
    conductor::RpcServer::Options server;
    server.http.address = rpc.address();
    server.http.port = rpc.port;
    if (rpc.use_ssl)
        server.http.tls = {.certificate_file = rpc.cert_file,
                           .key_file = rpc.key_file,
                           .minimum_version = rpc.tls_minimum_version,
                           .ciphers = rpc.tls_ciphers};
    if (admission) {
        server.admit = [admission](const HttpRequest* request) {
            return admission->admit(request);
        };
        server.recognise = [admission](const HttpRequest& head) {
            return admission->recognise(head);
        };
    }
    return server;
}

RpcAdmission::RpcAdmission(const RpcOptions& options)
    : username_(options.username), password_(options.password) {
    if (!options.http_basic_auth_user_file.empty())
        users_.emplace(options.http_basic_auth_user_file);
}

Task<std::optional<HttpResponse>> RpcAdmission::admit(const HttpRequest* request) {
    if (users_) {
        auto decision = co_await users_->authenticate(request);
        co_return std::move(decision.refusal);
    }
    if (!recognise(*request)) co_return unauthorised();
    co_return std::nullopt;
}

bool RpcAdmission::recognise(const HttpRequest& head) const {
    auto header = head.headers.get("Authorization");
    if (users_) return !header.empty();
    try {
        auto sent = api::parse_basic(header);
        // Fingerprints, so that the time it takes tells nothing of how much of it was right.
        return api::fingerprint(sent.user + ":" + sent.password.reveal()) ==
               api::fingerprint(username_ + ":" + password_.reveal());
    } catch (const InvalidValue&) {
        return false;
    }
}

}  // namespace ferrite::daemon
