#include "image/master_store.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/log.h"
#include "image/file.h"
#include "image/image_error.h"

namespace ferrite::image {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kInfo = ".info";
constexpr std::string_view kPart = ".part";

Json checksum_json(const Checksum& checksum) {
    JsonObject out;
    out["algorithm"] = to_text(checksum.algorithm);
    out["value"] = checksum.value;
    return out;
}

std::optional<Checksum> checksum_from(const Json& value) {
    auto algorithm = parse_hash_algorithm(string_member(value, "algorithm"));
    if (!algorithm) return std::nullopt;
    return Checksum{*algorithm, string_member(value, "value")};
}

std::string info_text(const MasterInfo& info) {
    JsonObject out;
    out["source"] = info.display_name;
    if (info.source_checksum) out["source_checksum"] = checksum_json(*info.source_checksum);
    out["etag"] = info.etag;
    if (info.last_modified) out["last_modified"] = ferrite::to_text(*info.last_modified);
    out["source_format"] = to_text(info.source_format);
    out["format"] = to_text(info.format);
    out["size"] = std::to_string(info.size);
    out["virtual_size"] = std::to_string(info.virtual_size);
    out["checksum"] = checksum_json(info.checksum);
    return ferrite::to_text(Json(std::move(out)));
}

std::uint64_t number_member(const Json& value, std::string_view key) {
    return std::strtoull(string_member(value, key).c_str(), nullptr, 10);
}

std::optional<MasterInfo> parse_info(std::string_view text) {
    Json value = parse_json(text);
    auto source_format = parse_image_format(string_member(value, "source_format"));
    auto format = parse_image_format(string_member(value, "format"));
    auto checksum = checksum_from(member(value, "checksum"));
    if (!source_format || !format || !checksum) return std::nullopt;
    return MasterInfo{.display_name = string_member(value, "source"),
                      .source_checksum = checksum_from(member(value, "source_checksum")),
                      .etag = string_member(value, "etag"),
                      .last_modified = parse_timestamp(string_member(value, "last_modified")),
                      .source_format = *source_format,
                      .format = *format,
                      .size = number_member(value, "size"),
                      .virtual_size = number_member(value, "virtual_size"),
                      .checksum = std::move(*checksum)};
}

Timestamp modified_at(const struct stat& status) {
    return Timestamp(std::chrono::seconds(status.st_mtim.tv_sec) +
                     std::chrono::microseconds(status.st_mtim.tv_nsec / 1000));
}

}  // namespace

struct MasterStore::Candidate {
    std::string name;
    Timestamp last_used;
    std::uint64_t bytes = 0;  ///< On disk: a sparse file counts for what it takes.
    bool evictable = false;
};

MasterStore::MasterStore(Options options, std::function<bool(const std::string&)> is_busy)
    : options_(std::move(options)), is_busy_(std::move(is_busy)) {
    std::error_code error;
    fs::create_directories(options_.directory, error);
    if (error)
        throw StorageFailed(fmt::format("Cannot create the image cache {}: {}.",
                                        options_.directory.string(), error.message()));
    remove_part_files(options_.directory);
}

fs::path MasterStore::path_of(const std::string& name) const {
    return options_.directory / name;
}

std::optional<MasterInfo> MasterStore::find(const std::string& name) const {
    struct stat status{};
    if (::stat(path_of(name).c_str(), &status) != 0) return std::nullopt;
    std::ifstream file(with_suffix(path_of(name), kInfo), std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    try {
        auto info = parse_info(text);
        if (info && info->size == static_cast<std::uint64_t>(status.st_size)) return info;
    } catch (const InvalidValue&) {
        // Cut short by a crash or a full disk: the same as no record.
    }
    log_warning("IMAGE_CACHE_RECORD_UNUSABLE", "file={}", path_of(name).string());
    return std::nullopt;
}

void MasterStore::put(const std::string& name, const fs::path& file, const MasterInfo& info) {
    remove(name);
    auto record = with_suffix(path_of(name), kInfo);
    TemporaryFile half_made(with_suffix(record, kPart));
    {
        File out(half_made.path(), O_WRONLY | O_CREAT | O_TRUNC);
        out.write_at(0, as_bytes(info_text(info)));
    }
    // The record goes first: a master without one is not trusted, a record alone is harmless.
    fs::rename(half_made.path(), record);
    half_made.keep();
    fs::rename(file, path_of(name));
}

void MasterStore::touch(const std::string& name) const {
    ::utimensat(AT_FDCWD, with_suffix(path_of(name), kInfo).c_str(), nullptr, 0);
}

void MasterStore::remove(const std::string& name) const {
    std::error_code ignored;
    fs::remove(path_of(name), ignored);
    fs::remove(with_suffix(path_of(name), kInfo), ignored);
}

void MasterStore::clean(Timestamp now) const {
    std::uint64_t total = 0;
    auto all = candidates();
    for (const auto& candidate : all) total += candidate.bytes;
    for (const auto& candidate : all) {
        bool expired = now - candidate.last_used > options_.ttl;
        if (!candidate.evictable || (!expired && total <= options_.size_limit_bytes)) continue;
        log_info("IMAGE_CACHE_EVICTED", "file={} reason={}", path_of(candidate.name).string(),
                 expired ? "age" : "size");
        remove(candidate.name);
        total -= candidate.bytes;
    }
}

void MasterStore::make_room(std::uint64_t bytes) const {
    if (free_bytes(options_.directory) >= bytes) return;
    for (const auto& candidate : candidates()) {
        if (!candidate.evictable) continue;
        log_info("IMAGE_CACHE_EVICTED", "file={} reason=room", path_of(candidate.name).string());
        remove(candidate.name);
        if (free_bytes(options_.directory) >= bytes) return;
    }
    throw NoSpace(fmt::format(
        "{} MiB are needed in {}, but only {} MiB are free and nothing more can be evicted.",
        (bytes >> 20) + 1, options_.directory.string(), free_bytes(options_.directory) >> 20));
}

/// All masters, least recently used first.
std::vector<MasterStore::Candidate> MasterStore::candidates() const {
    std::vector<Candidate> all;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(options_.directory, error)) {
        auto name = entry.path().filename().string();
        struct stat master{};
        if (name.ends_with(kInfo) || name.ends_with(kPart) ||
            ::stat(entry.path().c_str(), &master) != 0 || !S_ISREG(master.st_mode))
            continue;
        struct stat record{};
        bool recorded = ::stat(with_suffix(entry.path(), kInfo).c_str(), &record) == 0;
        all.push_back({.name = name,
                       .last_used = modified_at(recorded ? record : master),
                       .bytes = static_cast<std::uint64_t>(master.st_blocks) * 512,
                       .evictable = master.st_nlink == 1 && !is_busy_(name)});
    }
    std::ranges::sort(all, {}, &Candidate::last_used);
    return all;
}

void remove_part_files(const fs::path& directory) {
    std::error_code error;
    std::vector<fs::path> leftovers;
    for (const auto& entry : fs::directory_iterator(directory, error))
        if (entry.path().native().ends_with(kPart)) leftovers.push_back(entry.path());
    for (const auto& path : leftovers) {
        log_info("IMAGE_PART_REMOVED", "file={}", path.string());
        fs::remove(path, error);
    }
}

}  // namespace ferrite::image
