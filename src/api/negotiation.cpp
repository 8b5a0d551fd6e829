#include "api/negotiation.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include <fmt/core.h>

#include "api/text.h"

namespace ferrite::api {
namespace {

constexpr std::string_view kVersionHeader = "X-OpenStack-Ironic-API-Version";
constexpr std::string_view kMinimumHeader = "X-OpenStack-Ironic-API-Minimum-Version";
constexpr std::string_view kMaximumHeader = "X-OpenStack-Ironic-API-Maximum-Version";
constexpr std::string_view kStandardHeader = "OpenStack-API-Version";

struct Asked {
    long major = 0;
    long minor = 0;
};

std::optional<long> whole_number(std::string_view text) {
    long number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::optional<Asked> parse_version(std::string_view text) {
    auto dot = text.find('.');
    if (dot == text.npos) return std::nullopt;
    auto major = whole_number(text.substr(0, dot));
    auto minor = whole_number(text.substr(dot + 1));
    if (!major || !minor) return std::nullopt;
    return Asked{*major, *minor};
}

/// The version of the `baremetal` entry in a list like `compute 2.1, baremetal 1.60`.
std::string_view standard_version(std::string_view header) {
    while (!header.empty()) {
        auto comma = std::min(header.find(','), header.size());
        auto entry = trimmed(header.substr(0, comma));
        header.remove_prefix(std::min(comma + 1, header.size()));
        auto space = entry.find(' ');
        if (space != entry.npos && entry.substr(0, space) == "baremetal")
            return trimmed(entry.substr(space));
    }
    return {};
}

std::string_view asked_text(const HttpHeaders& headers, const Manners& manners) {
    std::string_view asked;
    if (manners.standard_version_header) asked = standard_version(headers.get(kStandardHeader));
    return asked.empty() ? trimmed(headers.get(kVersionHeader)) : asked;
}

}  // namespace

Negotiation negotiate(const HttpHeaders& headers, model::MicroVersion max, const Manners& manners) {
    auto text = asked_text(headers, manners);
    if (text.empty()) return {.version = model::kMinimumVersion};
    if (lower_case(text) == "latest") return {.version = max};
    auto asked = parse_version(text);
    if (!asked)
        return {.problem = fmt::format("'{}' is no API version: the header {} takes a version "
                                       "such as {} or the word latest.",
                                       text, kVersionHeader, max.text()),
                .understood = false};
    if (asked->major != 1 || asked->minor < model::kMinimumVersion.minor ||
        asked->minor > max.minor)
        return {.problem = fmt::format("This service has no API version {}: it supports {} to {}.",
                                       text, model::kMinimumVersion.text(), max.text())};
    return {.version = model::MicroVersion{static_cast<int>(asked->minor)}};
}

bool strips_json_suffix(const HttpHeaders& headers) {
    auto asked = parse_version(trimmed(headers.get(kVersionHeader)));
    return asked && asked->minor < 91;
}

void add_version_range(HttpHeaders& headers, model::MicroVersion max) {
    headers.set(kMinimumHeader, model::kMinimumVersion.text());
    headers.set(kMaximumHeader, max.text());
}

void add_version(HttpHeaders& headers, model::MicroVersion version, model::MicroVersion max) {
    add_version_range(headers, max);
    headers.set(kVersionHeader, version.text());
}

}  // namespace ferrite::api
