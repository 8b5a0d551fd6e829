#include "base/config.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include <fmt/core.h>

#include "base/config_lookup.h"
#include "base/error.h"

namespace ferrite {
namespace {

/// Sorts entries to the options they belong to, expands references and assigns.
class Reader {
public:
    Reader(std::span<const Option> rows, std::span<const AcceptedSection> accepted,
           std::span<const IniEntry> entries, ConfigReport& report)
        : rows_(rows), names_(rows, accepted), values_(names_, entries), report_(report) {
        for (const auto& entry : entries) sort(entry);
    }

    void assign_all(void* options) {
        for (const auto& option : rows_) assign(option, options);
        if (accepted_.empty()) return;
        report_.notes.push_back(fmt::format("accepted, no effect: {}", accepted_));
    }

private:
    struct Given {
        std::vector<const IniEntry*> by_name;
        std::vector<const IniEntry*> by_former_name;
    };

    void sort(const IniEntry& entry) {
        auto section = section_key(entry.section);
        if (const auto* option = names_.find(section, entry.name)) {
            given_[option].by_name.push_back(&entry);
        } else if (const auto* renamed = names_.find_former(section, entry.name)) {
            given_[renamed].by_former_name.push_back(&entry);
            report_.warnings.push_back(fmt::format("{}: [{}]{} is an old name; write [{}]{}",
                                                   entry.place(), section, entry.name,
                                                   renamed->section, renamed->name));
        } else if (names_.accepts(section, entry.name)) {
            if (!accepted_.empty()) accepted_ += ", ";
            accepted_ += fmt::format("[{}]{} ({})", section, entry.name, entry.place());
        } else {
            report_.warnings.push_back(fmt::format("{}: there is no option [{}]{}{}", entry.place(),
                                                   section, entry.name,
                                                   names_.suggestion(section, entry.name)));
        }
    }

    void assign(const Option& option, void* options) {
        const auto& given = given_[&option];
        auto entries = given.by_name.empty() ? given.by_former_name : given.by_name;
        if (entries.empty()) {
            assign_default(option, options);
            return;
        }
        if (!option.multi) entries.erase(entries.begin(), entries.end() - 1);
        std::vector<std::string> texts;
        try {
            for (const auto* entry : entries)
                texts.push_back(values_.expand(entry->value, option.section));
        } catch (const InvalidValue& failure) {
            bad_value(option, *entries.back(), failure.message());
            return;
        }
        if (!option.assign(options, texts))
            bad_value(option, *entries.back(), fmt::format("must be {}", option.allowed));
    }

    /// Defaults may refer to other options: `$state_path/images`.
    void assign_default(const Option& option, void* options) {
        if (option.default_text.find('$') == std::string::npos) return;
        IniEntry entry{option.section, option.name, option.default_text, "default", 0};
        try {
            std::vector<std::string> texts{values_.expand(entry.value, option.section)};
            if (!option.assign(options, texts))
                bad_value(option, entry, fmt::format("must be {}", option.allowed));
        } catch (const InvalidValue& failure) {
            bad_value(option, entry, failure.message());
        }
    }

    void bad_value(const Option& option, const IniEntry& entry, std::string_view why) {
        report_.errors.push_back(fmt::format("{}: [{}]{} = {}: {}", entry.place(), option.section,
                                             option.name, option.secret ? "[secret]" : entry.value,
                                             why));
    }

    std::span<const Option> rows_;
    OptionNames names_;
    OptionValues values_;
    ConfigReport& report_;
    std::map<const Option*, Given> given_;
    std::string accepted_;
};

/// Appends `text` as comment lines of at most 80 columns.
void append_comment(std::string& out, std::string_view text) {
    constexpr std::size_t kColumns = 80;
    std::size_t column = kColumns;
    for (bool first = true; !text.empty(); first = false) {
        auto end = std::min(text.find(' '), text.size());
        if (column + 1 + end > kColumns) {
            out += first ? "#" : "\n#";
            column = 1;
        }
        out += ' ';
        out += text.substr(0, end);
        column += 1 + end;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    out += '\n';
}

void append_sample(std::string& out, const Option& option) {
    append_comment(out, option.help);
    append_comment(out, fmt::format("Value: {}.{}", option.allowed,
                                    option.reloadable ? " Read again on SIGHUP." : ""));
    for (const auto& former : option.former_names)
        append_comment(out, fmt::format("Old name: [{}]{}", former.section, former.name));
    out += fmt::format("#{} ={}{}\n\n", option.name, option.shown_default.empty() ? "" : " ",
                       option.shown_default);
}

}  // namespace

void ConfigReport::throw_errors() const {
    if (errors.empty()) return;
    std::string message;
    for (const auto& error : errors) message += (message.empty() ? "" : "\n") + error;
    throw InvalidValue(std::move(message));
}

std::vector<IniEntry> read_config_files(const std::vector<std::string>& files,
                                        ConfigReport& report) {
    std::vector<IniEntry> entries;
    for (const auto& file : files) {
        std::ifstream stream(file, std::ios::binary);
        std::ostringstream content;
        if (!stream || (stream.peek() != EOF && !(content << stream.rdbuf())) || stream.bad()) {
            report.errors.push_back(fmt::format("{}: the file cannot be read", file));
            continue;
        }
        auto text = parse_ini(content.view(), file);
        std::ranges::move(text.entries, std::back_inserter(entries));
        std::ranges::move(text.problems, std::back_inserter(report.errors));
    }
    return entries;
}

std::vector<IniEntry> environment_entries(std::span<const Option> rows) {
    std::vector<IniEntry> entries;
    for (const auto& option : rows) {
        auto variable = fmt::format("OS_{}__{}", option.section, option.name);
        for (char& c : variable)
            if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
        if (const char* value = std::getenv(variable.c_str()))
            entries.push_back(
                {option.section, option.name, value, "environment variable " + variable, 0});
    }
    return entries;
}

void apply_config(std::span<const Option> rows, std::span<const AcceptedSection> accepted,
                  std::span<const IniEntry> entries, void* options, ConfigReport& report) {
    Reader(rows, accepted, entries, report).assign_all(options);
}

std::vector<std::string> take_reloadable(std::span<const Option> rows, void* running,
                                         const void* fresh) {
    std::vector<std::string> need_restart;
    for (const auto& option : rows) {
        if (option.reloadable) {
            option.copy(running, fresh);
        } else if (option.print(running) != option.print(fresh)) {
            need_restart.push_back(fmt::format("[{}]{}", option.section, option.name));
        }
    }
    return need_restart;
}

std::string sample_config(std::span<const Option> rows) {
    std::string out;
    std::string_view section;
    for (const auto& option : rows) {
        if (option.section != section) {
            section = option.section;
            out += fmt::format("[{}]\n\n", section);
        }
        append_sample(out, option);
    }
    return out;
}

}  // namespace ferrite
