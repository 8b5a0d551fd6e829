#include "daemon/service_options.h"

#include "daemon/option_rows.h"

namespace ferrite::daemon {
namespace {

void add_default_rows(OptionTable<Options>& table) {
    using O = DefaultOptions;
    table.section<O>(
        "DEFAULT", &Options::general,
        {
            {"auth_strategy", &O::auth_strategy,
             choice<AuthStrategy>({{"noauth", AuthStrategy::noauth},
                                   {"http_basic", AuthStrategy::http_basic},
                                   {"keystone", AuthStrategy::keystone}}),
             "Who may use the API: everybody who reaches it (noauth), whoever has a password "
             "(http_basic), or whom Keystone and the policy let."},
            {"http_basic_auth_user_file", &O::http_basic_auth_user_file, text(),
             "Password file (htpasswd, bcrypt) for auth_strategy http_basic; read again when it "
             "changes."},
            {"rbac_service_role_elevated_access", &O::rbac_service_role_elevated_access, flag(),
             "Let the role service in the project below do what system members may."},
            {"rbac_service_project_name", &O::rbac_service_project_name, text(),
             "The project of services such as Nova."},
            {"debug", &O::debug, flag(), "Write a detailed log.", kReloadable},
            {"debug_tracebacks_in_api", &O::debug_tracebacks_in_api, flag(),
             "Tell clients what failed inside the service; for developers only."},
            {"log_file", &O::log_file, text(), "Log file; standard error when empty."},
            {"log_dir", &O::log_dir, text(), "Directory of log_file when that is relative."},
            {"host", &O::host, text(),
             "Name of this conductor. It must be unique and stay the same across restarts.",
             ShownDefault{"<host name>"}},
            {"my_ip", &O::my_ip, text(), "Address of this host that machines can reach.",
             ShownDefault{"<first IPv4 address>"}},
            {"my_ipv6", &O::my_ipv6, text(), "IPv6 address of this host; never found out."},
            {"state_path", &O::state_path, text(),
             "Directory of everything the service keeps: database, images, leases."},
            {"tempdir", &O::tempdir, text(), "Directory of short-lived files."},
            {"pin_release_version", &O::pin_release_version, text(),
             "Offer only the API versions of this older release, such as 21.4.", kReloadable},
            {"enabled_hardware_types", &O::enabled_hardware_types, list(),
             "Hardware types (drivers) that nodes may use."},
            {"default_resource_class", &O::default_resource_class, text(),
             "Resource class of new nodes that name none.", kReloadable},
            {"default_conductor_group", &O::default_conductor_group, text(),
             "Conductor group of new nodes that name none.", kReloadable},
            {"default_portgroup_mode", &O::default_portgroup_mode, text(),
             "Bonding mode of new port groups that name none.", kReloadable},
            {"log_in_db_max_size", &O::log_in_db_max_size, integer<std::size_t>(0, 1 << 20),
             "Characters of an error that are kept with a node."},
            {"drain_shutdown_timeout", &O::drain_shutdown_timeout, seconds(),
             "Seconds to wait for running operations on SIGUSR2; 0: for ever."},
            {"hash_partition_exponent", &O::hash_partition_exponent, integer(0, 20),
             "Two to this power are the points of each conductor on the hash ring."},
            {"hash_ring_reset_interval", &O::hash_ring_reset_interval, seconds(),
             "Seconds for which a computed hash ring is used."},
        });
}

void add_image_rows(OptionTable<Options>& table) {
    using O = DefaultOptions;
    table.section<O>(
        "DEFAULT", &Options::general,
        {
            {"force_raw_images", &O::force_raw_images, flag(),
             "Convert images to raw before they are served.", kReloadable},
            {"raw_image_growth_factor", &O::raw_image_growth_factor, number(1.0),
             "How much larger a raw image is taken to be when its size is not known."},
            {"image_download_concurrency", &O::image_download_concurrency, integer(1),
             "Images downloaded or converted at one time."},
            {"minimum_memory_warning_only", &O::minimum_memory_warning_only, flag(),
             "Only warn when memory is short; do not hold conversions back.", kReloadable},
            {"minimum_required_memory", &O::minimum_required_memory, integer(0),
             "MiB that must be free before an image is converted.", kReloadable},
            {"minimum_memory_wait_time", &O::minimum_memory_wait_time, seconds(),
             "Seconds between two looks at the free memory.", kReloadable},
            {"minimum_memory_wait_retries", &O::minimum_memory_wait_retries, integer(0),
             "Looks at the free memory before a conversion is given up.", kReloadable},
            {"webserver_verify_ca", &O::webserver_verify_ca, text(),
             "Check certificates of image servers: true, false or a CA file.", kReloadable},
            {"webserver_connection_timeout", &O::webserver_connection_timeout, seconds(1),
             "Seconds to wait for an image server."},
            {"rpc_response_timeout", &O::rpc_response_timeout, seconds(1),
             "Seconds that the API waits for a conductor."},
        });
}

void add_interface_rows(OptionTable<Options>& table) {
    for (const auto& [kind, unused] : default_interfaces()) {
        table.section<InterfaceChoice>(
            "DEFAULT",
            [kind](auto& options) -> auto& { return options.general.interfaces.at(kind); },
            {
                {"enabled_" + kind + "_interfaces", &InterfaceChoice::enabled, list(),
                 "Implementations of the " + kind +
                     " interface that nodes may use; empty: the first choice of each hardware "
                     "type."},
                {"default_" + kind + "_interface", &InterfaceChoice::preferred, text(),
                 "Implementation of the " + kind +
                     " interface for nodes that name none; empty: the first that is enabled."},
            });
    }
}

void add_api_rows(OptionTable<Options>& table) {
    using O = ApiOptions;
    table.section<O>(
        "api", &Options::api,
        {
            {"host_ip", &O::host_ip, text(), "Address to listen on."},
            {"port", &O::port, integer<std::uint16_t>(), "TCP port; 0: any free one."},
            {"unix_socket", &O::unix_socket, text(), "Listen on this socket and not on TCP."},
            {"unix_socket_mode", &O::unix_socket_mode, octal(), "Permissions of that socket."},
            {"public_endpoint", &O::public_endpoint, text(),
             "Base URL in links; empty: as the request came.", kReloadable},
            {"api_workers", &O::api_workers, optional_integer(1),
             "Threads that answer requests; empty: as many as processors."},
            {"max_limit", &O::max_limit, integer(1), "Items of a page at most.", kReloadable},
            {"enable_ramdisk_endpoints", &O::enable_ramdisk_endpoints, flag(),
             "Answer the agent: lookup, heartbeat, inspection data.", kReloadable},
            {"restrict_lookup", &O::restrict_lookup, flag(),
             "Let the agent look up only nodes that wait for one.", kReloadable},
            {"project_admin_can_manage_own_nodes", &O::project_admin_can_manage_own_nodes, flag(),
             "Let the admin of a project create and delete nodes that belong to it.", kReloadable},
            {"ramdisk_heartbeat_timeout", &O::ramdisk_heartbeat_timeout, seconds(1),
             "Seconds between two heartbeats that the agent is told to keep.", kReloadable},
            {"enable_ssl_api", &O::enable_ssl_api, flag(), "Serve HTTPS."},
            {"cert_file", &O::cert_file, text(),
             "Certificate of the server (PEM); read again when it changes.",
             FormerName{"ssl", "cert_file"}},
            {"key_file", &O::key_file, text(),
             "Its private key (PEM, no password); read again when it changes.",
             FormerName{"ssl", "key_file"}},
            {"tls_minimum_version", &O::tls_minimum_version,
             choice<TlsVersion>({{"1.2", TlsVersion::v1_2}, {"1.3", TlsVersion::v1_3}}),
             "Oldest TLS version that clients may use."},
            {"tls_ciphers", &O::tls_ciphers, text(), "Ciphers, as OpenSSL lists them.",
             FormerName{"ssl", "ciphers"}},
        });
    table.section<O>(
        "api", &Options::api,
        {
            {"max_json_body_depth", &O::max_json_body_depth, integer<std::size_t>(8, 1000),
             "Nesting of a JSON body at most.", kReloadable},
            {"max_json_body_size", &O::max_json_body_size, integer<std::size_t>(4, 1 << 20),
             "KiB of a JSON body at most.", kReloadable},
            {"max_json_body_size_provision", &O::max_json_body_size_provision,
             integer<std::size_t>(4, 1 << 20),
             "The same for provisioning requests, which may carry a config drive.", kReloadable},
            {"max_json_body_size_inspection", &O::max_json_body_size_inspection,
             integer<std::size_t>(4, 1 << 20), "The same for inspection data.", kReloadable},
            {"disallowed_enrollment_boot_modes", &O::disallowed_enrollment_boot_modes, list(),
             "Boot modes that new nodes may not have.", kReloadable},
            {"disallow_deploy_steps", &O::disallow_deploy_steps, list(),
             "Steps (interface.step) that no deployment may contain.", kReloadable},
            {"disallow_service_steps", &O::disallow_service_steps, list(),
             "The same for servicing.", kReloadable},
            {"disallow_clean_steps", &O::disallow_clean_steps, list(), "The same for cleaning.",
             kReloadable},
        });
}

void add_small_sections(OptionTable<Options>& table) {
    table.section<DatabaseOptions>(
        "database", &Options::database,
        {
            {"connection", &DatabaseOptions::connection, secret_text(),
             "URL of the database. sqlite:///PATH is a file that ferrited makes itself; "
             "postgresql://USER:PASSWORD@HOST/NAME and mysql+pymysql://USER:PASSWORD@HOST/NAME are "
             "servers, which several ferrited may share. TLS is asked for behind a question mark, "
             "as their drivers have it: sslmode=verify-full&sslrootcert=FILE for PostgreSQL, "
             "ssl_ca=FILE for MariaDB.",
             FormerName{"DEFAULT", "sql_connection"}},
            {"max_retries", &DatabaseOptions::max_retries, integer(-1),
             "Attempts to reach a database server at start beyond the first; -1: no end."},
            {"retry_interval", &DatabaseOptions::retry_interval, seconds(),
             "Seconds between them."},
            {"max_pool_size", &DatabaseOptions::max_pool_size, integer(1, 1000),
             "Connections kept open for reading."},
            {"max_overflow", &DatabaseOptions::max_overflow, integer(0, 1000),
             "Connections to a database server beyond them, when all are in use."},
            {"pool_timeout", &DatabaseOptions::pool_timeout, seconds(),
             "Seconds to wait for a connection when none may be added."},
            {"connection_recycle_time", &DatabaseOptions::connection_recycle_time, seconds(),
             "Age in seconds at which a connection to a server is replaced; 0: never."},
            {"auto_upgrade", &DatabaseOptions::auto_upgrade, flag(),
             "Upgrade the schema of a database server at start, as `ferrited db upgrade` does. "
             "SQLite is always upgraded."},
        });
}

}  // namespace

InterfaceChoices default_interfaces() {
    return {
        {"bios", {{"no-bios", "fake"}, ""}},
        {"boot", {{"ipxe", "pxe", "fake"}, ""}},
        {"console", {{"no-console", "fake"}, ""}},
        {"deploy", {{"direct", "ramdisk", "fake"}, ""}},
        {"firmware", {{"no-firmware", "fake"}, ""}},
        {"inspect", {{"no-inspect", "fake"}, ""}},
        {"management", {}},
        {"network", {{"noop"}, ""}},
        {"power", {}},
        {"raid", {{"no-raid", "fake"}, ""}},
        {"rescue", {{"no-rescue", "fake"}, ""}},
        {"storage", {{"noop", "fake"}, "noop"}},
        {"vendor", {{"ipmitool", "no-vendor", "fake"}, ""}},
    };
}

void add_service_rows(OptionTable<Options>& table) {
    add_default_rows(table);
    add_image_rows(table);
    add_interface_rows(table);
    add_api_rows(table);
    add_small_sections(table);
}

}  // namespace ferrite::daemon
