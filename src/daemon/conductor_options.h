#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"

/// What the configuration says of the conductor's work: [conductor], [deploy], [agent],
/// [inspector], [inventory] and [disk_utils]. Zero seconds for a timeout or interval: never.
namespace ferrite::daemon {

enum class HistoryEvents { errors, all };

/// [conductor]: liveness, locks and clean-up.
struct ConductorOptions {
    int workers_pool_size = 300;
    int reserved_workers_pool_percentage = 5;
    std::string conductor_group;
    std::chrono::seconds heartbeat_interval{10};
    std::chrono::seconds heartbeat_timeout{60};
    std::chrono::seconds graceful_shutdown_timeout{60};
    int node_locked_retry_attempts = 3;
    std::chrono::seconds node_locked_retry_interval{1};
    int periodic_max_workers = 8;
    std::chrono::seconds sync_local_state_interval{180};
    std::chrono::seconds check_allocations_interval{60};
    std::chrono::seconds conductor_cleanup_interval{86400};
    std::chrono::seconds conductor_cleanup_timeout{1209600};
    int conductor_cleanup_batch_size = 50;

    // Power.
    std::chrono::seconds sync_power_state_interval{120};
    int sync_power_state_workers = 8;
    int power_state_sync_max_retries = 3;
    bool force_power_state_during_sync = true;
    std::chrono::seconds soft_power_off_timeout{600};
    std::chrono::seconds power_state_change_timeout{60};
    std::chrono::seconds power_failure_recovery_interval{300};

    // Waiting states.
    std::chrono::seconds check_provision_state_interval{60};
    std::chrono::seconds check_rescue_state_interval{60};
    std::chrono::seconds deploy_callback_timeout{1800};
    std::chrono::seconds clean_callback_timeout{1800};
    std::chrono::seconds service_callback_timeout{1800};
    std::chrono::seconds inspect_wait_timeout{1800};
    std::chrono::seconds rescue_callback_timeout{1800};

    // What is allowed.
    bool allow_provisioning_in_maintenance = true;
    bool allow_deleting_available_nodes = true;
    int max_concurrent_deploy = 250;
    int max_concurrent_clean = 50;
    bool max_concurrent_per_conductor_group = false;
    std::vector<std::string> disallowed_deployment_boot_modes;
    std::chrono::seconds max_conductor_wait_step_seconds{30};

    // Cleaning.
    bool automated_clean = true;
    std::map<std::string, std::string> clean_step_priority_override;
    std::map<std::string, std::string> verify_step_priority_override;
    bool poweroff_in_cleanfail = false;
    bool poweroff_in_servicefail = false;

    // Ramdisks and images.
    std::string deploy_kernel;
    std::string deploy_ramdisk;
    std::map<std::string, std::string> deploy_kernel_by_arch;
    std::map<std::string, std::string> deploy_ramdisk_by_arch;
    std::string rescue_kernel;
    std::string rescue_ramdisk;
    std::map<std::string, std::string> rescue_kernel_by_arch;
    std::map<std::string, std::string> rescue_ramdisk_by_arch;
    bool error_on_ramdisk_config_inconsistency = false;
    std::vector<std::string> file_url_allowed_paths{"/var/lib/ironic", "$state_path"};
    std::vector<std::string> permitted_image_formats{"raw", "gpt", "qcow2", "iso"};
    bool disable_deep_image_inspection = false;
    bool conductor_always_validates_images = false;
    bool disable_file_checksum = false;
    bool disable_support_for_checksum_files = false;
    bool disable_zstandard_decompression = false;
    std::chrono::seconds cache_clean_up_interval{3600};
    bool clear_image_cache_on_deploy_failure = false;
    bool disable_configdrive_check = false;

    // Node history.
    bool node_history = true;
    HistoryEvents node_history_events = HistoryEvents::all;
    int node_history_max_entries = 300;
    std::chrono::seconds node_history_cleanup_interval{86400};
    int node_history_cleanup_batch_count = 1000;
    int node_history_minimum_days = 0;
    bool record_step_flows_in_history = true;
};

enum class BootMode { uefi, bios };

/// [deploy]
struct DeployOptions {
    std::string http_url;  ///< Empty: the boot service's own address.
    std::string http_root = "$state_path/httpboot";
    std::string http_image_subdir = "agent_images";
    std::string external_http_url;
    std::string external_callback_url;
    bool enable_ata_secure_erase = true;
    bool enable_nvme_secure_erase = true;
    /// Priorities of cleaning steps; not set: the ramdisk's own (10, 99, 0, 0); 0: never.
    std::optional<int> erase_devices_priority;
    std::optional<int> erase_devices_metadata_priority;
    std::optional<int> delete_configuration_priority;
    std::optional<int> create_configuration_priority;
    int shred_random_overwrite_iterations = 1;
    bool shred_final_overwrite_with_zeros = true;
    bool continue_if_disk_secure_erase_fails = false;
    int disk_erasure_concurrency = 4;
    bool erase_skip_read_only = false;
    bool power_off_after_deploy_failure = true;
    BootMode default_boot_mode = BootMode::uefi;
    bool fast_track = false;
    std::chrono::seconds fast_track_timeout{300};
};

enum class LogCollection { always, on_failure, never };
enum class ImageSource { http, local, swift };

/// [agent]
struct AgentOptions {
    int memory_consumed_by_agent = 0;  ///< MiB.
    bool stream_raw_images = true;
    int post_deploy_get_power_state_retries = 6;
    std::chrono::seconds post_deploy_get_power_state_retry_interval{5};
    std::string agent_api_version = "v1";
    LogCollection deploy_logs_collect = LogCollection::on_failure;
    std::string deploy_logs_local_path = "$state_path/deploy-logs";
    ImageSource image_download_source = ImageSource::http;
    std::chrono::seconds command_timeout{60};
    int max_command_attempts = 3;
    int command_wait_attempts = 100;
    std::chrono::seconds command_wait_interval{6};
    bool require_tls = true;
    std::string certificates_path = "$state_path/certificates";
    std::string verify_ca = "true";  ///< A truth value or a CA file.
    bool allow_md5_checksum = true;
    bool enable_bios_bootloader_install = false;
};

/// [inspector]
struct InspectorOptions {
    bool power_off = true;
    std::string extra_kernel_params;
    bool require_managed_boot = true;
    std::string add_ports = "pxe";
    std::string keep_ports = "all";
    bool update_pxe_enabled = true;
    std::vector<std::string> default_hooks{"ramdisk-error", "validate-interfaces", "ports",
                                           "architecture"};
    std::vector<std::string> hooks{"$default_hooks"};
};

enum class InventoryBackend { none, database, swift };

/// [inventory]
struct InventoryOptions {
    InventoryBackend data_backend = InventoryBackend::database;
};

/// [auto_discovery]
struct AutoDiscoveryOptions {
    bool enabled = false;
    std::string driver;
};

/// [disk_utils]
struct DiskUtilsOptions {
    int image_convert_memory_limit = 2048;  ///< MiB.
    int image_convert_attempts = 3;
};

}  // namespace ferrite::daemon
