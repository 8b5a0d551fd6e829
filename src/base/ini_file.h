#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ferrite {

/// One `name = value` of a configuration file and where it stands.
struct IniEntry {
    std::string section;
    std::string name;  ///< hyphens are turned into underscores
    std::string value;
    std::string file;
    int line = 0;  ///< 0 when it comes from no file

    /// `/etc/ferrite/ferrite.conf:12`, or just the file when there is no line.
    std::string place() const;
};

/// What a text holds; lines that make no sense become problems, the others count all the same.
struct IniText {
    std::vector<IniEntry> entries;
    std::vector<std::string> problems;  ///< each begins with `file:line`
};

/// Reads INI text as oslo.config does: `[section]` heads, `name = value` or `name: value`, lines
/// that begin with a space continue the value above, `#` and `;` in the first column begin a
/// comment, and one pair of quotes around a value is dropped. `file` is only named in the result.
IniText parse_ini(std::string_view text, const std::string& file);

}  // namespace ferrite
