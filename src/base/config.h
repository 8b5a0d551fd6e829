#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ini_file.h"
#include "base/options.h"

/// Reading configuration files into the structs of an option table, as oslo.config does it.
///
///     ConfigReport report;
///     auto entries = read_config_files({"/etc/ferrite/ferrite.conf"}, report);
///     auto options = make_options(table, accepted, entries, report);
///     for (const auto& warning : report.warnings) log_warning("CONFIG_WARNING", "{}", warning);
///     report.throw_errors();
///
/// Later files win over earlier ones; multi-valued options collect all. `$name` and
/// `${section.name}` stand for the value of another option (the own section first, then
/// [DEFAULT]); `$$` is a dollar sign.
namespace ferrite {

/// What reading found, one line each and each with `file:line`. Values of secret options never
/// appear.
struct ConfigReport {
    std::vector<std::string> errors;    ///< values that cannot be; the program must not start
    std::vector<std::string> warnings;  ///< names nobody knows, and names of former times
    std::vector<std::string> notes;     ///< options that are accepted and have no effect

    /// Throws InvalidValue with all errors, a line each, when there are any.
    void throw_errors() const;
};

/// Options that existing configuration files may hold and that do nothing here.
struct AcceptedSection {
    std::string_view section;
    std::string_view names;  ///< separated by spaces; `*` accepts the whole section
};

/// The entries of all files in order. What cannot be read or parsed becomes an error.
std::vector<IniEntry> read_config_files(const std::vector<std::string>& files,
                                        ConfigReport& report);

/// The options that the environment sets, `OS_<SECTION>__<NAME>` in capitals. They win when they
/// are put after the entries of the files.
std::vector<IniEntry> environment_entries(std::span<const Option> rows);

/// Assigns `entries` to the struct `options` that `rows` are bound to. An option with a bad value
/// keeps its default and becomes an error. Use `make_options`.
void apply_config(std::span<const Option> rows, std::span<const AcceptedSection> accepted,
                  std::span<const IniEntry> entries, void* options, ConfigReport& report);

/// Defaults overridden by `entries`. Whether the result may be used is in `report.errors`.
template <typename Options>
Options make_options(const OptionTable<Options>& table, std::span<const AcceptedSection> accepted,
                     std::span<const IniEntry> entries, ConfigReport& report) {
    Options options;
    apply_config(table.rows(), accepted, entries, &options, report);
    return options;
}

/// Takes the reloadable values of `fresh` over into `running`. The result names what has changed
/// besides, and needs a restart: `[api]port`.
std::vector<std::string> take_reloadable(std::span<const Option> rows, void* running,
                                         const void* fresh);

/// A configuration file with every option commented out at its default, with its help.
std::string sample_config(std::span<const Option> rows);

}  // namespace ferrite
