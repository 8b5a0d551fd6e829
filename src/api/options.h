#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/cors.h"
#include "api/healthcheck.h"
#include "api/policy_options.h"
#include "model/micro_version.h"
#include "model/notification.h"

namespace ferrite::api {

/// Everything that changes what goes over the wire (reference: api.md section 24).
struct ApiOptions {
    /// `[api]public_endpoint`: base of every link; empty: scheme and Host of the request.
    std::string public_endpoint;
    /// `[oslo_middleware]enable_proxy_headers_parsing`: trust X-Forwarded-*.
    bool enable_proxy_headers_parsing = false;
    /// `[api]max_limit`: longest page.
    std::int64_t max_limit = 1000;
    /// The newest microversion on offer: what `pin_release_version` says, else the latest.
    model::MicroVersion max_version = model::kLatestVersion;

    std::size_t max_json_body_depth = 25;
    std::size_t max_json_body_size = 1024 * 1024;  ///< Bytes.
    std::size_t max_json_body_size_provision = 64 * 1024 * 1024;
    std::size_t max_json_body_size_inspection = 16 * 1024 * 1024;

    PolicyOptions policy;
    bool project_admin_can_manage_own_nodes = true;
    std::vector<std::string> disallowed_enrollment_boot_modes;
    std::vector<std::string> disallow_clean_steps = {"vendor.send_raw"};
    std::vector<std::string> disallow_deploy_steps = {"vendor.send_raw"};
    std::vector<std::string> disallow_service_steps = {"vendor.send_raw"};

    std::optional<std::string> default_resource_class;
    std::string default_conductor_group;
    std::string default_portgroup_mode = "active-backup";
    /// `[conductor]heartbeat_timeout`: a conductor not heard of for longer is not alive.
    std::chrono::seconds heartbeat_timeout{60};

    bool enable_ramdisk_endpoints = true;
    bool auto_discovery = false;  ///< `[auto_discovery]enabled`: unknown machines become nodes.
    std::string auto_discovery_driver;
    bool restrict_lookup = true;
    std::chrono::seconds ramdisk_heartbeat_timeout{300};
    bool fast_track = false;         ///< `[deploy]fast_track`
    bool agent_require_tls = true;   ///< `[agent]require_tls`
    bool allow_md5_checksum = true;  ///< `[agent]allow_md5_checksum`
    bool disable_deep_image_inspection = false;
    std::vector<std::string> permitted_image_formats = {"raw", "gpt", "qcow2", "iso"};

    /// `[DEFAULT]debug_tracebacks_in_api`: tell clients what failed inside, which is for nobody but
    /// developers.
    bool debug_tracebacks_in_api = false;
    std::shared_ptr<model::Notifier> notifier;  ///< None: nobody listens.
    CorsOptions cors;
    HealthcheckOptions healthcheck;
};

}  // namespace ferrite::api
