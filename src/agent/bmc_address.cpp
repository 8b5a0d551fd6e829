#include "agent/bmc_address.h"

#include <array>

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/ipmi.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/ip_address.h"

namespace ferrite::agent {
namespace {

constexpr std::uint8_t kTransportFunction = 0x0c;
constexpr std::uint8_t kGetLanParameters = 0x02;
constexpr std::uint8_t kIpv4Address = 3;
constexpr std::uint8_t kMacAddress = 5;
constexpr std::uint8_t kIpv6Enables = 51;
constexpr std::uint8_t kIpv6Static = 56;
constexpr std::uint8_t kIpv6Dynamic = 59;
constexpr std::uint8_t kLastChannel = 11;
constexpr int kAnswerTimeoutMs = 2000;

/// The kernel's IPMI device, one question at a time.
class InBandIpmi {
public:
    explicit InBandIpmi(const MachineFiles& machine) {
        for (auto name : {"ipmi0", "ipmi/0", "ipmidev/0"}) {
            fd_ = ::open(machine.dev(name).c_str(), O_RDWR | O_CLOEXEC);
            if (fd_ >= 0) return;
        }
    }
    ~InBandIpmi() {
        if (fd_ >= 0) ::close(fd_);
    }
    InBandIpmi(const InBandIpmi&) = delete;
    InBandIpmi& operator=(const InBandIpmi&) = delete;

    bool is_open() const { return fd_ >= 0; }

    /// Data of a LAN parameter behind completion code and revision; nothing for a refusal.
    std::optional<Bytes> lan_parameter(std::uint8_t channel, std::uint8_t parameter,
                                       std::uint8_t set = 0) {
        std::array<std::uint8_t, 4> data{channel, parameter, set, 0};
        ipmi_system_interface_addr address{IPMI_SYSTEM_INTERFACE_ADDR_TYPE, IPMI_BMC_CHANNEL, 0};
        ipmi_req request{};
        request.addr = reinterpret_cast<unsigned char*>(&address);
        request.addr_len = sizeof address;
        request.msgid = ++sequence_;
        request.msg = {kTransportFunction, kGetLanParameters, data.size(), data.data()};
        if (::ioctl(fd_, IPMICTL_SEND_COMMAND, &request) < 0) return std::nullopt;
        auto answer = receive();
        if (!answer || answer->size() < 2 || (*answer)[0] != 0) return std::nullopt;
        return Bytes(answer->begin() + 2, answer->end());
    }

private:
    std::optional<Bytes> receive() {
        while (true) {
            pollfd waiting{fd_, POLLIN, 0};
            if (::poll(&waiting, 1, kAnswerTimeoutMs) <= 0) return std::nullopt;
            Bytes data(IPMI_MAX_MSG_LENGTH);
            ipmi_addr from{};
            ipmi_recv answer{};
            answer.addr = reinterpret_cast<unsigned char*>(&from);
            answer.addr_len = sizeof from;
            answer.msg.data = data.data();
            answer.msg.data_len = static_cast<unsigned short>(data.size());
            if (::ioctl(fd_, IPMICTL_RECEIVE_MSG_TRUNC, &answer) < 0) return std::nullopt;
            if (answer.msgid != sequence_) continue;  // A late answer to an earlier question.
            data.resize(std::min<std::size_t>(answer.msg.data_len, data.size()));
            return data;
        }
    }

    int fd_ = -1;
    long sequence_ = 0;
};

std::optional<std::string> ipv4_of(InBandIpmi& bmc, std::uint8_t channel) {
    auto data = bmc.lan_parameter(channel, kIpv4Address);
    if (!data || data->size() < 4) return std::nullopt;
    ByteReader in(*data);
    auto address = IpAddress::v4(in.u32());
    if (address.is_unspecified()) return std::nullopt;
    return address.to_text();
}

/// An address record is: set number, source/state, 16 address bytes, prefix length, status.
std::optional<std::string> ipv6_record(InBandIpmi& bmc, std::uint8_t channel,
                                       std::uint8_t parameter) {
    auto data = bmc.lan_parameter(channel, parameter);
    if (!data || data->size() < 18) return std::nullopt;
    std::array<std::uint8_t, 16> bytes{};
    std::copy_n(data->begin() + 2, 16, bytes.begin());
    auto address = IpAddress::v6(bytes);
    if (address.is_unspecified()) return std::nullopt;
    return address.to_text();
}

std::optional<std::string> ipv6_of(InBandIpmi& bmc, std::uint8_t channel) {
    auto enables = bmc.lan_parameter(channel, kIpv6Enables);
    if (!enables || enables->empty() || (*enables)[0] == 0) return std::nullopt;
    if (auto address = ipv6_record(bmc, channel, kIpv6Dynamic)) return address;
    return ipv6_record(bmc, channel, kIpv6Static);
}

std::optional<std::string> mac_of(InBandIpmi& bmc, std::uint8_t channel) {
    auto data = bmc.lan_parameter(channel, kMacAddress);
    if (!data || data->size() < 6) return std::nullopt;
    const auto& a = *data;
    auto text = fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", a[0], a[1], a[2], a[3],
                            a[4], a[5]);
    if (text == "00:00:00:00:00:00") return std::nullopt;
    return text;
}

}  // namespace

BmcAddresses read_bmc_addresses(const MachineFiles& machine) {
    BmcAddresses found;
    InBandIpmi bmc(machine);
    if (!bmc.is_open()) return found;
    for (std::uint8_t channel = 1; channel <= kLastChannel; ++channel) {
        auto v4 = found.ipv4 ? std::nullopt : ipv4_of(bmc, channel);
        auto v6 = found.ipv6 ? std::nullopt : ipv6_of(bmc, channel);
        if (v4) found.ipv4 = v4;
        if (v6) found.ipv6 = v6;
        if ((v4 || v6) && !found.mac) found.mac = mac_of(bmc, channel);
    }
    if (!found.ipv4) found.ipv4 = "0.0.0.0";
    if (!found.ipv6) found.ipv6 = "::/0";
    return found;
}

}  // namespace ferrite::agent
