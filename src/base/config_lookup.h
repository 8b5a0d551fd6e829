#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/config.h"

/// What the configuration reader looks up while it works: names and values. Private to config.cpp
/// and its tests.
namespace ferrite {

/// Section names are compared in lower case, except DEFAULT.
std::string section_key(std::string_view section);

/// Every name that a configuration file may hold.
class OptionNames {
public:
    OptionNames(std::span<const Option> rows, std::span<const AcceptedSection> accepted);

    const Option* find(const std::string& section, const std::string& name) const;
    const Option* find_former(const std::string& section, const std::string& name) const;
    bool accepts(const std::string& section, const std::string& name) const;

    /// `; did you mean …?` for a name that is none of them, or nothing when none is near.
    std::string suggestion(const std::string& section, const std::string& name) const;

private:
    using Name = std::pair<std::string, std::string>;

    std::map<Name, const Option*> options_;
    std::map<Name, const Option*> former_;
    std::set<Name> accepted_;
};

/// The texts of all options, for references from one to another.
class OptionValues {
public:
    /// Both arguments must outlive this.
    OptionValues(const OptionNames& names, std::span<const IniEntry> entries);

    /// `text` with its references replaced, as it stands in `section`. Throws InvalidValue when
    /// one leads nowhere or in a circle, or when the result is beyond all reason (64 KiB).
    std::string expand(std::string_view text, const std::string& section) const;

private:
    struct Found {
        std::string section;
        std::string text;
    };

    struct Expansion {
        std::string out;
        int references = 0;
    };

    void expand_into(Expansion& result, std::string_view text, const std::string& section,
                     int depth) const;
    std::size_t expand_reference(Expansion& result, std::string_view rest,
                                 const std::string& section, int depth) const;
    bool resolve(std::string_view reference, const std::string& section, Found& found) const;
    bool look_up(const std::string& section, const std::string& name, Found& found) const;

    const OptionNames& names_;
    std::map<std::pair<std::string, std::string>, const IniEntry*> entries_;
};

}  // namespace ferrite
