#include "agent/machine_power.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/reboot.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/agent_error.h"
#include "agent/disks.h"
#include "agent/network_interfaces.h"
#include "base/log.h"
#include "base/unique_fd.h"

namespace ferrite::agent {
namespace {

bool write_word(const std::filesystem::path& path, std::string_view word) {
    UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    return file &&
           ::write(file.get(), word.data(), word.size()) == static_cast<ssize_t>(word.size());
}

}  // namespace

void flush_disks(const MachineFiles& machine) {
    ::sync();
    if (!machine.is_real()) return;
    if (!write_word(machine.proc("sys/vm/drop_caches"), "3"))
        log_warning("AGENT_CACHES_KEPT", "cause=\"{}\"", std::strerror(errno));
    for (const auto& disk : list_disks(machine)) {
        UniqueFd file(::open(machine.dev(disk.name).c_str(), O_RDONLY | O_CLOEXEC));
        if (file) ::ioctl(file.get(), BLKFLSBUF);
    }
}

void change_power(const MachineFiles& machine, PowerChange change) {
    flush_disks(machine);
    if (!machine.is_real())
        throw AgentError(Fault::system_reboot, "this agent does not run on a real machine");
    log_info("AGENT_POWER_CHANGE", "target={}", change == PowerChange::off ? "off" : "reboot");
    ::reboot(change == PowerChange::off ? RB_POWER_OFF : RB_AUTOBOOT);
    auto cause = std::strerror(errno);
    write_word(machine.proc("sysrq-trigger"), change == PowerChange::off ? "o" : "b");
    throw AgentError(Fault::system_reboot, cause);
}

void take_network_down(const MachineFiles& machine) {
    if (!machine.is_real()) return;
    UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    for (const auto& interface : list_network_interfaces(machine)) {
        ifreq request{};
        interface.name.copy(request.ifr_name, IFNAMSIZ - 1);
        if (::ioctl(socket.get(), SIOCGIFFLAGS, &request) != 0) continue;
        request.ifr_flags = static_cast<short>(request.ifr_flags & ~IFF_UP);
        ::ioctl(socket.get(), SIOCSIFFLAGS, &request);
    }
}

}  // namespace ferrite::agent
