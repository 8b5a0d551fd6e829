#include "daemon/server.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <thread>

#include <fmt/core.h>

#include "api/access_log.h"
#include "api/api.h"
#include "api/basic_auth.h"
#include "api/keystone_auth.h"
#include "base/http_client.h"
#include "base/http_server.h"
#include "base/log.h"
#include "base/periodic.h"
#include "base/runtime.h"
#include "conductor/conductor.h"
#include "conductor/membership.h"
#include "conductor/routed_client.h"
#include "conductor/rpc_client.h"
#include "conductor/rpc_server.h"
#include "daemon/boot_directory.h"
#include "daemon/cluster.h"
#include "daemon/notifications.h"
#include "daemon/settings.h"
#include "hardware/implementations.h"
#include "image/image_cache.h"
#include "ipmi/transport.h"
#include "netboot/boot_service.h"
#include "store/store.h"

namespace ferrite::daemon {
namespace {

unsigned api_threads(const Options& options) {
    if (options.api.api_workers)
        return static_cast<unsigned>(std::max(1, *options.api.api_workers));
    return std::max(2U, std::thread::hardware_concurrency());
}

store::Store::Options store_options(const Options& options) {
    auto settings = store_settings(options.database);
    settings.readers = std::max(settings.readers, api_threads(options) + 2);
    if (settings.database.is_server()) return settings;
    auto directory = std::filesystem::path(settings.database.path).parent_path();
    if (!directory.empty()) std::filesystem::create_directories(directory);
    return settings;
}

std::unique_ptr<api::AccessLog> open_access_log(Runtime& runtime, const Options& options) {
    const auto& file = options.serving.access_log;
    return file.empty() ? nullptr : std::make_unique<api::AccessLog>(runtime, file);
}

/// Null for noauth.
std::unique_ptr<api::Authenticator> authenticator(const Options& options, HttpClient& client) {
    switch (options.general.auth_strategy) {
        case AuthStrategy::noauth:
            return nullptr;
        case AuthStrategy::http_basic:
            return std::make_unique<api::BasicAuth>(options.general.http_basic_auth_user_file);
        case AuthStrategy::keystone:
            return std::make_unique<api::KeystoneAuth>(keystone_settings(options), client);
    }
    return nullptr;
}

conductor::Options conductor_options(const Options& options, HttpClient& client) {
    auto settings = conductor_settings(options);
    settings.fetch = [&client](HttpFetch request) { return client.fetch(std::move(request)); };
    return settings;
}

bool is_loopback(std::string_view address) {
    return address.starts_with("127.") || address == "::1" || address == "localhost";
}

}  // namespace

/// Everything in the order in which it depends on what stands before it.
struct Server::Parts {
    Options options;
    Runtime api_runtime;
    Runtime conductor_runtime;
    Runtime image_runtime;  ///< Image bytes are hashed and written here, and hold up nobody else.
    store::Store store;     ///< Goes before the runtimes, which it tells of what is durable.
    HttpClient http_client;
    HttpClient image_client;
    ipmi::Transport ipmi_transport;
    hardware::Bmcs bmcs;
    hardware::RedfishBmcs redfish_bmcs;
    hardware::AgentClient agent;
    image::ImageCache image_cache;
    hardware::InstanceImages images;
    hardware::PxeBoot pxe;
    hardware::Drivers drivers;
    std::shared_ptr<model::Notifier> notifier;
    conductor::Membership membership;
    std::optional<conductor::Conductor> conductor;  ///< With that role.
    std::optional<RpcAdmission> rpc_admission;      ///< Unless everybody may call.
    std::optional<conductor::RpcServer> rpc_server;
    std::optional<conductor::RpcClient> rpc_client;
    conductor::RoutedClient conductors;
    std::unique_ptr<api::AccessLog> access_log;
    api::Api api;
    NodeBootDirectory boot_directory;
    std::unique_ptr<netboot::BootService> boot;
    std::unique_ptr<HttpServer> http;
    std::optional<Periodic> cache_clean_up;

    explicit Parts(Options o)
        : options(std::move(o)),
          api_runtime({.threads = api_threads(options), .name = "api"}),
          conductor_runtime({.threads = 2, .name = "conductor"}),
          image_runtime({.threads = 2, .name = "image"}),
          store(store_options(options)),
          http_client(conductor_runtime.executor()),
          image_client(image_runtime.executor()),
          ipmi_transport(conductor_runtime),
          bmcs(ipmi_transport, ipmi_settings(options)),
          redfish_bmcs(http_client, redfish_settings(options)),
          agent(http_client, agent_settings(options)),
          image_cache(image_client, cache_settings(options)),
          images(http_client, image_cache, image_settings(options)),
          pxe(pxe_settings(options)),
          drivers(
              driver_settings(options),
              hardware::all_implementations({.bmcs = bmcs,
                                             .redfish_bmcs = redfish_bmcs,
                                             .agent = agent,
                                             .images = images,
                                             .pxe = pxe_settings(options),
                                             .direct = direct_settings(options),
                                             .fake = fake_settings(options),
                                             .agent_inspect = agent_inspect_settings(options)})),
          notifier(make_notifier(conductor_runtime, http_client, options.general.host,
                                 options.notifications, options.sensor_data)),
          membership(store, membership_settings(options)),
          // With braces: the RPC server needs the conductor.
          conductors{
              store, membership, make_conductor(), make_rpc(), {.host = options.general.host}},
          access_log(open_access_log(api_runtime, options)),
          api(with_notifier(api_settings(options)), store, conductors,
              authenticator(options, http_client), access_log.get()),
          boot_directory(store, pxe) {}

    template <class Settings>
    Settings with_notifier(Settings settings) const {
        settings.notifier = notifier;
        return settings;
    }

    ~Parts() {
        // Nothing may run any more on parts that are about to go.
        http.reset();
        rpc_server.reset();
        boot.reset();
        api_runtime.stop();
        conductor_runtime.stop();
        image_runtime.stop();
    }

    /// Null without that role.
    conductor::Client* make_conductor() {
        if (!has_role(options, Role::conductor)) return nullptr;
        auto settings = with_notifier(conductor_options(options, http_client));
        settings.rpc_endpoint = rpc_endpoint(options);
        conductor.emplace(conductor_runtime, store, drivers, std::move(settings));
        conductor->share(membership);
        return &*conductor;
    }

    /// What is needed for calls between processes; null when there are none.
    conductor::RpcClient* make_rpc() {
        if (!uses_rpc(options)) return nullptr;
        if (conductor) {
            if (options.rpc.wants_credentials()) rpc_admission.emplace(options.rpc);
            rpc_server.emplace(
                conductor_runtime.executor(),
                rpc_server_settings(options, rpc_admission ? &*rpc_admission : nullptr),
                *conductor);
        }
        return &rpc_client.emplace(http_client, rpc_client_settings(options));
    }

    void start_conductor() {
        if (rpc_server) rpc_server->start();
        if (conductor) conductor->start();
        if (rpc_server) rpc_server->open();
        membership.refresh();
        membership.start(conductor_runtime);
        if (rpc_server) log_info("RPC_READY", "endpoint={}", rpc_endpoint(options));
    }

    void make_http() {
        auto settings = http_settings(options);
        settings.body_limit = [this](const HttpRequest& head) { return api.body_limit(head); };
        settings.refusal = [this](const HttpRequest& head, int status) {
            return api.refusal(head, status);
        };
        http = std::make_unique<HttpServer>(
            api_runtime.executor(), std::move(settings),
            [this](HttpRequest request) { return api.handle(std::move(request)); });
    }

    static Task<> clean_cache(image::ImageCache* cache) {
        cache->clean();
        co_return;
    }

    /// Other processes learn of it from the calls that are declined, or when they look at the
    /// conductors next: until then there is somebody to decline. It leaves before it declines, so
    /// that whoever is declined finds another one in charge.
    static Task<> stop_conductor(Parts* parts, std::chrono::seconds timeout) {
        using Clock = std::chrono::steady_clock;
        auto until = Clock::now() + timeout;
        auto rest = [until] {
            auto left = std::chrono::ceil<std::chrono::seconds>(until - Clock::now());
            return std::max(left, std::chrono::seconds(0));
        };
        bool others = parts->membership.now()->members().size() > 1;
        co_await parts->conductor->leave();
        auto known_at = Clock::now() + parts->options.general.hash_ring_reset_interval;
        if (parts->rpc_server) co_await parts->rpc_server->leave(rest());
        bool rested = co_await parts->conductor->drain(rest());
        if (!rested)
            log_info("SERVER_INTERRUPTS", "what is under way goes on after the next start");
        if (!parts->rpc_server) co_return;
        auto left = known_at - Clock::now();
        if (others && left.count() > 0) co_await sleep_for(left);
        co_await parts->rpc_server->drain(rest());
    }

    static Task<> stop_all(Parts* parts, std::chrono::seconds timeout) {
        if (parts->http) co_await parts->http->drain(timeout);
        if (parts->conductor) co_await stop_conductor(parts, timeout);
        if (parts->boot) co_await parts->boot->stop();
    }
};

Server::Server(Options options) : parts_(std::make_unique<Parts>(std::move(options))) {}

Server::~Server() = default;

void Server::start() {
    auto& parts = *parts_;
    const auto& options = parts.options;
    if (has_role(options, Role::boot) && options.boot.active()) {
        parts.boot = std::make_unique<netboot::BootService>(
            parts.conductor_runtime, boot_settings(options), parts.boot_directory);
        parts.boot->start();
    } else {
        log_info("NETBOOT_OFF",
                 "reason=\"no [ferrite_boot]interface or listen_address is set, or "
                 "boot is none of [ferrite]roles\"");
    }
    parts.cache_clean_up.emplace(parts.image_runtime, "image cache clean-up",
                                 options.conductor.cache_clean_up_interval,
                                 [&parts] { return Parts::clean_cache(&parts.image_cache); });
    parts.start_conductor();
    if (!has_role(options, Role::api)) return;
    parts.make_http();
    parts.http->start();
    if (options.general.auth_strategy == AuthStrategy::noauth && options.api.unix_socket.empty() &&
        !is_loopback(options.api.host_ip))
        log_warning("API_WITHOUT_AUTH",
                    "address={} everybody who reaches it may do everything (auth_strategy=noauth)",
                    options.api.host_ip);
}

std::string Server::url() const {
    const auto& api = parts_->options.api;
    if (!parts_->http) return "";
    if (!api.unix_socket.empty()) return "unix:" + api.unix_socket;
    auto host = api.host_ip == "0.0.0.0" ? std::string("127.0.0.1")
                : api.host_ip == "::"    ? std::string("::1")
                                         : api.host_ip;
    if (host.find(':') != std::string::npos) host = "[" + host + "]";
    return fmt::format("{}://{}:{}", api.enable_ssl_api ? "https" : "http", host,
                       parts_->http->port());
}

void Server::reload() {
    if (parts_->access_log) parts_->access_log->reopen();
    if (parts_->http) parts_->http->reload_certificate();
}

void Server::stop(std::chrono::seconds timeout) {
    parts_->conductor_runtime.run(Parts::stop_all(parts_.get(), timeout));
}

}  // namespace ferrite::daemon
