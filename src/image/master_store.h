#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "image/checksum.h"
#include "image/image_format.h"

namespace ferrite::image {

/// What is known about a master image; kept beside it in `<name>.info`.
struct MasterInfo {
    std::string display_name;                 ///< Its source, for people.
    std::optional<Checksum> source_checksum;  ///< Of the bytes as the server sent them.
    std::string etag;
    std::optional<Timestamp> last_modified;  ///< As the server said when it was fetched.
    ImageFormat source_format = ImageFormat::raw;
    ImageFormat format = ImageFormat::raw;  ///< Of the master, after conversion.
    std::uint64_t size = 0;
    std::uint64_t virtual_size = 0;
    Checksum checksum;  ///< Of the master.
};

/// The directory of master images: finds, keeps and evicts files, and knows nothing of networks.
///
/// A master that a destination still links to (link count over 1) costs no extra space and is
/// never evicted. One process per directory.
class MasterStore {
public:
    struct Options {
        std::filesystem::path directory;
        std::uint64_t size_limit_bytes = 20480ULL << 20;
        std::chrono::seconds ttl = std::chrono::minutes(10080);
    };

    /// Creates the directory and deletes what a crash left half made. `is_busy(name)` protects a
    /// master that is being used at this moment.
    MasterStore(Options options, std::function<bool(const std::string&)> is_busy);

    const std::filesystem::path& directory() const noexcept { return options_.directory; }
    std::filesystem::path path_of(const std::string& name) const;

    /// The record of a master that is there and is what the record says.
    std::optional<MasterInfo> find(const std::string& name) const;

    /// Moves a finished file in as the master `name` and records it.
    void put(const std::string& name, const std::filesystem::path& file, const MasterInfo& info);

    /// Marks the master as used now: it is evicted later than others.
    void touch(const std::string& name) const;

    void remove(const std::string& name) const;

    /// Evicts what is older than the TTL, then the oldest until the size limit is met.
    void clean(Timestamp now) const;

    /// Evicts the oldest until `bytes` are free on the file system. Throws NoSpace, which says how
    /// much is missing, when that is not enough.
    void make_room(std::uint64_t bytes) const;

private:
    struct Candidate;
    std::vector<Candidate> candidates() const;

    Options options_;
    std::function<bool(const std::string&)> is_busy_;
};

/// Deletes `*.part` files: downloads and copies that a crash left behind. Only for a directory
/// where nothing is being fetched.
void remove_part_files(const std::filesystem::path& directory);

}  // namespace ferrite::image
