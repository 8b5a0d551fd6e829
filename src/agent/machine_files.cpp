#include "agent/machine_files.h"

#include <algorithm>
#include <charconv>
#include <fstream>

namespace ferrite::agent {

std::filesystem::path MachineFiles::dev(std::string_view name) const {
    if (name.starts_with("/dev/")) name.remove_prefix(5);
    return roots_.dev / name;
}

std::optional<std::string> MachineFiles::sys_text(std::string_view relative) const {
    return read_text(sys(relative));
}

std::optional<std::string> MachineFiles::proc_text(std::string_view relative) const {
    return read_text(proc(relative));
}

std::optional<std::uint64_t> MachineFiles::sys_number(std::string_view relative) const {
    auto text = sys_text(relative);
    if (!text) return std::nullopt;
    std::string_view digits = *text;
    int base = 10;
    if (digits.starts_with("0x")) {
        digits.remove_prefix(2);
        base = 16;
    }
    std::uint64_t value = 0;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return value;
}

std::optional<Bytes> read_file(const std::filesystem::path& path, std::size_t limit) {
    std::ifstream in(path, std::ios::binary);
    if (!in) return std::nullopt;
    Bytes bytes;
    char chunk[4096];
    while (bytes.size() < limit) {
        in.read(chunk, static_cast<std::streamsize>(std::min(sizeof chunk, limit - bytes.size())));
        if (in.gcount() <= 0) break;
        bytes.insert(bytes.end(), chunk, chunk + in.gcount());
    }
    if (in.bad()) return std::nullopt;
    return bytes;
}

std::optional<std::string> read_text(const std::filesystem::path& path) {
    auto bytes = read_file(path);
    if (!bytes) return std::nullopt;
    auto text = trimmed(as_text(*bytes));
    if (text.empty()) return std::nullopt;
    return text;
}

std::vector<std::string> list_names(const std::filesystem::path& directory) {
    std::vector<std::string> names;
    std::error_code error;
    for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end;
         it.increment(error))
        names.push_back(it->path().filename().string());
    std::ranges::sort(names);
    return names;
}

std::optional<std::string> link_name(const std::filesystem::path& link) {
    std::error_code error;
    auto target = std::filesystem::read_symlink(link, error);
    if (error) return std::nullopt;
    return target.filename().string();
}

std::string trimmed(std::string_view text) {
    constexpr std::string_view kBlank(" \t\r\n\v\f\0", 7);
    auto first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return {};
    return std::string(text.substr(first, text.find_last_not_of(kBlank) - first + 1));
}

std::string lower_case(std::string_view text) {
    std::string lower(text);
    for (char& c : lower)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return lower;
}

}  // namespace ferrite::agent
