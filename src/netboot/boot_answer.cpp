#include "netboot/boot_answer.h"

#include <algorithm>

#include <fmt/format.h>

namespace ferrite::netboot {
namespace {

constexpr std::string_view kPxeClient = "PXEClient", kHttpClient = "HTTPClient";
constexpr std::size_t kMaxFileField = 127;

/// PXE_DISCOVERY_CONTROL (sub-option 6), bit 3: take the boot file of this answer, look no further.
const Bytes kUseThisFile{6, 1, 8, 255};
/// iPXE's no-pxedhcp (sub-option 176): do not wait for a proxy DHCP server.
const Bytes kNoProxyDhcp{176, 1, 1};

/// IANA "Processor Architecture Types"; the HTTP values name the same machines.
Architecture architecture_from(std::uint16_t number) {
    switch (number) {
        case 0:
        case 20:
            return Architecture::bios;
        case 6:
        case 15:
            return Architecture::uefi_x86;
        case 7:
        case 9:
        case 16:
            return Architecture::uefi_x64;
        case 10:
        case 18:
            return Architecture::uefi_arm32;
        case 11:
        case 19:
            return Architecture::uefi_arm64;
        default:
            return Architecture::unknown;
    }
}

Architecture architecture_of(const DhcpMessage& request) {
    ByteReader list(request.options.get(option::kArchitecture));
    while (list.left() >= 2) {
        auto known = architecture_from(list.u16());
        if (known != Architecture::unknown) return known;
    }
    return Architecture::unknown;
}

BootStage stage_of(const DhcpMessage& request) {
    auto user_class = as_text(request.options.get(option::kUserClass));
    // With or without the length byte of RFC 3004 in front: iPXE sends none.
    bool says_ipxe = user_class == "iPXE" || user_class == "\x04iPXE";
    if (says_ipxe || request.options.has(option::kIpxe)) return BootStage::ipxe;
    auto vendor = as_text(request.options.get(option::kVendorClass));
    if (vendor.starts_with(kHttpClient)) return BootStage::uefi_http;
    if (vendor.starts_with(kPxeClient)) return BootStage::pxe;
    return BootStage::plain;
}

/// Option 97 (RFC 4578): a type byte that must be 0, then 16 bytes.
std::optional<std::string> uuid_of(const DhcpMessage& request) {
    auto value = request.options.get(option::kClientUuid);
    if (value.size() != 17 || value[0] != 0) return {};
    Bytes uuid(value.begin() + 1, value.end());
    auto is = [&](std::uint8_t filler) { return std::ranges::count(uuid, filler) == 16; };
    if (is(0x00) || is(0xff)) return {};
    // The bytes come as SMBIOS has them, whose first three fields are little-endian; firmware and
    // iPXE alike.
    std::reverse(uuid.begin(), uuid.begin() + 4);
    std::reverse(uuid.begin() + 4, uuid.begin() + 6);
    std::reverse(uuid.begin() + 6, uuid.begin() + 8);
    std::string text;
    for (std::size_t i = 0; i < uuid.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += fmt::format("{:02x}", uuid[i]);
    }
    return text;
}

void set_boot_file(const std::string& file, bool as_option, DhcpMessage& reply) {
    bool fits = file.size() <= kMaxFileField;
    if (fits) reply.file = file;
    if (as_option || !fits) reply.options.set_text(option::kBootFile, file);
}

bool asks_for(const DhcpMessage& request, std::uint8_t code) {
    return std::ranges::count(request.options.get(option::kParameterList), code) > 0;
}

}  // namespace

const std::string& BootFiles::of(Architecture architecture) const {
    static const std::string kNone;
    switch (architecture) {
        case Architecture::bios:
            return bios;
        case Architecture::uefi_x86:
            return uefi_x86;
        case Architecture::uefi_x64:
            return uefi_x64;
        case Architecture::uefi_arm32:
            return uefi_arm32;
        case Architecture::uefi_arm64:
            return uefi_arm64;
        case Architecture::unknown:
            break;
    }
    return kNone;
}

BootClient classify(const DhcpMessage& request) {
    auto stage = stage_of(request);
    return {.mac = request.mac,
            .uuid = uuid_of(request),
            .ip = request.ciaddr,
            .relay = request.giaddr,
            .architecture = architecture_of(request),
            .stage = stage};
}

std::string script_url(const std::string& http_url, const MacAddress& mac) {
    return fmt::format("{}/boot/{}.ipxe", http_url, mac.to_dashes());
}

bool add_boot_options(const DhcpMessage& request, const BootClient& client,
                      const BootServers& servers, AnswerRole role, DhcpMessage& reply) {
    if (client.stage == BootStage::plain) return false;
    bool shows_pxe = role == AnswerRole::proxy || client.stage == BootStage::pxe;

    if (client.stage == BootStage::ipxe) {
        set_boot_file(script_url(servers.http_url, client.mac), true, reply);
        reply.options.set(option::kIpxe, kNoProxyDhcp);
    } else {
        auto& file = servers.files.of(client.architecture);
        if (file.empty()) return false;
        if (client.stage == BootStage::uefi_http) {
            set_boot_file(fmt::format("{}/{}", servers.http_url, file), true, reply);
            reply.options.set_text(option::kVendorClass, kHttpClient);
            shows_pxe = false;
        } else {
            set_boot_file(file, asks_for(request, option::kBootFile), reply);
        }
    }
    reply.siaddr = servers.tftp;
    if (asks_for(request, option::kTftpServer) && client.stage != BootStage::uefi_http)
        reply.options.set_text(option::kTftpServer, servers.tftp.to_text());
    if (shows_pxe) {
        reply.options.set_text(option::kVendorClass, kPxeClient);
        reply.options.set(option::kVendorSpecific, kUseThisFile);
    }
    auto uuid = request.options.get(option::kClientUuid);
    if (!uuid.empty()) reply.options.set(option::kClientUuid, Bytes(uuid.begin(), uuid.end()));
    return true;
}

}  // namespace ferrite::netboot
