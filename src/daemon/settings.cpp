#include "daemon/settings.h"

#include <charconv>

#include <fmt/core.h>

#include "base/error.h"
#include "daemon/network_interface.h"

namespace ferrite::daemon {
namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;

std::vector<std::filesystem::path> paths(const std::vector<std::string>& texts) {
    return {texts.begin(), texts.end()};
}

/// The directories of files that the configuration itself names are as good as allowed.
std::vector<std::filesystem::path> allowed_paths(const Options& options) {
    auto allowed = paths(options.conductor.file_url_allowed_paths);
    for (std::string file : {options.conductor.deploy_kernel, options.conductor.deploy_ramdisk}) {
        if (file.starts_with("file://")) file.erase(0, 7);
        if (file.starts_with('/')) allowed.push_back(std::filesystem::path(file).parent_path());
    }
    return allowed;
}

std::string default_boot_mode(const Options& options) {
    return options.deploy.default_boot_mode == BootMode::bios ? "bios" : "uefi";
}

std::string without_slash(std::string url) {
    while (url.ends_with('/')) url.pop_back();
    return url;
}

image::FormatRules format_rules(const Options& options) {
    return {.permitted = options.conductor.permitted_image_formats,
            .inspect_content = !options.conductor.disable_deep_image_inspection};
}

image::Md5Policy md5_policy(const Options& options) {
    return options.agent.allow_md5_checksum ? image::Md5Policy::allowed : image::Md5Policy::refused;
}

image::HttpAccess web_access(const Options& options) {
    image::HttpAccess access;
    const auto& verify = options.general.webserver_verify_ca;
    access.verify_tls = verify != "false" && verify != "False" && verify != "0";
    if (verify.starts_with('/')) access.ca_file = verify;
    access.connect_timeout = options.general.webserver_connection_timeout;
    return access;
}

}  // namespace

std::string machines_address(const Options& options) {
    if (!options.boot.active()) return options.general.my_ip;
    if (!options.boot.listen_address.empty()) return options.boot.listen_address;
    return network_interface(options.boot.interface).address.to_text();
}

std::string agents_api_url(const Options& options) {
    if (!options.deploy.external_callback_url.empty())
        return without_slash(options.deploy.external_callback_url);
    if (!options.api.public_endpoint.empty()) return without_slash(options.api.public_endpoint);
    return fmt::format("{}://{}:{}", options.api.enable_ssl_api ? "https" : "http",
                       machines_address(options), options.api.port);
}

std::string boot_url(const Options& options) {
    if (!options.boot.external_url.empty()) return without_slash(options.boot.external_url);
    return fmt::format("http://{}:{}", machines_address(options), options.boot.http_port);
}

api::ApiOptions api_settings(const Options& options) {
    api::ApiOptions api;
    api.public_endpoint = options.api.public_endpoint;
    api.enable_proxy_headers_parsing = options.middleware.enable_proxy_headers_parsing;
    api.max_limit = options.api.max_limit;
    if (const auto& release = options.general.pin_release_version; !release.empty()) {
        auto version = model::version_of_release(release);
        if (!version)
            throw InvalidValue(fmt::format(
                "Option [DEFAULT]pin_release_version: '{}' is no release that is known here.",
                release));
        api.max_version = *version;
    }
    api.max_json_body_depth = options.api.max_json_body_depth;
    api.max_json_body_size = options.api.max_json_body_size * 1024;
    api.max_json_body_size_provision = options.api.max_json_body_size_provision * 1024;
    api.max_json_body_size_inspection = options.api.max_json_body_size_inspection * 1024;
    api.policy = {.file = options.policy.policy_file,
                  .directories = options.policy.policy_dirs,
                  .enforce_scope = options.policy.enforce_scope,
                  .enforce_new_defaults = options.policy.enforce_new_defaults};
    if (options.general.rbac_service_role_elevated_access)
        api.policy.service_project = options.general.rbac_service_project_name;
    api.project_admin_can_manage_own_nodes = options.api.project_admin_can_manage_own_nodes;
    api.disallowed_enrollment_boot_modes = options.api.disallowed_enrollment_boot_modes;
    api.disallow_clean_steps = options.api.disallow_clean_steps;
    api.disallow_deploy_steps = options.api.disallow_deploy_steps;
    api.disallow_service_steps = options.api.disallow_service_steps;
    if (!options.general.default_resource_class.empty())
        api.default_resource_class = options.general.default_resource_class;
    api.default_conductor_group = options.general.default_conductor_group;
    api.default_portgroup_mode = options.general.default_portgroup_mode;
    api.heartbeat_timeout = options.conductor.heartbeat_timeout;
    api.enable_ramdisk_endpoints = options.api.enable_ramdisk_endpoints;
    api.restrict_lookup = options.api.restrict_lookup;
    api.ramdisk_heartbeat_timeout = options.api.ramdisk_heartbeat_timeout;
    api.fast_track = options.deploy.fast_track;
    api.agent_require_tls = options.agent.require_tls;
    api.allow_md5_checksum = options.agent.allow_md5_checksum;
    api.auto_discovery = options.auto_discovery.enabled;
    api.auto_discovery_driver = options.auto_discovery.driver;
    api.disable_deep_image_inspection = options.conductor.disable_deep_image_inspection;
    api.permitted_image_formats = options.conductor.permitted_image_formats;
    api.debug_tracebacks_in_api = options.general.debug_tracebacks_in_api;
    api.cors = options.cors;
    api.healthcheck = options.healthcheck;
    api.healthcheck.port = options.api.port;
    return api;
}

api::KeystoneOptions keystone_settings(const Options& options) {
    const auto& token = options.auth_token;
    api::KeystoneOptions keystone{
        .auth_url = token.auth_url,
        .www_authenticate_uri = token.www_authenticate_uri,
        .username = token.username,
        .password = token.password,
        .user_domain_name = token.user_domain_name,
        .user_domain_id = token.user_domain_id,
        .project_name = token.project_name,
        .project_domain_name = token.project_domain_name,
        .project_domain_id = token.project_domain_id,
        .cafile = token.cafile,
        .insecure = token.insecure,
        .connect_timeout = token.http_connect_timeout,
        .max_retries = token.http_request_max_retries,
        .cache_time = token.token_cache_time,
        .service_token_roles = token.service_token_roles,
        .service_token_roles_required = token.service_token_roles_required,
    };
    if (token.auth_type == KeystoneLogin::application_credential) {
        keystone.application_credential_id = token.application_credential_id;
        keystone.application_credential_secret = token.application_credential_secret;
    }
    return keystone;
}

HttpServer::Options http_settings(const Options& options) {
    HttpServer::Options http;
    http.address = options.api.host_ip;
    http.port = options.api.port;
    http.unix_socket = options.api.unix_socket;
    http.unix_socket_mode = options.api.unix_socket_mode;
    http.max_connections = options.serving.max_connections;
    http.header_timeout = options.serving.header_timeout;
    http.body_timeout = options.serving.body_timeout;
    http.whole_body_timeout = options.serving.whole_body_timeout;
    http.idle_timeout = options.serving.idle_timeout;
    if (options.api.enable_ssl_api)
        http.tls = {
            .certificate_file = options.api.cert_file,
            .key_file = options.api.key_file,
            .client_ca_file = options.serving.client_ca_file,
            .client_certificates = options.serving.client_certificates,
            .minimum_version = options.api.tls_minimum_version == TlsVersion::v1_3 ? "1.3" : "1.2",
            .ciphers = options.api.tls_ciphers};
    return http;
}

conductor::InspectionOptions inspection_settings(const Options& options) {
    const auto& from = options.inspector;
    conductor::InspectionOptions to;
    to.hooks.clear();
    for (const auto& name : from.hooks)
        if (name == "$default_hooks")
            to.hooks.insert(to.hooks.end(), from.default_hooks.begin(), from.default_hooks.end());
        else
            to.hooks.push_back(name);
    to.add_ports = from.add_ports;
    to.keep_ports = from.keep_ports;
    to.update_pxe_enabled = from.update_pxe_enabled;
    to.keep_inventory = options.inventory.data_backend != InventoryBackend::none;
    return to;
}

conductor::Options conductor_settings(const Options& options) {
    const auto& from = options.conductor;
    conductor::Options to;
    to.host = options.general.host;
    to.conductor_group = from.conductor_group;
    to.locked_retry_attempts = static_cast<unsigned>(from.node_locked_retry_attempts);
    to.locked_retry_interval = from.node_locked_retry_interval;
    to.power = {from.power_state_change_timeout, from.soft_power_off_timeout};
    to.sync_power_state_interval = from.sync_power_state_interval;
    to.power_state_sync_max_retries = from.power_state_sync_max_retries;
    to.force_power_state_during_sync = from.force_power_state_during_sync;
    to.power_failure_recovery_interval = from.power_failure_recovery_interval;
    to.deploy_callback_timeout = from.deploy_callback_timeout;
    to.clean_callback_timeout = from.clean_callback_timeout;
    to.rescue_callback_timeout = from.rescue_callback_timeout;
    to.inspect_wait_timeout = from.inspect_wait_timeout;
    to.service_callback_timeout = from.service_callback_timeout;
    to.boot_retry_timeout = options.pxe.boot_retry_timeout;
    to.boot_retry_check_interval = options.pxe.boot_retry_check_interval;
    to.cleanup_interval = from.conductor_cleanup_interval;
    to.cleanup_timeout = from.conductor_cleanup_timeout;
    to.cleanup_batch_size = from.conductor_cleanup_batch_size;
    to.sensors = {.interval = options.sensor_data.interval,
                  .workers = static_cast<unsigned>(options.sensor_data.workers),
                  .patience = options.sensor_data.wait_timeout,
                  .types = options.sensor_data.data_types,
                  .undeployed = options.sensor_data.enable_for_undeployed_nodes};
    to.ends_waits = from.check_provision_state_interval.count() > 0;
    to.heartbeat_interval = from.heartbeat_interval;
    to.sync_local_state_interval = from.sync_local_state_interval;
    to.heartbeat_timeout = from.heartbeat_timeout;
    to.automated_clean = from.automated_clean;
    to.allow_provisioning_in_maintenance = from.allow_provisioning_in_maintenance;
    to.allow_deleting_available_nodes = from.allow_deleting_available_nodes;
    to.max_concurrent_deploy = from.max_concurrent_deploy;
    to.max_concurrent_clean = from.max_concurrent_clean;
    to.disallow_clean_steps = options.api.disallow_clean_steps;
    to.disallow_deploy_steps = options.api.disallow_deploy_steps;
    to.disallow_service_steps = options.api.disallow_service_steps;
    to.max_wait_step = from.max_conductor_wait_step_seconds;
    to.power_off_after_deploy_failure = options.deploy.power_off_after_deploy_failure;
    to.power_off_in_clean_fail = from.poweroff_in_cleanfail;
    to.power_off_in_service_fail = from.poweroff_in_servicefail;
    to.require_tls = options.agent.require_tls;
    to.max_error_length = options.general.log_in_db_max_size;
    to.inspection = inspection_settings(options);
    to.node_history = from.node_history;
    to.node_history_events = from.node_history_events == HistoryEvents::errors
                                 ? conductor::Options::HistoryEvents::errors
                                 : conductor::Options::HistoryEvents::all;
    bool removes = from.node_history_cleanup_interval.count() > 0;
    to.node_history_retention = {
        .entries = from.node_history_max_entries,
        .most_at_once = removes ? from.node_history_cleanup_batch_count : 0,
        .minimum = std::chrono::days(from.node_history_minimum_days)};
    return to;
}

hardware::Drivers::Options driver_settings(const Options& options) {
    hardware::Drivers::Options drivers;
    drivers.enabled_hardware_types = options.general.enabled_hardware_types;
    for (const auto& [kind, choice] : options.general.interfaces) {
        drivers.enabled_interfaces[kind] = choice.enabled;
        drivers.default_interfaces[kind] = choice.preferred;
    }
    return drivers;
}

hardware::IpmiSettings ipmi_settings(const Options& options) {
    hardware::IpmiSettings ipmi;
    ipmi.timeout = options.ipmi.command_retry_timeout;
    ipmi.min_command_interval = options.ipmi.min_command_interval;
    ipmi.disable_boot_timeout = options.ipmi.disable_boot_timeout;
    ipmi.default_boot_mode = default_boot_mode(options);
    std::vector<std::uint8_t> suites;
    for (const auto& text : options.ipmi.cipher_suite_versions) {
        unsigned number = 0;
        auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc() || end != text.data() + text.size() || number > 17)
            throw InvalidValue(fmt::format(
                "Option [ipmi]cipher_suite_versions: '{}' is no cipher suite number.", text));
        suites.insert(suites.begin(), static_cast<std::uint8_t>(number));
    }
    if (!suites.empty()) ipmi.cipher_suites = suites;
    return ipmi;
}

hardware::RedfishSettings redfish_settings(const Options& options) {
    using Theirs = redfish::Authentication;
    const auto& from = options.redfish;
    hardware::RedfishSettings to;
    to.authentication = from.auth_type == RedfishAuthentication::basic     ? Theirs::basic
                        : from.auth_type == RedfishAuthentication::session ? Theirs::session
                                                                           : Theirs::automatic;
    to.verify_tls = from.verify_ca != "false" && from.verify_ca != "False" && from.verify_ca != "0";
    if (from.verify_ca.starts_with('/')) to.ca_file = from.verify_ca;
    to.connect_timeout = from.connect_timeout;
    to.read_timeout = from.read_timeout;
    to.attempts = static_cast<unsigned>(from.connection_attempts);
    to.retry_interval = from.connection_retry_interval;
    to.power_on_conflict_attempts = static_cast<unsigned>(from.power_on_conflict_retry_attempts);
    to.power_on_conflict_interval = from.power_on_conflict_retry_interval;
    to.post_boot_attempts = static_cast<unsigned>(from.post_boot_retry_attempts);
    to.post_boot_delay = from.post_boot_retry_delay;
    return to;
}

hardware::PxeBoot::Options pxe_settings(const Options& options) {
    hardware::PxeBoot::Options pxe;
    pxe.deploy_kernel = options.conductor.deploy_kernel;
    pxe.deploy_ramdisk = options.conductor.deploy_ramdisk;
    pxe.kernel_append_params = options.pxe.kernel_append_params;
    pxe.api_url = agents_api_url(options);
    pxe.debug = options.general.debug;
    pxe.inspection_kernel_params = options.inspector.extra_kernel_params;
    pxe.default_boot_mode = default_boot_mode(options);
    pxe.file_url_allowed = allowed_paths(options);
    return pxe;
}

hardware::AgentInspect::Options agent_inspect_settings(const Options& options) {
    return {.power = conductor_settings(options).power,
            .power_off = options.inspector.power_off,
            .require_managed_boot = options.inspector.require_managed_boot};
}

hardware::DirectDeploy::Options direct_settings(const Options& options) {
    const auto& deploy = options.deploy;
    hardware::DirectDeploy::Options direct;
    direct.power = conductor_settings(options).power;
    direct.soft_stop_limit = options.agent.post_deploy_get_power_state_retry_interval *
                             options.agent.post_deploy_get_power_state_retries;
    direct.default_boot_mode = default_boot_mode(options);
    direct.erase_devices_priority = deploy.erase_devices_priority;
    direct.erase_devices_metadata_priority = deploy.erase_devices_metadata_priority;
    auto& erase = direct.erase_settings;
    erase["agent_erase_devices_iterations"] = deploy.shred_random_overwrite_iterations;
    erase["agent_erase_devices_zeroize"] = deploy.shred_final_overwrite_with_zeros;
    erase["agent_continue_if_secure_erase_failed"] = deploy.continue_if_disk_secure_erase_fails;
    erase["agent_enable_ata_secure_erase"] = deploy.enable_ata_secure_erase;
    erase["agent_enable_nvme_secure_erase"] = deploy.enable_nvme_secure_erase;
    erase["agent_erase_skip_read_only"] = deploy.erase_skip_read_only;
    erase["disk_erasure_concurrency"] = deploy.disk_erasure_concurrency;
    return direct;
}

hardware::AgentClient::Options agent_settings(const Options& options) {
    hardware::AgentClient::Options agent;
    agent.timeout = options.agent.command_timeout;
    agent.attempts = static_cast<unsigned>(options.agent.max_command_attempts);
    agent.verify_tls = options.agent.verify_ca != "false" && options.agent.verify_ca != "False";
    return agent;
}

hardware::FakeDelays fake_settings(const Options& options) {
    auto delay = [](const FakeDelay& range) {
        return std::chrono::milliseconds(
            static_cast<std::int64_t>((range.shortest + range.longest) * 500));
    };
    return {.power = delay(options.fake.power_delay),
            .management = delay(options.fake.management_delay),
            .boot = delay(options.fake.boot_delay),
            .deploy = delay(options.fake.deploy_delay),
            .inspect = delay(options.fake.inspect_delay),
            .rescue = delay(options.fake.rescue_delay),
            .vendor = delay(options.fake.vendor_delay),
            .bios = delay(options.fake.bios_delay),
            .firmware = delay(options.fake.firmware_delay),
            .raid = delay(options.fake.raid_delay)};
}

image::ImageCache::Options cache_settings(const Options& options) {
    image::ImageCache::Options cache;
    cache.directory = options.pxe.instance_master_path;
    cache.size_limit_bytes = static_cast<std::uint64_t>(options.pxe.image_cache_size) * kMiB;
    cache.ttl = options.pxe.image_cache_ttl;
    cache.max_fetches = static_cast<unsigned>(options.general.image_download_concurrency);
    cache.formats = format_rules(options);
    cache.files = {allowed_paths(options)};
    cache.conversion.memory_bytes =
        static_cast<std::uint64_t>(options.disk_utils.image_convert_memory_limit) * kMiB;
    cache.conversion.attempts = static_cast<unsigned>(options.disk_utils.image_convert_attempts);
    return cache;
}

hardware::InstanceImages::Options image_settings(const Options& options) {
    hardware::InstanceImages::Options images;
    images.directory =
        std::filesystem::path(options.deploy.http_root) / options.deploy.http_image_subdir;
    auto base = options.deploy.http_url.empty() ? boot_url(options)
                                                : without_slash(options.deploy.http_url);
    images.url = base + "/" + options.deploy.http_image_subdir;
    images.always_local = options.agent.image_download_source == ImageSource::local;
    images.force_raw = options.general.force_raw_images;
    images.checksums = {.md5 = md5_policy(options),
                        .checksum_files = !options.conductor.disable_support_for_checksum_files};
    images.files = {allowed_paths(options)};
    images.formats = format_rules(options);
    images.access = web_access(options);
    return images;
}

}  // namespace ferrite::daemon
