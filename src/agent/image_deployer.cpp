#include "agent/image_deployer.h"

#include <fmt/core.h>

#include "agent/agent_error.h"
#include "agent/disk_eraser.h"
#include "agent/root_hints.h"
#include "agent/target_disk.h"
#include "base/log.h"
#include "base/runtime.h"
#include "image/config_drive.h"
#include "image/image_error.h"
#include "image/image_stream.h"

namespace ferrite::agent {
namespace {

/// How a failed try is to be taken.
struct TryFailure {
    AgentError error;
    bool worth_another;
};

/// Sorts what the image room throws into the protocol's errors.
TryFailure understood(std::exception_ptr failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const AgentError& error) {
        return {error, false};
    } catch (const image::DownloadFailed& error) {
        // The server answered and will answer so again, unless it is the one in trouble.
        bool refused = error.server_status() >= 400 && error.server_status() < 500;
        return {AgentError(Fault::image_download, error.message()), !refused};
    } catch (const HttpClientError& error) {
        return {AgentError(Fault::image_download, error.message()), true};
    } catch (const image::ChecksumMismatch& error) {
        return {AgentError(Fault::image_checksum, error.message()), true};
    } catch (const image::InvalidImage& error) {
        return {AgentError(Fault::invalid_image, error.message()), false};
    } catch (const InvalidValue& error) {
        return {AgentError(Fault::image_checksum, error.message()), false};
    } catch (const std::exception& error) {
        return {AgentError(Fault::image_write, error.what()), false};
    }
}

}  // namespace

ImageDeployer::ImageDeployer(const MachineFiles& machine, KnownNode& node, HttpClient& client)
    : machine_(machine), node_(node), client_(client) {}

Task<std::string> ImageDeployer::prepare_image(Json image_info, std::string config_drive) {
    auto info = parse_image_info(image_info, options_.md5);
    if (config_drive.empty()) config_drive = info.config_drive;
    auto disk = co_await find_root_disk();
    // Fetched first: a config drive that cannot be had should not cost a disk's content.
    Bytes content;
    if (!config_drive.empty()) content = co_await load_config_drive(std::move(config_drive));
    // Whatever the disk held at its ends (a backup GPT, RAID) must not be taken for the image's.
    erase_metadata(machine_, disk);
    co_await write_image(info, disk);
    TargetDisk target(machine_, disk);
    target.fit_table();
    if (!content.empty()) target.write_config_drive(content);
    auto root_uuid = target.disk_signature();
    {
        MutexLock lock(mutex_);
        root_uuid_ = root_uuid;
    }
    co_return fmt::format("image ({}) written to device {} root_uuid={}", info.id, disk.name,
                          root_uuid);
}

JsonObject ImageDeployer::partition_uuids() const {
    MutexLock lock(mutex_);
    if (root_uuid_.empty()) return {};
    return {{"partitions", JsonObject{}}, {"root uuid", root_uuid_}};
}

Task<Disk> ImageDeployer::find_root_disk() {
    for (unsigned attempt = 1;; ++attempt) {
        try {
            co_return choose_root_disk(list_disks(machine_), node_.get(),
                                       options_.minimum_root_bytes);
        } catch (const AgentError&) {
            if (attempt >= options_.disk_wait_attempts) throw;
        }
        co_await sleep_for(options_.disk_wait_delay);
    }
}

/// Tries every URL, and all of them again after a pause, until one try works or cannot ever.
Task<> ImageDeployer::write_image(ImageInfo info, Disk disk) {
    std::optional<AgentError> last;
    for (unsigned round = 0; round <= options_.retries; ++round) {
        bool worth_another = false;
        for (const auto& url : info.urls) {
            std::exception_ptr failure;
            try {
                co_await write_image_from(info, url, disk);
                co_return;
            } catch (...) {
                failure = std::current_exception();
            }
            auto [error, again] = understood(failure);
            log_warning("AGENT_IMAGE_TRY_FAILED", "image={} url={} cause=\"{}\"", info.id,
                        image::display_url(url), error.message());
            // The same wrong checksum twice is no accident of the transfer.
            bool repeated = last && error.fault() == Fault::image_checksum &&
                            last->message() == error.message();
            worth_another = worth_another || (again && !repeated);
            last = error;
        }
        if (!worth_another) break;
        if (round < options_.retries) co_await sleep_for(options_.retry_interval);
    }
    throw *last;
}

Task<> ImageDeployer::write_image_from(ImageInfo info, std::string url, Disk disk) {
    auto access = info.access_to(url);
    access.verify_tls = options_.verify_tls;
    access.ca_file = options_.ca_file;
    access.connect_timeout = options_.connect_timeout;
    access.stall_timeout = options_.connect_timeout;
    image::StreamRequest request;
    request.url = url;
    request.access = access;
    request.device = machine_.dev(disk.name);
    request.disk_format = info.disk_format;
    request.checksum = co_await image::resolve_checksum(&client_, info.checksum, url,
                                                        {.md5 = options_.md5}, access);
    request.formats = options_.formats;
    auto started = std::chrono::steady_clock::now();
    auto done = co_await image::stream_image(&client_, std::move(request));
    auto seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    log_info("AGENT_IMAGE_WRITTEN",
             "image={} disk={} format={} received={} written={} seconds={:.1f}", info.id, disk.name,
             image::to_text(done.format), done.received, done.written, seconds);
}

Task<Bytes> ImageDeployer::load_config_drive(std::string config_drive) {
    image::HttpAccess access;
    access.verify_tls = options_.verify_tls;
    access.ca_file = options_.ca_file;
    try {
        co_return co_await image::load_config_drive(&client_, std::move(config_drive), access);
    } catch (const Error& error) {
        throw AgentError(Fault::deployment, "config drive: " + error.message());
    }
}

}  // namespace ferrite::agent
