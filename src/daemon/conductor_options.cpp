#include "daemon/conductor_options.h"

#include "daemon/option_rows.h"

namespace ferrite::daemon {
namespace {

void add_liveness_rows(OptionTable<Options>& table) {
    using O = ConductorOptions;
    constexpr int kLongestTimeout = 315576000;  // ten years; more overflows date arithmetic
    table.section<O>(
        "conductor", &Options::conductor,
        {
            {"workers_pool_size", &O::workers_pool_size, integer(3, 10000),
             "Operations that may run at one time."},
            {"reserved_workers_pool_percentage", &O::reserved_workers_pool_percentage,
             integer(0, 50), "Share of them, in percent, kept for requests of the API."},
            {"conductor_group", &O::conductor_group, text(),
             "Group of nodes that this conductor serves."},
            {"heartbeat_interval", &O::heartbeat_interval, seconds(1),
             "Seconds between two signs of life of the conductor in the database."},
            {"heartbeat_timeout", &O::heartbeat_timeout, seconds(1, kLongestTimeout),
             "Seconds without one after which a conductor counts as gone.", kReloadable},
            {"graceful_shutdown_timeout", &O::graceful_shutdown_timeout, seconds(),
             "Seconds to wait for running operations on SIGTERM; 0: for ever."},
            {"node_locked_retry_attempts", &O::node_locked_retry_attempts, integer(0),
             "Attempts to lock a node that is busy."},
            {"node_locked_retry_interval", &O::node_locked_retry_interval, seconds(),
             "Seconds between two attempts."},
            {"periodic_max_workers", &O::periodic_max_workers, integer(1),
             "Nodes that periodic work may occupy at one time."},
            {"sync_local_state_interval", &O::sync_local_state_interval, seconds(),
             "Seconds between two looks for nodes to take over; 0: never."},
            {"check_allocations_interval", &O::check_allocations_interval, seconds(),
             "Seconds between two looks for allocations of a lost conductor; 0: never."},
            {"conductor_cleanup_interval", &O::conductor_cleanup_interval, seconds(),
             "Seconds between two removals of conductors that are long gone; 0: never."},
            {"conductor_cleanup_timeout", &O::conductor_cleanup_timeout, seconds(60),
             "Seconds after which a conductor is long gone; at least three times "
             "heartbeat_timeout.",
             kReloadable},
            {"conductor_cleanup_batch_size", &O::conductor_cleanup_batch_size, integer(1),
             "Conductors removed at one time.", kReloadable},
        });
}

void add_power_rows(OptionTable<Options>& table) {
    using O = ConductorOptions;
    table.section<O>(
        "conductor", &Options::conductor,
        {
            {"sync_power_state_interval", &O::sync_power_state_interval, seconds(),
             "Seconds between two readings of a node's power state; 0: never."},
            {"sync_power_state_workers", &O::sync_power_state_workers, integer(1),
             "Nodes whose power state is read at one time."},
            {"power_state_sync_max_retries", &O::power_state_sync_max_retries, integer(0),
             "Failed readings in a row after which a node goes into maintenance."},
            {"force_power_state_during_sync", &O::force_power_state_during_sync, flag(),
             "Set a machine's power to what is recorded when they differ, instead of recording "
             "what it is.",
             kReloadable},
            {"soft_power_off_timeout", &O::soft_power_off_timeout, seconds(1),
             "Seconds an operating system has to shut down.", kReloadable},
            {"power_state_change_timeout", &O::power_state_change_timeout, seconds(2),
             "Seconds to wait for a power change to happen.", kReloadable},
            {"power_failure_recovery_interval", &O::power_failure_recovery_interval, seconds(),
             "Seconds between two attempts to reach nodes whose power control failed; 0: never."},
        });
}

void add_waiting_rows(OptionTable<Options>& table) {
    using O = ConductorOptions;
    table.section<O>(
        "conductor", &Options::conductor,
        {
            {"check_provision_state_interval", &O::check_provision_state_interval, seconds(),
             "Seconds between two checks for nodes that waited too long; 0: never."},
            {"check_rescue_state_interval", &O::check_rescue_state_interval, seconds(1),
             "The same for nodes that wait for rescue."},
            {"deploy_callback_timeout", &O::deploy_callback_timeout, seconds(),
             "Seconds without a word from the agent after which a deployment fails; 0: never."},
            {"clean_callback_timeout", &O::clean_callback_timeout, seconds(),
             "The same for cleaning."},
            {"service_callback_timeout", &O::service_callback_timeout, seconds(),
             "The same for servicing."},
            {"inspect_wait_timeout", &O::inspect_wait_timeout, seconds(),
             "The same for inspection."},
            {"rescue_callback_timeout", &O::rescue_callback_timeout, seconds(),
             "The same for rescue."},
            {"max_conductor_wait_step_seconds", &O::max_conductor_wait_step_seconds,
             seconds(0, 1800), "Longest `wait` step.", kReloadable},
        });
}

void add_permission_rows(OptionTable<Options>& table) {
    using O = ConductorOptions;
    table.section<O>(
        "conductor", &Options::conductor,
        {
            {"allow_provisioning_in_maintenance", &O::allow_provisioning_in_maintenance, flag(),
             "Let nodes in maintenance be deployed and cleaned.", kReloadable},
            {"allow_deleting_available_nodes", &O::allow_deleting_available_nodes, flag(),
             "Let nodes be deleted while they are available.", kReloadable},
            {"max_concurrent_deploy", &O::max_concurrent_deploy, integer(1),
             "Deployments at one time; more are refused.", kReloadable},
            {"max_concurrent_clean", &O::max_concurrent_clean, integer(1),
             "Nodes cleaned or deleted at one time; more are refused.", kReloadable},
            {"max_concurrent_per_conductor_group", &O::max_concurrent_per_conductor_group, flag(),
             "Count these two for each conductor group by itself.", kReloadable},
            {"disallowed_deployment_boot_modes", &O::disallowed_deployment_boot_modes, list(),
             "Boot modes with which no node is deployed.", kReloadable},
            {"automated_clean", &O::automated_clean, flag(),
             "Clean nodes before they become available.", kReloadable},
            {"clean_step_priority_override", &O::clean_step_priority_override, multi_dict(),
             "Priorities of cleaning steps: interface.step:priority."},
            {"verify_step_priority_override", &O::verify_step_priority_override, multi_dict(),
             "Priorities of verification steps: interface.step:priority.", kReloadable},
            {"poweroff_in_cleanfail", &O::poweroff_in_cleanfail, flag(),
             "Switch nodes off whose cleaning failed."},
            {"poweroff_in_servicefail", &O::poweroff_in_servicefail, flag(),
             "Switch nodes off whose servicing failed."},
        });
}

void add_ramdisk_rows(OptionTable<Options>& table) {
    using O = ConductorOptions;
    table.section<O>(
        "conductor", &Options::conductor,
        {
            {"deploy_kernel", &O::deploy_kernel, text(),
             "Kernel of the deploy ramdisk for nodes that name none.", kReloadable},
            {"deploy_ramdisk", &O::deploy_ramdisk, text(),
             "Deploy ramdisk for nodes that name none.", kReloadable},
            {"deploy_kernel_by_arch", &O::deploy_kernel_by_arch, dict(),
             "The kernel for each processor architecture.", kReloadable},
            {"deploy_ramdisk_by_arch", &O::deploy_ramdisk_by_arch, dict(),
             "The ramdisk for each processor architecture.", kReloadable},
            {"rescue_kernel", &O::rescue_kernel, text(),
             "Kernel of the rescue ramdisk for nodes that name none.", kReloadable},
            {"rescue_ramdisk", &O::rescue_ramdisk, text(),
             "Rescue ramdisk for nodes that name none.", kReloadable},
            {"rescue_kernel_by_arch", &O::rescue_kernel_by_arch, dict(),
             "The rescue kernel for each processor architecture.", kReloadable},
            {"rescue_ramdisk_by_arch", &O::rescue_ramdisk_by_arch, dict(),
             "The rescue ramdisk for each processor architecture.", kReloadable},
            {"error_on_ramdisk_config_inconsistency", &O::error_on_ramdisk_config_inconsistency,
             flag(), "Refuse a kernel without ramdisk, or the reverse, instead of passing over it.",
             kReloadable},
        });
}

void add_image_rows(OptionTable<Options>& table) {
    using O = ConductorOptions;
    table.section<O>(
        "conductor", &Options::conductor,
        {
            {"file_url_allowed_paths", &O::file_url_allowed_paths, list(),
             "Directories from which file:// images may come; empty: none."},
            {"permitted_image_formats", &O::permitted_image_formats, list(),
             "Image formats that are accepted.", kReloadable},
            {"disable_deep_image_inspection", &O::disable_deep_image_inspection, flag(),
             "Believe what an image says of its format. Unsafe."},
            {"conductor_always_validates_images", &O::conductor_always_validates_images, flag(),
             "Inspect images also when the agent fetches them itself."},
            {"disable_file_checksum", &O::disable_file_checksum, flag(),
             "Do not verify checksums of files that the conductor fetches."},
            {"disable_support_for_checksum_files", &O::disable_support_for_checksum_files, flag(),
             "Do not accept the URL of a file as a checksum."},
            {"disable_zstandard_decompression", &O::disable_zstandard_decompression, flag(),
             "Do not unpack files compressed with zstd."},
            {"cache_clean_up_interval", &O::cache_clean_up_interval, seconds(),
             "Seconds between two trims of the image caches; 0: never."},
            {"clear_image_cache_on_deploy_failure", &O::clear_image_cache_on_deploy_failure, flag(),
             "Forget a node's cached images when its deployment fails.", kReloadable},
            {"disable_configdrive_check", &O::disable_configdrive_check, flag(),
             "Do not look into config drives.", kReloadable},
        });
}

void add_history_rows(OptionTable<Options>& table) {
    using O = ConductorOptions;
    table.section<O>(
        "conductor", &Options::conductor,
        {
            {"node_history", &O::node_history, flag(), "Keep a history of each node.", kReloadable},
            {"node_history_events", &O::node_history_events,
             choice<HistoryEvents>(
                 {{"all", HistoryEvents::all}, {"errors", HistoryEvents::errors}}),
             "What it has: all events, or errors only as in Ironic."},
            {"node_history_max_entries", &O::node_history_max_entries, integer(0),
             "Entries kept for each node.", kReloadable},
            {"node_history_cleanup_interval", &O::node_history_cleanup_interval, seconds(),
             "0: surplus entries are never removed; else they are as others are added."},
            {"node_history_cleanup_batch_count", &O::node_history_cleanup_batch_count, integer(0),
             "Surplus entries removed when one is added; 0: none."},
            {"node_history_minimum_days", &O::node_history_minimum_days, integer(0),
             "Days for which an entry is never removed.", kReloadable},
            {"record_step_flows_in_history", &O::record_step_flows_in_history, flag(),
             "Write the beginning and end of cleaning, deployment and servicing into the history."},
        });
}

void add_deploy_rows(OptionTable<Options>& table) {
    using O = DeployOptions;
    table.section<O>(
        "deploy", &Options::deploy,
        {
            {"http_url", &O::http_url, text(),
             "Base URL under which machines reach http_root; empty: the boot service."},
            {"http_root", &O::http_root, text(), "Directory of files that machines fetch."},
            {"http_image_subdir", &O::http_image_subdir, text(),
             "Directory in http_root that holds images of instances."},
            {"external_http_url", &O::external_http_url, text(),
             "Base URL for media that a BMC fetches; empty: http_url."},
            {"external_callback_url", &O::external_callback_url, text(),
             "API URL told to ramdisks; empty: made of my_ip and the port of the API."},
            {"power_off_after_deploy_failure", &O::power_off_after_deploy_failure, flag(),
             "Switch machines off whose deployment failed.", kReloadable},
            {"default_boot_mode", &O::default_boot_mode,
             choice<BootMode>({{"uefi", BootMode::uefi}, {"bios", BootMode::bios}}),
             "Boot mode when nothing asks for one.", kReloadable},
            {"fast_track", &O::fast_track, flag(), "Go on with a ramdisk that is already running.",
             kReloadable},
            {"fast_track_timeout", &O::fast_track_timeout, seconds(0, 300),
             "Seconds since its last heartbeat for which a ramdisk counts as running.",
             kReloadable},
        });
    table.section<O>(
        "deploy", &Options::deploy,
        {
            {"enable_ata_secure_erase", &O::enable_ata_secure_erase, flag(),
             "Erase ATA disks by their own command.", kReloadable},
            {"enable_nvme_secure_erase", &O::enable_nvme_secure_erase, flag(),
             "Erase NVMe disks by their own command.", kReloadable},
            {"erase_devices_priority", &O::erase_devices_priority, optional_integer(0),
             "Priority of erasing disks in cleaning; 0: never; empty: the ramdisk's own.",
             kReloadable},
            {"erase_devices_metadata_priority", &O::erase_devices_metadata_priority,
             optional_integer(0), "The same for erasing partition tables and signatures only.",
             kReloadable},
            {"delete_configuration_priority", &O::delete_configuration_priority,
             optional_integer(0), "The same for deleting RAID volumes.", kReloadable},
            {"create_configuration_priority", &O::create_configuration_priority,
             optional_integer(0), "The same for creating RAID volumes.", kReloadable},
            {"shred_random_overwrite_iterations", &O::shred_random_overwrite_iterations, integer(0),
             "Passes of random data over a disk.", kReloadable,
             FormerName{"deploy", "erase_devices_iterations"}},
            {"shred_final_overwrite_with_zeros", &O::shred_final_overwrite_with_zeros, flag(),
             "End with a pass of zeros.", kReloadable},
            {"continue_if_disk_secure_erase_fails", &O::continue_if_disk_secure_erase_fails, flag(),
             "Overwrite a disk when its own command fails.", kReloadable},
            {"disk_erasure_concurrency", &O::disk_erasure_concurrency, integer(1),
             "Disks of a machine erased at one time.", kReloadable},
            {"erase_skip_read_only", &O::erase_skip_read_only, flag(),
             "Pass over disks that are read-only.", kReloadable},
        });
}

void add_agent_rows(OptionTable<Options>& table) {
    using O = AgentOptions;
    table.section<O>(
        "agent", &Options::agent,
        {
            {"memory_consumed_by_agent", &O::memory_consumed_by_agent, integer(0),
             "MiB that the ramdisk is taken to need beside an image in memory.", kReloadable},
            {"stream_raw_images", &O::stream_raw_images, flag(),
             "Let the agent write raw images while it fetches them.", kReloadable},
            {"post_deploy_get_power_state_retries", &O::post_deploy_get_power_state_retries,
             integer(0), "Looks at the power state after the agent was asked to power off."},
            {"post_deploy_get_power_state_retry_interval",
             &O::post_deploy_get_power_state_retry_interval, seconds(),
             "Seconds between two looks."},
            {"agent_api_version", &O::agent_api_version, text(),
             "Version in the URLs of the agent."},
            {"deploy_logs_collect", &O::deploy_logs_collect,
             choice<LogCollection>({{"always", LogCollection::always},
                                    {"on_failure", LogCollection::on_failure},
                                    {"never", LogCollection::never}}),
             "When the logs of a ramdisk are kept.", kReloadable},
            {"deploy_logs_local_path", &O::deploy_logs_local_path, text(),
             "Directory in which they are kept.", kReloadable},
            {"image_download_source", &O::image_download_source,
             choice<ImageSource>({{"http", ImageSource::http},
                                  {"local", ImageSource::local},
                                  {"swift", ImageSource::swift}}),
             "Where the agent fetches images: at their own URL, at the conductor, or at swift.",
             kReloadable},
            {"command_timeout", &O::command_timeout, seconds(1),
             "Seconds for one request to an agent.", kReloadable},
            {"max_command_attempts", &O::max_command_attempts, integer(1),
             "Attempts to connect to an agent."},
            {"command_wait_attempts", &O::command_wait_attempts, integer(1),
             "Looks at a command that runs in the agent."},
            {"command_wait_interval", &O::command_wait_interval, seconds(1),
             "Seconds between two looks."},
            {"require_tls", &O::require_tls, flag(), "Talk to agents by HTTPS only.", kReloadable},
            {"certificates_path", &O::certificates_path, text(),
             "Directory of the certificates that agents report."},
            {"verify_ca", &O::verify_ca, text(),
             "Check certificates of agents that reported none: true, false or a CA file."},
            {"allow_md5_checksum", &O::allow_md5_checksum, flag(), "Accept MD5 checksums."},
            {"enable_bios_bootloader_install", &O::enable_bios_bootloader_install, flag(),
             "Let the agent install a boot loader for BIOS machines."},
        });
}

void add_small_sections(OptionTable<Options>& table) {
    using I = InspectorOptions;
    table.section<I>(
        "inspector", &Options::inspector,
        {
            {"power_off", &I::power_off, flag(), "Switch machines off after inspection."},
            {"extra_kernel_params", &I::extra_kernel_params, text(),
             "More kernel parameters of the inspection ramdisk."},
            {"require_managed_boot", &I::require_managed_boot, flag(),
             "Refuse inspection of machines that this service cannot boot."},
            {"add_ports", &I::add_ports,
             choice<std::string>(
                 {{"all", "all"}, {"active", "active"}, {"pxe", "pxe"}, {"disabled", "disabled"}}),
             "Network cards that become ports."},
            {"keep_ports", &I::keep_ports,
             choice<std::string>({{"all", "all"}, {"present", "present"}, {"added", "added"}}),
             "Ports that are kept."},
            {"update_pxe_enabled", &I::update_pxe_enabled, flag(),
             "Note on each port whether the machine booted from it."},
            {"default_hooks", &I::default_hooks, list(), "Hooks that work on inspection data."},
            {"hooks", &I::hooks, list(),
             "The same, to be changed; $default_hooks stands for them."},
        });
    table.section<InventoryOptions>(
        "inventory", &Options::inventory,
        {{"data_backend", &InventoryOptions::data_backend,
          choice<InventoryBackend>({{"none", InventoryBackend::none},
                                    {"database", InventoryBackend::database},
                                    {"swift", InventoryBackend::swift}}),
          "Where inspection data is kept."}});
    table.section<AutoDiscoveryOptions>(
        "auto_discovery", &Options::auto_discovery,
        {{"enabled", &AutoDiscoveryOptions::enabled, flag(),
          "Make a node of every unknown machine that reports what an inspection of it found."},
         {"driver", &AutoDiscoveryOptions::driver, text(),
          "Hardware type of such nodes. Required when this is enabled."}});
    table.section<DiskUtilsOptions>(
        "disk_utils", &Options::disk_utils,
        {{"image_convert_memory_limit", &DiskUtilsOptions::image_convert_memory_limit, integer(1),
          "MiB of memory for a conversion."},
         {"image_convert_attempts", &DiskUtilsOptions::image_convert_attempts, integer(1),
          "Attempts when a conversion runs out of memory."}});
}

}  // namespace

void add_conductor_rows(OptionTable<Options>& table) {
    add_liveness_rows(table);
    add_power_rows(table);
    add_waiting_rows(table);
    add_permission_rows(table);
    add_ramdisk_rows(table);
    add_image_rows(table);
    add_history_rows(table);
    add_deploy_rows(table);
    add_agent_rows(table);
    add_small_sections(table);
}

}  // namespace ferrite::daemon
