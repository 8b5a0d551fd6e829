#include "agent/boot_parameters.h"

#include <algorithm>
#include <charconv>

#include "agent/machine_files.h"
#include "base/error.h"

namespace ferrite::agent {
namespace {

constexpr std::string_view kBlank = " \t\r\n\v\f";

std::vector<std::string> split_list(std::string_view text) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        auto comma = std::min(text.find(','), text.size());
        if (auto part = trimmed(text.substr(0, comma)); !part.empty()) parts.push_back(part);
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return parts;
}

std::vector<std::string> url_list(const BootParameters& parameters, std::string_view key) {
    auto urls = split_list(parameters.get(key).value_or(""));
    for (auto& url : urls) {
        auto lower = lower_case(url);
        if (!lower.starts_with("http://") && !lower.starts_with("https://"))
            throw InvalidValue(std::string(key) +
                               ": expected an http(s):// URL (discovery by mDNS is not offered)");
        while (url.ends_with('/')) url.pop_back();
    }
    return urls;
}

std::string text_or(const BootParameters& parameters, std::string_view key,
                    std::string_view fallback = "") {
    return parameters.get(key).value_or(std::string(fallback));
}

}  // namespace

BootParameters BootParameters::parse(std::string_view text) {
    BootParameters parameters;
    while (true) {
        auto start = text.find_first_not_of(kBlank);
        if (start == std::string_view::npos) return parameters;
        text.remove_prefix(start);
        auto word = text.substr(0, text.find_first_of(kBlank));
        text.remove_prefix(word.size());
        if (auto equals = word.find('='); equals != std::string_view::npos)
            parameters.values_[std::string(word.substr(0, equals))] = word.substr(equals + 1);
    }
}

void BootParameters::overlay(const BootParameters& other) {
    for (const auto& [key, value] : other.values_) values_[key] = value;
}

std::optional<std::string> BootParameters::get(std::string_view key) const {
    auto found = values_.find(key);
    if (found == values_.end()) return std::nullopt;
    return found->second;
}

bool BootParameters::flag(std::string_view key, bool fallback) const {
    auto value = lower_case(get(key).value_or(""));
    for (auto yes : {"1", "true", "on", "yes", "t", "y"})
        if (value == yes) return true;
    for (auto no : {"0", "false", "off", "no", "f", "n"})
        if (value == no) return false;
    return fallback;
}

std::uint64_t BootParameters::number(std::string_view key, std::uint64_t fallback,
                                     std::uint64_t low, std::uint64_t high) const {
    auto text = get(key);
    if (!text) return fallback;
    std::uint64_t value = 0;
    auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc{} || end != text->data() + text->size()) return fallback;
    return value < low || value > high ? fallback : value;
}

AgentOptions read_options(const BootParameters& in) {
    constexpr std::uint64_t kDay = 86400;
    AgentOptions out;
    out.api_urls = url_list(in, "ipa-api-url");
    out.inspection_urls = url_list(in, "ipa-inspection-callback-url");
    out.inspection_collectors = split_list(text_or(in, "ipa-inspection-collectors"));
    out.request_id = text_or(in, "ipa-global-request-id");
    out.agent_token = Secret(text_or(in, "ipa-agent-token"));
    out.listen_host = text_or(in, "ipa-listen-host");
    out.listen_port = static_cast<std::uint16_t>(in.number("ipa-listen-port", 9999, 1, 65535));
    out.advertise_host = text_or(in, "ipa-advertise-host");
    out.advertise_port =
        static_cast<std::uint16_t>(in.number("ipa-advertise-port", 9999, 1, 65535));
    out.network_interface = text_or(in, "ipa-network-interface");
    out.pinned_api_version = text_or(in, "ipa-ironic-api-version");
    out.boot_interface = text_or(in, "BOOTIF");
    out.ca_file = text_or(in, "ferrite-ca-file");
    out.minimum_tls_version = text_or(in, "ipa-tls-min-version", "1.2");
    if (out.minimum_tls_version != "1.2" && out.minimum_tls_version != "1.3")
        throw InvalidValue("ipa-tls-min-version: expected 1.2 or 1.3");
    out.lookup_timeout = std::chrono::seconds(in.number("ipa-lookup-timeout", 600, 0, kDay));
    out.lookup_interval = std::chrono::seconds(in.number("ipa-lookup-interval", 1, 0, 3600));
    out.http_timeout = std::chrono::seconds(in.number("ipa-http-request-timeout", 30, 1, 3600));
    out.download_connect_timeout =
        std::chrono::seconds(in.number("ipa-image-download-connection-timeout", 60, 1, 3600));
    out.download_retries =
        static_cast<unsigned>(in.number("ipa-image-download-connection-retries", 9, 0, 1000));
    out.download_retry_interval = std::chrono::seconds(
        in.number("ipa-image-download-connection-retry-interval", 10, 0, 3600));
    out.disk_wait_attempts =
        static_cast<unsigned>(in.number("ipa-disk-wait-attempts", 10, 1, 1000));
    out.disk_wait_delay = std::chrono::seconds(in.number("ipa-disk-wait-delay", 3, 0, 3600));
    out.minimum_root_bytes = in.number("ferrite-minimum-root-mib", 4096, 0, 1u << 30) << 20;
    out.insecure = in.flag("ipa-insecure", false);
    out.auto_tls = in.flag("ferrite-auto-tls", true);
    out.debug = in.flag("ipa-debug", false);
    return out;
}

std::string boot_interface_mac(std::string_view bootif) {
    if (bootif.size() == 20 && (bootif[2] == '-' || bootif[2] == ':')) bootif.remove_prefix(3);
    if (bootif.size() != 17) return {};
    std::string mac = lower_case(bootif);
    for (std::size_t i = 0; i < mac.size(); ++i) {
        bool separator = i % 3 == 2;
        if (separator && mac[i] == '-') mac[i] = ':';
        bool hex = (mac[i] >= '0' && mac[i] <= '9') || (mac[i] >= 'a' && mac[i] <= 'f');
        if (separator ? mac[i] != ':' : !hex) return {};
    }
    return mac;
}

}  // namespace ferrite::agent
