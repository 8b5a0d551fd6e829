#include "daemon/cluster_options.h"

#include "conductor/hash_ring.h"
#include "daemon/option_rows.h"

namespace ferrite::daemon {
namespace {

OptionType<std::string> hash_algorithm() {
    std::vector<std::pair<std::string, std::string>> words;
    for (const auto& name : conductor::HashRing::algorithms()) words.emplace_back(name, name);
    return choice<std::string>(std::move(words));
}

void add_call_rows(OptionTable<Options>& table) {
    using O = RpcOptions;
    table.section<O>(
        "json_rpc", &Options::rpc,
        {
            {"auth_strategy", &O::auth_strategy,
             choice<RpcAuth>({{"auto", RpcAuth::automatic},
                              {"noauth", RpcAuth::noauth},
                              {"http_basic", RpcAuth::http_basic},
                              {"keystone", RpcAuth::keystone}}),
             "Who may call this conductor: everybody who reaches it (noauth) or whoever has a "
             "password (http_basic); auto: http_basic when one is configured. There is no "
             "keystone here."},
            {"username", &O::username, text(),
             "User as whom this process calls conductors in others, and who may call this one. "
             "The same on all.",
             FormerName{"json_rpc", "http_basic_username"}},
            {"password", &O::password, secret_text(), "Password of that user.",
             FormerName{"json_rpc", "http_basic_password"}},
            {"http_basic_auth_user_file", &O::http_basic_auth_user_file, text(),
             "Password file (htpasswd, bcrypt) of those who may call this conductor, in place of "
             "username."},
            {"timeout", &O::timeout, optional_seconds(1),
             "Seconds to wait for the answer to a call; empty: [DEFAULT]rpc_response_timeout."},
        });
    table.section<O>(
        "json_rpc", &Options::rpc,
        {
            {"host_ip", &O::host_ip, text(),
             "Address at which this conductor takes calls; empty: every one with credentials, "
             "127.0.0.1 without. Others call it at this address, or by its name ([DEFAULT]host) "
             "when that is every address or TLS is used."},
            {"port", &O::port, integer<std::uint16_t>(1), "Its TCP port."},
            {"use_ssl", &O::use_ssl, flag(), "Take calls by HTTPS."},
            {"cert_file", &O::cert_file, text(),
             "Certificate (PEM), for the name of this host; read again when it changes."},
            {"key_file", &O::key_file, text(),
             "Its private key (PEM, no password); read again when it changes."},
            {"tls_minimum_version", &O::tls_minimum_version,
             choice<std::string>({{"1.2", "1.2"}, {"1.3", "1.3"}}),
             "Oldest TLS version that callers may use."},
            {"tls_ciphers", &O::tls_ciphers, text(), "Ciphers, as OpenSSL lists them."},
            {"cafile", &O::cafile, text(),
             "Certificates (PEM) that those of other conductors are checked with; empty: the "
             "system's."},
            {"insecure", &O::insecure, flag(), "Do not check their certificates."},
        });
}

}  // namespace

void add_cluster_rows(OptionTable<Options>& table) {
    table.section<RoleOptions>(
        "ferrite", &Options::roles,
        {{"roles", &RoleOptions::roles, list(),
          "What this process does: api answers clients and agents, conductor drives machines, "
          "boot serves DHCP, TFTP and boot files. Several processes with one database are one "
          "service."}});
    using O = DefaultOptions;
    table.section<O>(
        "DEFAULT", &Options::general,
        {
            {"rpc_transport", &O::rpc_transport,
             choice<RpcTransport>({{"none", RpcTransport::none},
                                   {"json-rpc", RpcTransport::json_rpc},
                                   {"oslo", RpcTransport::oslo}}),
             "How processes reach the conductors in others: not at all (none), or by HTTP "
             "(json-rpc, see that section). There is no message bus: oslo counts as none."},
            {"hash_ring_algorithm", &O::hash_ring_algorithm, hash_algorithm(),
             "Digest by which nodes are spread over conductors; the same in the whole cluster."},
        });
    add_call_rows(table);
}

}  // namespace ferrite::daemon
