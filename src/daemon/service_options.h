#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"
#include "daemon/cluster_options.h"

/// What the configuration says of the service itself: [DEFAULT], [api], [database] and the small
/// sections around them. An initialiser is the default; `$name` in one is replaced on loading.
namespace ferrite::daemon {

enum class AuthStrategy { noauth, http_basic, keystone };

/// The implementations of one interface kind that nodes may use.
struct InterfaceChoice {
    std::vector<std::string> enabled;  ///< Empty: the first choice of each hardware type.
    std::string preferred;             ///< For nodes that name none; empty: the first enabled.
};

/// By interface kind: "power", "boot", ...
using InterfaceChoices = std::map<std::string, InterfaceChoice, std::less<>>;

/// Every interface kind with what is enabled when the configuration says nothing.
InterfaceChoices default_interfaces();

/// [DEFAULT]
struct DefaultOptions {
    AuthStrategy auth_strategy = AuthStrategy::noauth;
    std::string http_basic_auth_user_file = "/etc/ferrite/htpasswd";
    bool rbac_service_role_elevated_access = false;
    std::string rbac_service_project_name = "service";
    bool debug = false;
    bool debug_tracebacks_in_api = false;
    std::string log_file;  ///< Empty: standard error.
    std::string log_dir;   ///< In front of a relative log_file.
    std::string host;      ///< Name of this conductor; the host name when the file has none.
    std::string my_ip;     ///< Address of this host; found out when the file has none.
    std::string my_ipv6;
    std::string state_path = "/var/lib/ferrite";  ///< The data directory.
    std::string tempdir = "/tmp";
    std::string pin_release_version;
    std::vector<std::string> enabled_hardware_types{"ipmi", "redfish", "fake-hardware"};
    InterfaceChoices interfaces = default_interfaces();
    std::string default_resource_class;
    std::string default_conductor_group;
    std::string default_portgroup_mode = "active-backup";
    std::size_t log_in_db_max_size = 4096;  ///< Characters of last_error that are kept.
    std::chrono::seconds drain_shutdown_timeout{1800};
    int hash_partition_exponent = 5;
    std::chrono::seconds hash_ring_reset_interval{15};
    bool force_raw_images = true;
    double raw_image_growth_factor = 2.0;
    int image_download_concurrency = 20;
    bool minimum_memory_warning_only = false;
    int minimum_required_memory = 1024;  ///< MiB free before an image is converted.
    std::chrono::seconds minimum_memory_wait_time{15};
    int minimum_memory_wait_retries = 6;
    std::string webserver_verify_ca = "true";  ///< A truth value or a CA file.
    std::chrono::seconds webserver_connection_timeout{60};
    std::chrono::seconds rpc_response_timeout{60};
    RpcTransport rpc_transport = RpcTransport::none;
    std::string hash_ring_algorithm = "md5";
};

enum class TlsVersion { v1_2, v1_3 };

/// [api]
struct ApiOptions {
    std::string host_ip = "0.0.0.0";
    std::uint16_t port = 6385;  ///< 0: any free one.
    std::string unix_socket;    ///< Listen here and not on TCP.
    std::optional<std::uint32_t> unix_socket_mode;
    std::string public_endpoint;  ///< Empty: as the request names it.
    std::optional<int> api_workers;
    int max_limit = 1000;  ///< Largest page.
    bool enable_ramdisk_endpoints = true;
    bool restrict_lookup = true;
    bool project_admin_can_manage_own_nodes = true;
    std::chrono::seconds ramdisk_heartbeat_timeout{300};
    bool enable_ssl_api = false;
    std::string cert_file;
    std::string key_file;
    TlsVersion tls_minimum_version = TlsVersion::v1_3;
    std::string tls_ciphers;
    std::size_t max_json_body_depth = 25;
    std::size_t max_json_body_size = 1024;              ///< KiB.
    std::size_t max_json_body_size_provision = 65536;   ///< KiB.
    std::size_t max_json_body_size_inspection = 16384;  ///< KiB.
    std::vector<std::string> disallowed_enrollment_boot_modes;
    std::vector<std::string> disallow_deploy_steps{"vendor.send_raw"};
    std::vector<std::string> disallow_service_steps{"vendor.send_raw"};
    std::vector<std::string> disallow_clean_steps{"vendor.send_raw"};
};

/// [database]
struct DatabaseOptions {
    Secret connection{"sqlite:///$state_path/ferrite.db"};  ///< See store::parse_database_url().
    int max_retries = 10;
    std::chrono::seconds retry_interval{10};
    int max_pool_size = 5;
    int max_overflow = 50;
    std::chrono::seconds pool_timeout{30};
    std::chrono::seconds connection_recycle_time{3600};
    bool auto_upgrade = false;
};

}  // namespace ferrite::daemon
