#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/secret.h"

/// The declaration of options: each is one row that binds a name in the configuration file to a
/// member of a plain struct. The member's initialiser is the default.
///
///     struct ApiOptions { std::string host_ip = "0.0.0.0"; std::uint16_t port = 6385; };
///     struct Options { ApiOptions api; };
///
///     OptionTable<Options> table;
///     table.section<ApiOptions>("api", &Options::api, {
///         {"host_ip", &ApiOptions::host_ip, text(), "Address to listen on."},
///         {"port", &ApiOptions::port, integer<std::uint16_t>(), "TCP port.", kReloadable},
///     });
///
/// Reading files into such a struct is in config.h.
namespace ferrite {

/// The texts that one option was given, in order. Only multi-valued options look at more than the
/// last; there is always at least one.
using OptionTexts = std::span<const std::string>;

/// How a T is written in a configuration file.
template <typename T>
struct OptionType {
    std::string allowed;  ///< for people, after "must be": "a whole number from 1 to 65535"
    std::function<std::optional<T>(OptionTexts)> parse;  ///< nothing when it is not allowed
    std::function<std::string(const T&)> print;          ///< the text that parses to the same
    bool secret = false;                                 ///< the value is never shown
    bool multi = false;  ///< may be given several times; every one counts
};

OptionType<std::string> text();
OptionType<Secret> secret_text();
/// 1/yes/true/on and 0/no/false/off in any case.
OptionType<bool> flag();
OptionType<double> number(double min = std::numeric_limits<double>::lowest());
/// `a, b, c`; empty elements are dropped.
OptionType<std::vector<std::string>> list();
/// May be given several times; each is one element, commas and all.
OptionType<std::vector<std::string>> multi_text();
using TextMap = std::map<std::string, std::string>;
/// `key:value,key2:value2`; only the first colon of an element divides it.
OptionType<TextMap> dict();
/// Like `dict`, and may be given several times.
OptionType<TextMap> multi_dict();
/// File permissions: `0660`.
OptionType<std::optional<std::uint32_t>> octal();
/// Whole seconds.
OptionType<std::chrono::seconds> seconds(
    std::int64_t min = 0, std::int64_t max = std::numeric_limits<std::int32_t>::max());
/// An empty text is "not set".
OptionType<std::optional<std::chrono::seconds>> optional_seconds(std::int64_t min = 0);
OptionType<std::optional<int>> optional_integer(int min = std::numeric_limits<int>::min());

OptionType<std::int64_t> integer_between(std::int64_t min, std::int64_t max);

template <typename T = int>
OptionType<T> integer(T min = std::numeric_limits<T>::min(),
                      T max = std::numeric_limits<T>::max()) {
    auto wide = integer_between(min, max);
    return {.allowed = wide.allowed,
            .parse = [parse = wide.parse](OptionTexts texts) -> std::optional<T> {
                auto value = parse(texts);
                if (!value) return std::nullopt;
                return static_cast<T>(*value);
            },
            .print = [print = wide.print](const T& value) { return print(value); }};
}

/// One of some words, each of which stands for a value.
template <typename Enum>
OptionType<Enum> choice(std::vector<std::pair<std::string, Enum>> words) {
    std::string allowed;
    for (const auto& [word, value] : words) allowed += (allowed.empty() ? "" : ", ") + word;
    return {.allowed = "one of: " + allowed,
            .parse = [words](OptionTexts texts) -> std::optional<Enum> {
                for (const auto& [word, value] : words)
                    if (word == texts.back()) return value;
                return std::nullopt;
            },
            .print =
                [words](const Enum& shown) {
                    for (const auto& [word, value] : words)
                        if (value == shown) return word;
                    return std::string();
                }};
}

/// An option may change while the program runs (SIGHUP); the others need a restart.
struct Reloadable {};
inline constexpr Reloadable kReloadable;

/// A name under which the option was known before; it still works and is reported.
struct FormerName {
    std::string section;
    std::string name;
};

/// What the sample file shows as default when it is worked out at start: `<host name>`.
struct ShownDefault {
    std::string text;
};

/// One option of the table, whatever it is bound to.
struct Option {
    std::string section;
    std::string name;
    std::string help;
    std::string allowed;
    std::string default_text;
    std::string shown_default;
    bool secret = false;
    bool multi = false;
    bool reloadable = false;
    std::vector<FormerName> former_names;

    std::function<bool(void* options, OptionTexts texts)> assign;  ///< false: not allowed
    std::function<std::string(const void* options)> print;         ///< secrets in clear text
    std::function<void(void* to, const void* from)> copy;
};

/// One row: an option bound to a member of the struct of its section.
template <typename Group>
class OptionRow {
public:
    template <typename T, typename... Notes>
    OptionRow(std::string name, T Group::* member, OptionType<T> type, std::string help,
              Notes... notes) {
        option_.name = std::move(name);
        option_.help = std::move(help);
        option_.allowed = std::move(type.allowed);
        option_.secret = type.secret;
        option_.multi = type.multi;
        assign_ = [member, parse = std::move(type.parse)](Group& group, OptionTexts texts) {
            auto value = parse(texts);
            if (value) group.*member = std::move(*value);
            return value.has_value();
        };
        print_ = [member, print = std::move(type.print)](const Group& group) {
            return print(group.*member);
        };
        copy_ = [member](Group& to, const Group& from) { to.*member = from.*member; };
        (note(std::move(notes)), ...);
    }

    /// The row as an option of `Options`, whose part `group` (a member pointer, or a generic lambda
    /// from Options& to Group&) it belongs to. `defaults` is an untouched Options.
    template <typename Options, typename Access>
    Option bind(const std::string& section, Access group, const Options& defaults) const {
        Option option = option_;
        option.section = section;
        option.default_text = print_(std::invoke(group, defaults));
        if (option.shown_default.empty()) option.shown_default = option.default_text;
        option.assign = [group, assign = assign_](void* options, OptionTexts texts) {
            return assign(std::invoke(group, *static_cast<Options*>(options)), texts);
        };
        option.print = [group, print = print_](const void* options) {
            return print(std::invoke(group, *static_cast<const Options*>(options)));
        };
        option.copy = [group, copy = copy_](void* to, const void* from) {
            copy(std::invoke(group, *static_cast<Options*>(to)),
                 std::invoke(group, *static_cast<const Options*>(from)));
        };
        return option;
    }

private:
    void note(Reloadable) { option_.reloadable = true; }
    void note(FormerName name) { option_.former_names.push_back(std::move(name)); }
    void note(ShownDefault shown) { option_.shown_default = std::move(shown.text); }

    Option option_;
    std::function<bool(Group&, OptionTexts)> assign_;
    std::function<std::string(const Group&)> print_;
    std::function<void(Group&, const Group&)> copy_;
};

/// All options of a program, bound to `Options`, a struct with one member per section.
template <typename Options>
class OptionTable {
public:
    /// `group` names the part of Options that the rows are bound to: a member pointer, or a
    /// generic lambda `[](auto& options) -> auto& { return options.part; }`.
    template <typename Group, typename Access>
    void section(const std::string& name, Access group,
                 std::initializer_list<OptionRow<Group>> rows) {
        for (const auto& row : rows) rows_.push_back(row.bind(name, group, defaults_));
    }

    const std::vector<Option>& rows() const noexcept { return rows_; }

private:
    Options defaults_;
    std::vector<Option> rows_;
};

}  // namespace ferrite
