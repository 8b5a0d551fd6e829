#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"

/// What the configuration says of several processes that are one service: [ferrite] and [json_rpc].
namespace ferrite::daemon {

/// [ferrite]
struct RoleOptions {
    /// What this process does: "api", "conductor", "boot".
    std::vector<std::string> roles{"api", "conductor", "boot"};
};

enum class RpcTransport { none, json_rpc, oslo };
enum class RpcAuth { automatic, noauth, http_basic, keystone };

/// [json_rpc]: how processes call the conductors in others.
struct RpcOptions {
    RpcAuth auth_strategy = RpcAuth::automatic;
    /// Whoever may call this conductor; empty: only `username`.
    std::string http_basic_auth_user_file;
    std::string username;  ///< As whom this process calls others.
    Secret password;
    std::string host_ip;  ///< Empty: the loopback address without credentials, else all.
    std::uint16_t port = 8089;
    bool use_ssl = false;
    std::string cert_file;
    std::string key_file;
    std::string tls_minimum_version = "1.3";
    std::string tls_ciphers;
    std::string cafile;
    bool insecure = false;
    std::optional<std::chrono::seconds> timeout;  ///< Unset: [DEFAULT]rpc_response_timeout.

    bool wants_credentials() const {
        return auth_strategy == RpcAuth::http_basic ||
               (auth_strategy == RpcAuth::automatic &&
                !(username.empty() && http_basic_auth_user_file.empty()));
    }
    /// The address to listen on.
    std::string address() const {
        if (!host_ip.empty()) return host_ip;
        return wants_credentials() ? "::" : "127.0.0.1";
    }
};

}  // namespace ferrite::daemon
