#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"

namespace ferrite::agent {

/// The words `key=value` of a kernel command line (or of the parameter file of virtual media):
/// split at white space, no quoting, words without `=` dropped, the last of equal keys wins.
class BootParameters {
public:
    static BootParameters parse(std::string_view text);

    /// Lays `other` over these: its values win.
    void overlay(const BootParameters& other);

    /// The value, or nothing when the key is absent.
    std::optional<std::string> get(std::string_view key) const;
    /// The spellings of the original for booleans; `fallback` for anything else.
    bool flag(std::string_view key, bool fallback) const;
    /// A decimal number within bounds; `fallback` for anything else.
    std::uint64_t number(std::string_view key, std::uint64_t fallback, std::uint64_t low,
                         std::uint64_t high) const;

private:
    std::map<std::string, std::string, std::less<>> values_;
};

/// What the agent was told at boot, with the defaults of the original (reference: agent.md
/// section 1.3).
struct AgentOptions {
    std::vector<std::string> api_urls;  ///< No trailing slash.
    std::vector<std::string> inspection_urls;
    std::vector<std::string> inspection_collectors;
    std::string request_id;
    Secret agent_token;
    std::string listen_host;  ///< Empty: all addresses.
    std::uint16_t listen_port = 9999;
    std::string advertise_host;  ///< Empty: the address towards the API.
    std::uint16_t advertise_port = 9999;
    std::string network_interface;
    std::string pinned_api_version;  ///< "1.N", empty: ask the API.
    std::string boot_interface;      ///< BOOTIF verbatim, empty: none.
    std::string ca_file;
    std::string minimum_tls_version = "1.2";
    std::chrono::seconds lookup_timeout{600};
    std::chrono::seconds lookup_interval{1};
    std::chrono::seconds http_timeout{30};
    std::chrono::seconds download_connect_timeout{60};
    unsigned download_retries = 9;
    std::chrono::seconds download_retry_interval{10};
    std::chrono::seconds disk_wait_delay{3};
    unsigned disk_wait_attempts = 10;
    std::uint64_t minimum_root_bytes = 4ull << 30;
    bool insecure = false;
    bool auto_tls = true;
    bool debug = false;
};

/// Reads the options; throws InvalidValue that names a parameter which cannot be.
AgentOptions read_options(const BootParameters& parameters);

/// BOOTIF as a MAC address: `01-aa-bb-cc-dd-ee-ff` (pxelinux) and plain forms become
/// `aa:bb:cc:dd:ee:ff`; empty for anything else.
std::string boot_interface_mac(std::string_view bootif);

}  // namespace ferrite::agent
