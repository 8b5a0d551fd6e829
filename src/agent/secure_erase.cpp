#include "agent/secure_erase.h"

#include <array>
#include <cstring>
#include <optional>

#include <fmt/core.h>
#include <linux/nvme_ioctl.h>
#include <scsi/sg.h>
#include <sys/ioctl.h>

#include "agent/agent_error.h"

namespace ferrite::agent {
namespace {

constexpr std::size_t kIdentifyBytes = 512;

[[noreturn]] void refuse(std::string details) {
    throw AgentError(Fault::unsupported_hardware, std::move(details));
}

// NVMe: admin opcodes and the fields of Identify Controller that matter here.
constexpr std::uint8_t kNvmeIdentify = 0x06;
constexpr std::uint8_t kNvmeFormat = 0x80;
constexpr std::size_t kNvmeOacs = 256;
constexpr std::size_t kNvmeFna = 524;
constexpr std::uint32_t kFormatTimeoutMs = 6 * 3600 * 1000;

bool nvme_identify(int fd, std::uint32_t namespace_id, std::uint32_t kind,
                   std::array<std::uint8_t, 4096>& data) {
    nvme_admin_cmd command{};
    command.opcode = kNvmeIdentify;
    command.nsid = namespace_id;
    command.addr = reinterpret_cast<std::uint64_t>(data.data());
    command.data_len = static_cast<std::uint32_t>(data.size());
    command.cdw10 = kind;
    return ::ioctl(fd, NVME_IOCTL_ADMIN_CMD, &command) == 0;
}

// ATA commands of the security feature set.
constexpr std::uint8_t kAtaIdentify = 0xec;
constexpr std::uint8_t kAtaSetPassword = 0xf1;
constexpr std::uint8_t kAtaUnlock = 0xf2;
constexpr std::uint8_t kAtaErasePrepare = 0xf3;
constexpr std::uint8_t kAtaEraseUnit = 0xf4;
constexpr std::uint8_t kAtaDisablePassword = 0xf6;
constexpr unsigned kShortTimeoutMs = 15'000;

enum class Transfer { none, from_drive, to_drive };

/// One ATA command in a SCSI ATA PASS-THROUGH(16); false when the drive or the bus refuses it.
bool ata_command(int fd, std::uint8_t command, Transfer transfer,
                 std::array<std::uint8_t, kIdentifyBytes>& data, unsigned timeout_ms) {
    constexpr std::uint8_t kPassThrough16 = 0x85;
    constexpr std::uint8_t kProtocolNonData = 3 << 1, kProtocolPioIn = 4 << 1,
                           kProtocolPioOut = 5 << 1;
    std::uint8_t cdb[16] = {kPassThrough16};
    cdb[1] = transfer == Transfer::none         ? kProtocolNonData
             : transfer == Transfer::from_drive ? kProtocolPioIn
                                                : kProtocolPioOut;
    if (transfer != Transfer::none) {
        // Length in blocks, in the sector count field; direction in bit 3.
        cdb[2] = static_cast<std::uint8_t>(0x06 | (transfer == Transfer::from_drive ? 0x08 : 0));
        cdb[6] = 1;
    }
    cdb[14] = command;
    std::uint8_t sense[32] = {};
    sg_io_hdr_t request{};
    request.interface_id = 'S';
    request.cmdp = cdb;
    request.cmd_len = sizeof cdb;
    request.sbp = sense;
    request.mx_sb_len = sizeof sense;
    request.timeout = timeout_ms;
    request.dxfer_direction = transfer == Transfer::none         ? SG_DXFER_NONE
                              : transfer == Transfer::from_drive ? SG_DXFER_FROM_DEV
                                                                 : SG_DXFER_TO_DEV;
    if (transfer != Transfer::none) {
        request.dxferp = data.data();
        request.dxfer_len = kIdentifyBytes;
    }
    return ::ioctl(fd, SG_IO, &request) == 0 && request.status == 0 && request.host_status == 0;
}

std::optional<AtaSecurity> read_security(int fd) {
    std::array<std::uint8_t, kIdentifyBytes> data{};
    if (!ata_command(fd, kAtaIdentify, Transfer::from_drive, data, kShortTimeoutMs))
        return std::nullopt;
    return parse_ata_security(data);
}

/// The user password "NULL", which other tools use too, so that a drive left locked by a power
/// failure can be unlocked by any of them.
bool password_command(int fd, std::uint8_t command, unsigned timeout_ms, std::uint8_t flags = 0) {
    std::array<std::uint8_t, kIdentifyBytes> data{};
    data[0] = flags;
    std::memcpy(data.data() + 2, "NULL", 4);
    return ata_command(fd, command, Transfer::to_drive, data, timeout_ms);
}

unsigned erase_timeout_ms(unsigned minutes) {
    constexpr unsigned kWithoutEstimate = 12 * 60;
    // The field's largest value means "longer than 508 minutes".
    unsigned allowed = minutes == 0 || minutes >= 508 ? kWithoutEstimate : 2 * minutes + 10;
    return allowed * 60'000;
}

}  // namespace

SecureErase nvme_secure_erase(int fd) {
    int namespace_id = ::ioctl(fd, NVME_IOCTL_ID);
    if (namespace_id <= 0) return SecureErase::unsupported;
    std::array<std::uint8_t, 4096> controller{};
    constexpr std::uint32_t kController = 1, kNamespace = 0;
    if (!nvme_identify(fd, 0, kController, controller)) return SecureErase::unsupported;
    bool can_format = (controller[kNvmeOacs] & 0x02) != 0;
    if (!can_format) return SecureErase::unsupported;
    bool can_crypto_erase = (controller[kNvmeFna] & 0x04) != 0;

    std::array<std::uint8_t, 4096> space{};
    auto id = static_cast<std::uint32_t>(namespace_id);
    if (!nvme_identify(fd, id, kNamespace, space))
        refuse("the NVMe namespace cannot be identified");
    std::uint32_t present_format = space[26] & 0x0f;
    nvme_admin_cmd format{};
    format.opcode = kNvmeFormat;
    format.nsid = id;
    format.cdw10 = present_format | (can_crypto_erase ? 2u : 1u) << 9;
    format.timeout_ms = kFormatTimeoutMs;
    if (int status = ::ioctl(fd, NVME_IOCTL_ADMIN_CMD, &format); status != 0)
        refuse(fmt::format("NVMe format failed ({})", status > 0
                                                          ? fmt::format("status {:#x}", status)
                                                          : std::strerror(errno)));
    return SecureErase::done;
}

SecureErase ata_secure_erase(int fd) {
    auto security = read_security(fd);
    if (!security || !security->supported) return SecureErase::unsupported;
    if (security->frozen) refuse("ATA security is frozen by the firmware");
    if (security->locked) {
        password_command(fd, kAtaUnlock, kShortTimeoutMs);
        security = read_security(fd);
        if (!security || security->locked) refuse("the drive is locked with an unknown password");
    }
    if (!security->enabled && !password_command(fd, kAtaSetPassword, kShortTimeoutMs))
        refuse("the drive refused a security password");
    constexpr std::uint8_t kEnhanced = 0x02;
    bool enhanced = security->enhanced_erase;
    std::array<std::uint8_t, kIdentifyBytes> nothing{};
    bool erased = ata_command(fd, kAtaErasePrepare, Transfer::none, nothing, kShortTimeoutMs) &&
                  password_command(fd, kAtaEraseUnit,
                                   erase_timeout_ms(enhanced ? security->enhanced_erase_minutes
                                                             : security->erase_minutes),
                                   enhanced ? kEnhanced : 0);
    auto after = read_security(fd);
    if (erased && after && !after->enabled) return SecureErase::done;
    // Never leave a drive behind that locks itself at the next power-on.
    password_command(fd, kAtaUnlock, kShortTimeoutMs);
    password_command(fd, kAtaDisablePassword, kShortTimeoutMs);
    refuse("the drive did not complete its secure erase");
}

AtaSecurity parse_ata_security(ByteView identify) {
    AtaSecurity security;
    if (identify.size() < kIdentifyBytes) return security;
    auto word = [&](std::size_t index) {
        return static_cast<unsigned>(identify[2 * index] | identify[2 * index + 1] << 8);
    };
    auto status = word(128);
    security.supported = (status & 0x01) != 0;
    security.enabled = (status & 0x02) != 0;
    security.locked = (status & 0x04) != 0;
    security.frozen = (status & 0x08) != 0;
    security.enhanced_erase = (status & 0x20) != 0;
    security.erase_minutes = (word(89) & 0xff) * 2;
    security.enhanced_erase_minutes = (word(90) & 0xff) * 2;
    return security;
}

}  // namespace ferrite::agent
