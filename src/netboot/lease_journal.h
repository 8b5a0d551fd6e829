#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "netboot/dhcp_lease.h"

namespace ferrite::netboot {

/// Leases in a text file that only grows, one checked line per change, and is rewritten when most
/// of it is history.
///
/// A line is written and synced before save() returns; a crash can at most cut the last line, and
/// a line whose checksum is wrong is left out when reading. Rewriting goes to a second file that
/// takes the first one's place in one step. One process at a time (the file is locked).
///
///     LeaseJournal leases("/var/lib/ferrite/dhcp.leases");
class LeaseJournal : public LeaseStore {
public:
    /// Opens or creates the file; its directory must exist. Throws Error that names the path when
    /// it cannot, or when another process has it.
    explicit LeaseJournal(std::filesystem::path path);

    std::vector<DhcpLease> load() override;
    void save(const DhcpLease& lease) override;
    void erase(const MacAddress& mac) override;

    /// Lines in the file, live or not: what compaction is decided by.
    std::size_t line_count() const noexcept { return lines_; }

private:
    void read_all();
    void open();
    void append(const std::string& line);
    void compact_when_due();
    void compact();

    std::filesystem::path path_;
    UniqueFd lock_;
    UniqueFd file_;
    std::map<MacAddress, DhcpLease> live_;
    std::size_t lines_ = 0;
    std::size_t next_compaction_ = 0;  ///< Not before this many lines, after one that failed.
    std::uint64_t good_bytes_ = 0;     ///< The length of the file up to its last whole line.
};

}  // namespace ferrite::netboot
