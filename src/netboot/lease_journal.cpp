#include "netboot/lease_journal.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"

namespace ferrite::netboot {
namespace {

// Rewritten when this many lines are history and they are the larger part.
constexpr std::size_t kHistoryBeforeCompaction = 1024;

[[noreturn]] void fail(const std::filesystem::path& path, std::string_view what) {
    throw Error(
        500, "lease_journal",
        fmt::format("DHCP lease file {}: {}: {}", path.string(), what, std::strerror(errno)));
}

/// CRC-32 (IEEE 802.3), bit by bit: lines are short and rare.
std::uint32_t checksum(std::string_view text) {
    std::uint32_t crc = ~0u;
    for (unsigned char c : text) {
        crc ^= c;
        for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1)));
    }
    return ~crc;
}

std::string checked_line(std::string_view body) {
    return fmt::format("{} {:08x}\n", body, checksum(body));
}

/// A host name came over the network: keep what a name may have, so that it is one word.
std::string word(std::string_view text) {
    std::string kept;
    for (char c : text.substr(0, 255)) {
        bool plain =
            std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.' || c == '_';
        if (plain) kept += c;
    }
    return kept.empty() ? "-" : kept;
}

std::string lease_line(const DhcpLease& lease) {
    return checked_line(
        fmt::format("lease {} {} {} {}", lease.mac.to_text(), lease.address.to_text(),
                    lease.expires.time_since_epoch().count(), word(lease.hostname)));
}

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    while (!line.empty() && words.size() < 8) {
        auto end = std::min(line.find(' '), line.size());
        words.push_back(line.substr(0, end));
        line.remove_prefix(std::min(end + 1, line.size()));
    }
    return words;
}

/// The line without its checksum, nothing when the checksum does not fit.
std::optional<std::string_view> checked_body(std::string_view line) {
    auto space = line.rfind(' ');
    if (space == line.npos) return {};
    auto body = line.substr(0, space);
    if (line.substr(space + 1) != fmt::format("{:08x}", checksum(body))) return {};
    return body;
}

std::optional<DhcpLease> parse_lease(const std::vector<std::string_view>& words) {
    if (words.size() != 5) return {};
    auto mac = MacAddress::parse(words[1]);
    auto address = IpAddress::parse(words[2]);
    std::int64_t expires = 0;
    auto end = words[3].data() + words[3].size();
    bool is_number = std::from_chars(words[3].data(), end, expires).ptr == end;
    if (!mac || !address || !address->is_v4() || !is_number) return {};
    return DhcpLease{.mac = *mac,
                     .address = *address,
                     .expires = Timestamp(std::chrono::microseconds(expires)),
                     .hostname = words[4] == "-" ? "" : std::string(words[4])};
}

/// Applies one line; false when it is damaged.
bool apply(std::string_view line, std::map<MacAddress, DhcpLease>& live) {
    auto body = checked_body(line);
    if (!body) return false;
    auto words = words_of(*body);
    if (words.size() == 2 && words[0] == "free") {
        if (auto mac = MacAddress::parse(words[1])) live.erase(*mac);
        return true;
    }
    if (words.empty() || words[0] != "lease") return false;
    auto lease = parse_lease(words);
    if (lease) live[lease->mac] = *lease;
    return lease.has_value();
}

void write_whole(int fd, std::string_view text, const std::filesystem::path& path) {
    while (!text.empty()) {
        auto written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail(path, "cannot write");
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fdatasync(fd) != 0) fail(path, "cannot sync");
}

void sync_directory(const std::filesystem::path& path) {
    auto parent = path.parent_path();
    UniqueFd directory(
        ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory || ::fsync(directory.get()) != 0) fail(path, "cannot sync its directory");
}

}  // namespace

LeaseJournal::LeaseJournal(std::filesystem::path path) : path_(std::move(path)) {
    // The lock is a file of its own, because compaction replaces the journal's.
    auto lock_path = path_.string() + ".lock";
    lock_.reset(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
    if (!lock_) fail(path_, "cannot open its lock file");
    if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) fail(path_, "another process uses it");
    read_all();
    open();
}

void LeaseJournal::open() {
    file_.reset(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
    if (!file_) fail(path_, "cannot open");
    // A line that a crash cut off must not become the beginning of the next one.
    if (::ftruncate(file_.get(), static_cast<off_t>(good_bytes_)) != 0)
        fail(path_, "cannot truncate");
    sync_directory(path_);
}

void LeaseJournal::read_all() {
    std::ifstream in(path_, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    std::size_t damaged = 0;
    for (std::size_t end; (end = text.find('\n', good_bytes_)) != text.npos;
         good_bytes_ = end + 1) {
        auto line = std::string_view(text).substr(good_bytes_, end - good_bytes_);
        if (!apply(line, live_)) ++damaged;
        ++lines_;
    }
    if (damaged > 0)
        log_warning("NETBOOT_LEASE_FILE_DAMAGED", "file={} lines={}", path_.string(), damaged);
}

std::vector<DhcpLease> LeaseJournal::load() {
    std::vector<DhcpLease> leases;
    for (auto& [mac, lease] : live_) leases.push_back(lease);
    return leases;
}

void LeaseJournal::save(const DhcpLease& lease) {
    append(lease_line(lease));
    live_[lease.mac] = lease;
}

void LeaseJournal::erase(const MacAddress& mac) {
    if (!live_.contains(mac)) return;
    append(checked_line("free " + mac.to_text()));
    live_.erase(mac);
}

void LeaseJournal::append(const std::string& line) {
    compact_when_due();
    try {
        write_whole(file_.get(), line, path_);
    } catch (const Error&) {
        // Half a line (full disk) would spoil the one behind it. When cutting it off fails too,
        // its checksum still keeps it from being read as something else.
        [[maybe_unused]] int ignored = ::ftruncate(file_.get(), static_cast<off_t>(good_bytes_));
        throw;
    }
    good_bytes_ += line.size();
    ++lines_;
}

void LeaseJournal::compact_when_due() {
    if (lines_ <= live_.size() * 2 + kHistoryBeforeCompaction || lines_ < next_compaction_) return;
    try {
        compact();
    } catch (const Error& error) {
        // The old file is whole and still ours; a line may fit where a copy of it does not.
        log_warning("NETBOOT_LEASE_FILE_NOT_COMPACTED", "reason=\"{}\"", error.message());
        next_compaction_ = lines_ + kHistoryBeforeCompaction;
    }
}

void LeaseJournal::compact() {
    auto next_path = path_.string() + ".new";
    UniqueFd next(
        ::open(next_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0640));
    if (!next) fail(path_, "cannot create its successor");
    // Whoever is long gone would otherwise be carried along for ever.
    auto now = now_seconds();
    std::erase_if(live_, [&](auto& entry) { return entry.second.expires <= now; });
    std::string text;
    for (auto& [mac, lease] : live_) text += lease_line(lease);
    write_whole(next.get(), text, path_);
    if (::rename(next_path.c_str(), path_.c_str()) != 0) fail(path_, "cannot replace");
    sync_directory(path_);
    file_ = std::move(next);
    lines_ = live_.size();
    good_bytes_ = text.size();
}

}  // namespace ferrite::netboot
