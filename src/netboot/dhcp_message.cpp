#include "netboot/dhcp_message.h"

#include <algorithm>

namespace ferrite::netboot {
namespace {

constexpr std::uint32_t kMagicCookie = 0x63825363;
constexpr std::size_t kServerNameSize = 64, kFileSize = 128, kHardwareAddressSize = 16;
constexpr std::uint8_t kEthernet = 1, kEthernetLength = 6;
constexpr std::size_t kMinimumBootpSize = 300;  // RFC 951; some clients drop shorter replies.

IpAddress read_address(ByteReader& in) {
    return IpAddress::v4(in.u32());
}

std::string text_field(ByteView field) {
    auto text = as_text(field);
    return std::string(text.substr(0, text.find('\0')));
}

/// Reads options up to the end mark or the end of the field. A cut option makes it fail.
bool read_options(ByteView field, DhcpOptionSet& into) {
    ByteReader in(field);
    while (!in.empty()) {
        auto code = in.u8();
        if (code == option::kPad) continue;
        if (code == option::kEnd) return true;
        auto length = in.u8();
        auto value = in.take(length);
        if (in.failed()) return false;
        into.append(code, value);
    }
    return true;
}

void write_field(ByteWriter& out, std::string_view text, std::size_t size) {
    auto kept = text.substr(0, size - 1);
    out.text(kept).zeros(size - kept.size());
}

std::size_t encoded_size(const Bytes& value) {
    auto pieces = std::max<std::size_t>(1, (value.size() + 254) / 255);
    return value.size() + 2 * pieces;
}

/// Longer values are cut into pieces of the same code (RFC 3396).
void write_option(ByteWriter& out, std::uint8_t code, ByteView value) {
    do {
        auto piece = value.first(std::min<std::size_t>(value.size(), 255));
        out.u8(code).u8(static_cast<std::uint8_t>(piece.size())).raw(piece);
        value = value.subspan(piece.size());
    } while (!value.empty());
}

}  // namespace

bool DhcpOptionSet::has(std::uint8_t code) const {
    return std::ranges::any_of(options_, [&](auto& entry) { return entry.first == code; });
}

ByteView DhcpOptionSet::get(std::uint8_t code) const {
    for (auto& [known, value] : options_) {
        if (known == code) return value;
    }
    return {};
}

std::optional<std::uint8_t> DhcpOptionSet::u8(std::uint8_t code) const {
    auto value = get(code);
    if (value.size() != 1) return {};
    return value[0];
}

std::optional<std::uint16_t> DhcpOptionSet::u16(std::uint8_t code) const {
    auto value = get(code);
    if (value.size() != 2) return {};
    return ByteReader(value).u16();
}

std::optional<std::uint32_t> DhcpOptionSet::u32(std::uint8_t code) const {
    auto value = get(code);
    if (value.size() != 4) return {};
    return ByteReader(value).u32();
}

std::optional<IpAddress> DhcpOptionSet::address(std::uint8_t code) const {
    auto value = u32(code);
    if (!value) return {};
    return IpAddress::v4(*value);
}

void DhcpOptionSet::set(std::uint8_t code, Bytes value) {
    for (auto& entry : options_) {
        if (entry.first != code) continue;
        entry.second = std::move(value);
        return;
    }
    options_.emplace_back(code, std::move(value));
}

void DhcpOptionSet::set_u8(std::uint8_t code, std::uint8_t value) {
    set(code, {value});
}

void DhcpOptionSet::set_u16(std::uint8_t code, std::uint16_t value) {
    set(code, ByteWriter().u16(value).take());
}

void DhcpOptionSet::set_u32(std::uint8_t code, std::uint32_t value) {
    set(code, ByteWriter().u32(value).take());
}

void DhcpOptionSet::set_text(std::uint8_t code, std::string_view value) {
    set(code, ByteWriter().text(value).take());
}

void DhcpOptionSet::set_addresses(std::uint8_t code, const std::vector<IpAddress>& values) {
    ByteWriter out;
    for (auto& value : values) out.u32(value.to_v4());
    set(code, out.take());
}

void DhcpOptionSet::append(std::uint8_t code, ByteView more) {
    for (auto& [known, value] : options_) {
        if (known != code) continue;
        value.insert(value.end(), more.begin(), more.end());
        return;
    }
    options_.emplace_back(code, Bytes(more.begin(), more.end()));
}

std::expected<DhcpMessage, std::string_view> DhcpMessage::parse(ByteView packet) {
    ByteReader in(packet);
    DhcpMessage message;
    message.op = in.u8();
    auto hardware_type = in.u8();
    auto hardware_length = in.u8();
    message.hops = in.u8();
    message.xid = in.u32();
    message.secs = in.u16();
    message.flags = in.u16();
    message.ciaddr = read_address(in);
    message.yiaddr = read_address(in);
    message.siaddr = read_address(in);
    message.giaddr = read_address(in);
    auto hardware = in.take(kHardwareAddressSize);
    auto server_name = in.take(kServerNameSize);
    auto file = in.take(kFileSize);
    auto cookie = in.u32();
    if (in.failed()) return std::unexpected("shorter than a DHCP header");
    if (cookie != kMagicCookie) return std::unexpected("no DHCP magic cookie");
    if (hardware_type != kEthernet || hardware_length != kEthernetLength)
        return std::unexpected("not an Ethernet client");
    std::array<std::uint8_t, 6> octets{};
    std::ranges::copy(hardware.first(octets.size()), octets.begin());
    message.mac = MacAddress(octets);

    if (!read_options(in.rest(), message.options)) return std::unexpected("an option is cut off");
    auto overload = message.options.u8(option::kOverload).value_or(0);
    bool file_has_options = overload & 1;
    bool name_has_options = overload & 2;
    if (file_has_options && !read_options(file, message.options))
        return std::unexpected("an option in the file field is cut off");
    if (name_has_options && !read_options(server_name, message.options))
        return std::unexpected("an option in the sname field is cut off");
    if (!file_has_options) message.file = text_field(file);
    if (!name_has_options) message.server_name = text_field(server_name);
    return message;
}

Bytes DhcpMessage::encode(std::size_t max_bytes) const {
    ByteWriter out;
    out.u8(op).u8(kEthernet).u8(kEthernetLength).u8(hops);
    out.u32(xid).u16(secs).u16(flags);
    out.u32(ciaddr.to_v4()).u32(yiaddr.to_v4()).u32(siaddr.to_v4()).u32(giaddr.to_v4());
    out.raw(mac.octets()).zeros(kHardwareAddressSize - kEthernetLength);
    write_field(out, server_name, kServerNameSize);
    write_field(out, file, kFileSize);
    out.u32(kMagicCookie);

    std::size_t reserved = 1;  // the end mark
    for (auto& [code, value] : options) {
        if (code == option::kRelayInformation) reserved += encoded_size(value);
    }
    for (auto& [code, value] : options) {
        if (code == option::kRelayInformation) continue;
        if (out.size() + encoded_size(value) + reserved > max_bytes) continue;
        write_option(out, code, value);
    }
    if (options.has(option::kRelayInformation))
        write_option(out, option::kRelayInformation, options.get(option::kRelayInformation));
    out.u8(option::kEnd);
    if (out.size() < kMinimumBootpSize) out.zeros(kMinimumBootpSize - out.size());
    return out.take();
}

std::optional<DhcpType> DhcpMessage::type() const {
    auto value = options.u8(option::kMessageType);
    if (!value || *value < 1 || *value > 8) return {};
    return static_cast<DhcpType>(*value);
}

}  // namespace ferrite::netboot
