#include "agent/erase_steps.h"

#include <atomic>
#include <memory>

#include <fmt/core.h>

#include "agent/agent_error.h"
#include "agent/disk_eraser.h"
#include "base/log.h"
#include "base/mutex.h"

namespace ferrite::agent {
namespace {

/// Disks to erase, taken by several workers.
struct Queue {
    std::vector<Disk> disks;
    ErasePolicy policy;
    std::atomic<std::size_t> next{0};
    std::atomic<std::size_t> workers_left{0};
    Signal all_done;
    Mutex mutex;
    std::exception_ptr failure FERRITE_GUARDED_BY(mutex);
};

Task<> erase_from_queue(const MachineFiles* machine, std::shared_ptr<Queue> queue) {
    for (;;) {
        auto index = queue->next++;
        if (index >= queue->disks.size()) break;
        try {
            erase_disk(*machine, queue->disks[index], queue->policy);
        } catch (...) {
            MutexLock lock(queue->mutex);
            if (!queue->failure) queue->failure = std::current_exception();
        }
    }
    if (--queue->workers_left == 0) queue->all_done.set();
    co_return;
}

void guard(const MachineFiles& machine, const std::vector<Disk>& disks, const ErasePolicy& policy) {
    if (!policy.guard_special_filesystems) return;
    for (const auto& disk : disks) refuse_shared_filesystems(machine, disk);
}

Task<Json> erase_devices(const MachineFiles* machine, Runtime* work, Json node) {
    auto queue = std::make_shared<Queue>();
    queue->disks = erasable_disks(*machine, node);
    queue->policy = ErasePolicy::of_node(node);
    guard(*machine, queue->disks, queue->policy);
    JsonObject result;
    for (const auto& disk : queue->disks) result[disk.name] = nullptr;
    auto workers = std::min<std::size_t>(queue->policy.concurrency, queue->disks.size());
    if (workers == 0) co_return result;
    queue->workers_left = workers;
    for (std::size_t i = 0; i < workers; ++i)
        work->spawn("erase disks", erase_from_queue(machine, queue));
    while (!co_await queue->all_done.wait_for(std::chrono::hours(1))) {
    }
    MutexLock lock(queue->mutex);
    if (queue->failure) std::rethrow_exception(queue->failure);
    co_return result;
}

/// Does `erase` to every disk, goes on after failures and reports them all at the end.
template <typename Erase>
void for_each_disk(const MachineFiles& machine, const Json& node, Erase erase) {
    auto policy = ErasePolicy::of_node(node);
    auto disks = erasable_disks(machine, node);
    guard(machine, disks, policy);
    std::string failures;
    for (const auto& disk : disks) {
        if (disk.read_only) continue;
        try {
            erase(disk, policy);
        } catch (const Error& error) {
            log_warning("AGENT_ERASE_FAILED", "disk={} cause=\"{}\"", disk.name, error.message());
            failures +=
                fmt::format("{}{}: {}", failures.empty() ? "" : "; ", disk.name, error.message());
        }
    }
    if (!failures.empty()) throw AgentError(Fault::block_device_erase, failures);
}

Task<Json> erase_devices_metadata(const MachineFiles* machine, Json node) {
    for_each_disk(*machine, node,
                  [&](const Disk& disk, const ErasePolicy&) { erase_metadata(*machine, disk); });
    co_return nullptr;
}

Task<Json> erase_devices_express(const MachineFiles* machine, Json node) {
    for_each_disk(*machine, node, [&](const Disk& disk, const ErasePolicy& policy) {
        erase_express(*machine, disk, policy);
    });
    co_return nullptr;
}

/// Crash records that the firmware keeps for the kernel.
Task<Json> erase_pstore(const MachineFiles* machine) {
    auto directory = machine->sys("fs/pstore");
    for (const auto& name : list_names(directory)) {
        std::error_code error;
        std::filesystem::remove(directory / name, error);
        if (error)
            throw AgentError(Fault::cleaning,
                             fmt::format("pstore record {}: {}", name, error.message()));
    }
    co_return nullptr;
}

}  // namespace

void add_erase_steps(StepBook& steps, const MachineFiles& machine, Runtime& work) {
    auto* files = &machine;
    auto* runtime = &work;
    steps.add({.name = "erase_devices", .clean_priority = 10, .run = [=](Json node, JsonObject) {
                   return erase_devices(files, runtime, node);
               }});
    steps.add({.name = "erase_devices_metadata",
               .clean_priority = 99,
               .deploy_priority = 0,
               .run = [=](Json node, JsonObject) { return erase_devices_metadata(files, node); }});
    steps.add({.name = "erase_devices_express",
               .clean_priority = 0,
               .run = [=](Json node, JsonObject) { return erase_devices_express(files, node); }});
    steps.add({.name = "erase_pstore", .clean_priority = 0, .run = [=](Json, JsonObject) {
                   return erase_pstore(files);
               }});
}

}  // namespace ferrite::agent
