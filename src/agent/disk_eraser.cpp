#include "agent/disk_eraser.h"

#include <algorithm>
#include <cstdlib>
#include <memory>

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/fs.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/ioctl.h>

#include "agent/agent_error.h"
#include "agent/root_hints.h"
#include "agent/secure_erase.h"
#include "agent/wipe_plan.h"
#include "base/log.h"
#include "image/file.h"
#include "image/partition_table.h"

namespace ferrite::agent {
namespace {

constexpr std::size_t kPassBytes = 4 << 20;

/// Opens a disk for us alone: the kernel refuses when it is mounted or part of an array.
image::File open_disk(const MachineFiles& machine, const Disk& disk, int flags = 0) {
    return image::File(machine.dev(disk.name), O_RDWR | O_EXCL | flags);
}

/// Zeros through the block layer, which uses the drive's own command where it is safe; by hand on
/// whatever has no such call.
void write_zeros(image::File& file, ByteRange range) {
    std::uint64_t argument[2] = {range.offset, range.length};
    if (file.is_block_device() && ::ioctl(file.descriptor(), BLKZEROOUT, argument) == 0) return;
    static const Bytes zeros(1 << 20);
    while (range.length > 0) {
        auto count = std::min<std::uint64_t>(range.length, zeros.size());
        file.write_at(range.offset, ByteView(zeros).first(count));
        range.offset += count;
        range.length -= count;
    }
}

/// A stream of bytes that nobody can predict, fast enough for any disk: AES-256-CTR under a key
/// that is thrown away.
class RandomStream {
public:
    RandomStream() : context_(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free) {
        std::uint8_t seed[48];
        if (!context_ || RAND_bytes(seed, sizeof seed) != 1 ||
            EVP_EncryptInit_ex(context_.get(), EVP_aes_256_ctr(), nullptr, seed, seed + 32) != 1)
            throw Error(500, "random", "no random numbers for erasing");
    }

    void fill(Bytes& buffer) {
        int written = 0;
        std::ranges::fill(buffer, std::uint8_t{0});
        if (EVP_EncryptUpdate(context_.get(), buffer.data(), &written, buffer.data(),
                              static_cast<int>(buffer.size())) != 1)
            throw Error(500, "random", "no random numbers for erasing");
    }

private:
    std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context_;
};

void write_random(image::File& file, std::uint64_t size) {
    RandomStream random;
    Bytes buffer(kPassBytes);
    for (std::uint64_t offset = 0; offset < size; offset += buffer.size()) {
        random.fill(buffer);
        auto count = std::min<std::uint64_t>(buffer.size(), size - offset);
        file.write_at(offset, ByteView(buffer).first(count));
    }
    file.sync();
}

void reread_partitions(image::File& file) {
    if (file.is_block_device()) ::ioctl(file.descriptor(), BLKRRPART);
}

std::vector<ByteRange> partition_ranges(const MachineFiles& machine, const Disk& disk) {
    std::vector<ByteRange> ranges;
    const std::string base = "block/" + std::string(disk.kernel_name()) + "/";
    for (const auto& name : list_partitions(machine, disk.kernel_name()))
        ranges.push_back({machine.sys_number(base + name + "/start").value_or(0) * 512,
                          machine.sys_number(base + name + "/size").value_or(0) * 512});
    return ranges;
}

/// True when the drive erased itself.
bool try_secure_erase(const MachineFiles& machine, const Disk& disk, const ErasePolicy& policy) {
    bool nvme = disk.kernel_name().starts_with("nvme");
    if (nvme ? !policy.nvme_secure_erase : !policy.ata_secure_erase) return false;
    try {
        auto file = open_disk(machine, disk);
        auto outcome =
            nvme ? nvme_secure_erase(file.descriptor()) : ata_secure_erase(file.descriptor());
        if (outcome == SecureErase::done) {
            reread_partitions(file);
            log_info("AGENT_DISK_SECURE_ERASED", "disk={}", disk.name);
        }
        return outcome == SecureErase::done;
    } catch (const AgentError& error) {
        if (!policy.continue_if_secure_erase_failed) throw;
        log_warning("AGENT_SECURE_ERASE_FAILED", "disk={} cause=\"{}\" next=overwrite", disk.name,
                    error.message());
        return false;
    }
}

void overwrite(const MachineFiles& machine, const Disk& disk, const ErasePolicy& policy) {
    auto file = open_disk(machine, disk);
    for (unsigned pass = 0; pass < policy.iterations; ++pass) write_random(file, disk.size);
    if (policy.zeroize) write_zeros(file, {0, disk.size});
    file.sync();
    reread_partitions(file);
    log_info("AGENT_DISK_OVERWRITTEN", "disk={} random_passes={} zeros={}", disk.name,
             policy.iterations, policy.zeroize);
}

bool flag_of(const Json& object, std::string_view key, bool fallback) {
    const Json& value = member(object, key);
    if (value.is_bool()) return value.as_bool();
    if (value.is_int64()) return value.as_int64() != 0;
    if (!value.is_string()) return fallback;
    auto word = lower_case(string_member(object, key));
    return word == "true" || word == "1" || word == "yes" || word == "on";
}

unsigned count_of(const Json& object, std::string_view key, unsigned fallback, unsigned limit) {
    const Json& value = member(object, key);
    long number = fallback;
    if (value.is_int64()) number = value.as_int64();
    if (value.is_string()) number = std::strtol(string_member(object, key).c_str(), nullptr, 10);
    return static_cast<unsigned>(std::clamp<long>(number, 0, limit));
}

}  // namespace

ErasePolicy ErasePolicy::of_node(const Json& node) {
    const Json& info = member(node, "driver_internal_info");
    ErasePolicy policy;
    policy.nvme_secure_erase = flag_of(info, "agent_enable_nvme_secure_erase", true);
    policy.ata_secure_erase = flag_of(info, "agent_enable_ata_secure_erase", true);
    policy.continue_if_secure_erase_failed =
        flag_of(info, "agent_continue_if_secure_erase_failed",
                flag_of(info, "agent_continue_if_ata_erase_failed", false));
    policy.skip_read_only = flag_of(info, "agent_erase_skip_read_only", false);
    policy.zeroize = flag_of(info, "agent_erase_devices_zeroize", true);
    policy.iterations = count_of(info, "agent_erase_devices_iterations", 1, 100);
    policy.concurrency = std::max(1u, count_of(info, "disk_erasure_concurrency", 1, 64));
    policy.guard_special_filesystems = flag_of(info, "wipe_special_filesystems", true);
    return policy;
}

void erase_metadata(const MachineFiles& machine, const Disk& disk) {
    auto file = open_disk(machine, disk);
    for (const auto& range : signature_ranges(disk.size, partition_ranges(machine, disk)))
        write_zeros(file, range);
    file.sync();
    reread_partitions(file);
    log_info("AGENT_DISK_METADATA_ERASED", "disk={}", disk.name);
}

void erase_disk(const MachineFiles& machine, const Disk& disk, const ErasePolicy& policy) {
    if (disk.read_only) {
        if (policy.skip_read_only) return;
        throw AgentError(
            Fault::block_device_erase,
            fmt::format("{} is read-only and agent_erase_skip_read_only is not set", disk.name));
    }
    if (try_secure_erase(machine, disk, policy)) return;
    overwrite(machine, disk, policy);
}

void erase_express(const MachineFiles& machine, const Disk& disk, const ErasePolicy& policy) {
    if (disk.read_only) return;
    if (disk.kernel_name().starts_with("nvme")) {
        auto lenient = policy;
        lenient.continue_if_secure_erase_failed = true;
        if (try_secure_erase(machine, disk, lenient)) return;
    }
    erase_metadata(machine, disk);
}

void refuse_shared_filesystems(const MachineFiles& machine, const Disk& disk) {
    constexpr std::pair<std::string_view, std::string_view> kShared[] = {
        {"37affc90-ef7d-4e96-91c3-2d7ae055b174", "GPFS"},
        {"aa31e02a-400f-11db-9590-000c2911d1b8", "VMFS"}};
    constexpr std::uint8_t kMbrVmfs = 0xfb;
    auto refuse = [&](unsigned number, std::string_view what) {
        throw AgentError(Fault::protected_device,
                         fmt::format("partition {} of {} is {}, a cluster file system; other "
                                     "machines may use it",
                                     number, disk.name, what));
    };
    auto head = image::File(machine.dev(disk.name), O_RDONLY).read_at(0, image::kTableBytes);
    if (auto gpt = image::GptTable::parse(head, disk.logical_sector)) {
        for (const auto& partition : gpt->partitions())
            for (auto [type, name] : kShared)
                if (partition.type.to_text() == type) refuse(partition.number, name);
    } else if (auto mbr = image::MbrTable::parse(head)) {
        for (const auto& partition : mbr->partitions())
            if (partition.mbr_type == kMbrVmfs) refuse(partition.number, "VMFS");
    }
}

std::vector<Disk> erasable_disks(const MachineFiles& machine, const Json& node) {
    auto disks = without_skipped(list_disks(machine), node);
    std::erase_if(disks, [&](const Disk& disk) { return is_virtual_media(machine, disk); });
    std::ranges::reverse(disks);
    return disks;
}

}  // namespace ferrite::agent
