#include "agent/agent.h"

#include <atomic>
#include <random>

#include <fmt/core.h>
#include <unistd.h>

#include "agent/agent_api.h"
#include "agent/agent_error.h"
#include "agent/bootloader.h"
#include "agent/command_board.h"
#include "agent/erase_steps.h"
#include "agent/heartbeat_pace.h"
#include "agent/image_deployer.h"
#include "agent/inspection.h"
#include "agent/inventory.h"
#include "agent/kept_state.h"
#include "agent/network_interfaces.h"
#include "agent/provisioning_api.h"
#include "agent/root_hints.h"
#include "agent/standby_commands.h"
#include "agent/system_logs.h"
#include "base/http_server.h"
#include "base/log.h"
#include "base/runtime.h"
#include "base/udp_socket.h"

namespace ferrite::agent {
namespace {

constexpr unsigned kServiceThreads = 2;  // Command API and heartbeats: never blocked.
constexpr unsigned kWorkThreads = 6;     // Erasing and writing block theirs.
constexpr std::chrono::seconds kWithoutToken{30};
constexpr int kAddressTries = 6;

double random_number() {
    thread_local std::mt19937_64 generator{std::random_device{}()};
    return std::uniform_real_distribution<double>(0, 1)(generator);
}

std::string host_name() {
    char name[256] = {};
    ::gethostname(name, sizeof name - 1);
    return name;
}

std::string host_of_url(std::string_view url) {
    auto authority = url.substr(url.find("://") + 3);
    authority = authority.substr(0, authority.find('/'));
    if (authority.starts_with('['))
        return std::string(authority.substr(1, authority.find(']') - 1));
    return std::string(authority.substr(0, authority.find(':')));
}

std::string url_host(const IpAddress& address) {
    return address.is_v4() ? address.to_text() : "[" + address.to_text() + "]";
}

/// Only an agent that has no service takes its node from a command.
Task<Json> refuse_node_info(JsonObject) {
    throw AgentError(Fault::invalid_command, "the node is known from the lookup");
    co_return nullptr;
}

}  // namespace

struct Agent::State {
    explicit State(Settings s)
        : settings(std::move(s)),
          options(settings.options),
          machine(settings.roots),
          service({.threads = kServiceThreads, .name = "service"}),
          work({.threads = kWorkThreads, .name = "work"}),
          client(service.executor()),
          image_client(work.executor()),
          api(client, {.urls = options.api_urls,
                       .inspection_urls = options.inspection_urls,
                       .request_id = options.request_id,
                       .pinned_version = options.pinned_api_version,
                       .ca_file = options.ca_file,
                       .verify_tls = !options.insecure,
                       .timeout = options.http_timeout}),
          inventory(machine, options.boot_interface),
          deployer(machine, node, image_client),
          steps(node),
          board(work),
          agent_api(board, settings.version) {
        kept = load_state(settings.state_directory);
        if (!options.agent_token.empty()) kept.token = options.agent_token;
        add_commands();
    }

    ~State() {
        service.stop();
        work.stop();
    }

    Task<> live();
    Task<std::string> inspect();
    Task<LookupAnswer> lookup(std::string node_uuid);
    Task<LookupAnswer> lookup_with_token(std::string node_uuid);
    Task<IpAddress> own_address();
    Task<> serve(LookupAnswer found, IpAddress address);
    Task<> beat_until_lockdown(Heartbeat beat, std::chrono::seconds timeout);

    void add_commands();
    void apply(const LookupAnswer& found);
    Task<Json> hardware_info();
    Task<Json> system_logs();
    Task<Json> lock_down();
    void wake_heartbeat();

    Settings settings;
    const AgentOptions& options;
    MachineFiles machine;
    KnownNode node;
    KeptState kept;
    std::atomic<bool> locked_down{false};
    Mutex mutex;
    std::shared_ptr<Signal> wake FERRITE_GUARDED_BY(mutex) = std::make_shared<Signal>();
    Runtime service;
    Runtime work;
    HttpClient client;
    HttpClient image_client;
    ProvisioningApi api;
    Inventory inventory;
    ImageDeployer deployer;
    StepBook steps;
    CommandBoard board;
    AgentApi agent_api;
};

Agent::Agent(Settings settings) : state_(std::make_unique<State>(std::move(settings))) {}

Agent::~Agent() = default;

void Agent::run() {
    state_->service.run(state_->live());
}

Task<> Agent::State::live() {
    std::string node_uuid;
    bool to_inspect = !options.inspection_urls.empty() ||
                      (!options.inspection_collectors.empty() && !options.api_urls.empty());
    if (to_inspect) node_uuid = co_await inspect();
    if (options.api_urls.empty()) {
        if (!to_inspect) throw InvalidValue("no ipa-api-url on the kernel command line");
        log_info("AGENT_INSPECTION_ONLY", "next=\"waiting to be switched off\"");
        while (true) co_await sleep_for(std::chrono::hours(1));
    }
    auto found = co_await lookup_with_token(std::move(node_uuid));
    auto address = co_await own_address();
    co_await serve(std::move(found), address);
}

Task<std::string> Agent::State::inspect() {
    InspectionInput input;
    input.collectors = options.inspection_collectors;
    input.inventory = inventory.collect();
    input.pci_devices = list_pci_devices(machine);
    input.system_logs = collect_system_logs(machine, settings.log_files, input.inventory);
    try {
        input.root_disk =
            choose_root_disk(list_disks(machine), nullptr, options.minimum_root_bytes);
    } catch (const AgentError& error) {
        log_info("AGENT_NO_ROOT_DISK", "cause=\"{}\"", error.message());
    }
    auto uuid = co_await post_inspection(&api, inspection_document(std::move(input)));
    co_return uuid.value_or("");
}

/// Asks until the service knows this machine; throws when the time for it is over.
Task<LookupAnswer> Agent::State::lookup(std::string node_uuid) {
    auto deadline = std::chrono::steady_clock::now() + options.lookup_timeout;
    unsigned failures = 0, conflicts = 0;
    while (true) {
        auto result = co_await api.lookup(inventory.mac_addresses(), node_uuid);
        if (result.answer) co_return std::move(*result.answer);
        bool conflict = result.status == 409;
        if (conflict) ++conflicts;
        ++failures;
        log_warning("AGENT_LOOKUP_FAILED", "try={} status={} cause=\"{}\"", failures, result.status,
                    result.problem);
        if (std::chrono::steady_clock::now() >= deadline)
            throw NotFound(fmt::format(
                "no node for this machine within {} s: is one enrolled with a port of one of its "
                "MAC addresses, and in a state that boots the agent?",
                options.lookup_timeout.count()));
        co_await sleep_for(
            lookup_pause(failures, conflicts, conflict, options.lookup_interval, random_number()));
    }
}

/// A service hands its token out once. An agent without one has no way to prove itself, so it waits
/// until the service has forgotten its predecessor.
Task<LookupAnswer> Agent::State::lookup_with_token(std::string node_uuid) {
    while (true) {
        auto found = co_await lookup(node_uuid);
        kept.token = accept_token(kept.token, found.agent_token);
        if (!kept.token.empty()) {
            save_state(settings.state_directory, kept);
            log_info("AGENT_NODE_FOUND", "node={}", found.node_uuid);
            apply(found);
            co_return found;
        }
        log_error("AGENT_TOKEN_MISSING",
                  "node={} cause=\"the service gave the token to someone "
                  "before\" remedy=\"power-cycle the machine through the service\"",
                  found.node_uuid);
        co_await sleep_for(kWithoutToken);
    }
}

void Agent::State::apply(const LookupAnswer& found) {
    node.set(found.node);
    ImageDeployer::Options images;
    if (found.md5_allowed.has_value())
        images.md5 = *found.md5_allowed ? image::Md5Policy::allowed : image::Md5Policy::refused;
    if (!found.permitted_image_formats.empty())
        images.formats.permitted = found.permitted_image_formats;
    images.formats.inspect_content = found.deep_inspection.value_or(true);
    images.minimum_root_bytes = options.minimum_root_bytes;
    images.disk_wait_attempts = options.disk_wait_attempts;
    images.disk_wait_delay = options.disk_wait_delay;
    images.retries = options.download_retries;
    images.retry_interval = options.download_retry_interval;
    images.connect_timeout = options.download_connect_timeout;
    images.verify_tls = !options.insecure;
    images.ca_file = options.ca_file;
    deployer.configure(std::move(images));
}

/// Where the service can reach this machine.
Task<IpAddress> Agent::State::own_address() {
    if (!options.advertise_host.empty()) {
        if (auto given = IpAddress::parse(options.advertise_host)) co_return *given;
        co_return co_await resolve_host(options.advertise_host);
    }
    for (int attempt = 1; attempt <= kAddressTries; ++attempt) {
        for (const auto& interface : list_network_interfaces(machine))
            if (interface.name == options.network_interface && interface.ipv4_address)
                co_return IpAddress::parse(*interface.ipv4_address).value_or(IpAddress());
        try {
            auto peer = co_await resolve_host(host_of_url(api.current_url()));
            if (auto address = source_address_towards(peer)) co_return *address;
        } catch (const Error& error) {
            log_warning("AGENT_API_HOST_UNKNOWN", "cause=\"{}\"", error.message());
        }
        if (attempt < kAddressTries) co_await sleep_for(std::chrono::seconds(attempt));
    }
    throw Error(503, "no_address", "this machine has no address towards the service");
}

Task<> Agent::State::serve(LookupAnswer found, IpAddress address) {
    HttpServer::Options server_options;
    server_options.address = !options.listen_host.empty() ? options.listen_host
                             : address.is_v4()            ? "0.0.0.0"
                                                          : "::";
    server_options.port = options.listen_port;
    server_options.body_limit = [this](const HttpRequest& head) {
        return agent_api.body_limit(head);
    };
    server_options.tls.minimum_version =
        found.minimum_tls_version.empty() ? options.minimum_tls_version : found.minimum_tls_version;
    bool tls = options.auto_tls && co_await api.version() >= kHeartbeatMinor;
    if (tls) {
        if (kept.certificate.certificate_pem.empty() || kept.address != address.to_text()) {
            kept.certificate =
                make_certificate(host_name(), address, std::chrono::system_clock::now());
            kept.address = address.to_text();
            save_state(settings.state_directory, kept);
        }
        server_options.tls.certificate_pem = kept.certificate.certificate_pem;
        server_options.tls.key_pem = kept.certificate.key_pem;
    }
    agent_api.set_token(kept.token);
    auto handler = [this](HttpRequest request) { return agent_api.answer(std::move(request)); };
    HttpServer server(service.executor(), std::move(server_options), handler);
    server.start();

    Heartbeat beat{.node_uuid = found.node_uuid,
                   .callback_url = fmt::format("{}://{}:{}", tls ? "https" : "http",
                                               url_host(address), options.advertise_port),
                   .agent_version = settings.version,
                   .agent_token = kept.token,
                   .certificate_pem = tls ? kept.certificate.certificate_pem : std::string()};
    log_info("AGENT_SERVING", "node={} url={}", beat.node_uuid, beat.callback_url);
    co_await beat_until_lockdown(std::move(beat), found.heartbeat_timeout);
    co_await server.drain(std::chrono::seconds(2));
    take_network_down(machine);
    log_info("AGENT_LOCKED_DOWN", "next=\"waiting to be switched off\"");
    while (true) co_await sleep_for(std::chrono::hours(1));
}

Task<> Agent::State::beat_until_lockdown(Heartbeat beat, std::chrono::seconds timeout) {
    HeartbeatPace pace(timeout);
    while (!locked_down) {
        std::shared_ptr<Signal> woken;
        {
            MutexLock lock(mutex);
            // Armed before the heartbeat: what ends while it is under way wakes the next one.
            wake = woken = std::make_shared<Signal>();
        }
        bool unread = board.has_unread_result();
        auto outcome = co_await api.heartbeat(beat);
        bool accepted = outcome == HeartbeatOutcome::accepted;
        auto pause = accepted ? pace.after_success(unread, random_number())
                              : pace.after_failure(random_number());
        if (co_await woken->wait_for(pause)) continue;
        // A repetition was due, but the service has looked at the result in the meantime.
        if (accepted && unread && !board.has_unread_result())
            co_await woken->wait_for(pace.after_success(false, random_number()));
    }
}

void Agent::State::wake_heartbeat() {
    MutexLock lock(mutex);
    wake->set();
}

void Agent::State::add_commands() {
    add_erase_steps(steps, machine, work);
    add_standby_commands(board, steps, deployer, machine, work);
    add_bootloader_command(board, deployer, machine);
    steps.install(board);
    using Kind = Command::Kind;
    board.add("poll.get_hardware_info",
              {Kind::sync, [this](JsonObject) { return hardware_info(); }});
    board.add("poll.set_node_info", {Kind::sync, refuse_node_info});
    board.add("log.collect_system_logs",
              {Kind::sync, [this](JsonObject) { return system_logs(); }});
    board.add("system.lockdown", {Kind::sync, [this](JsonObject) { return lock_down(); }});
    board.on_finished([this] { wake_heartbeat(); });
}

Task<Json> Agent::State::hardware_info() {
    co_return inventory.collect();
}

Task<Json> Agent::State::system_logs() {
    co_return JsonObject{
        {"system_logs", collect_system_logs(machine, settings.log_files, inventory.collect())}};
}

Task<Json> Agent::State::lock_down() {
    locked_down = true;
    wake_heartbeat();
    co_return nullptr;
}

}  // namespace ferrite::agent
