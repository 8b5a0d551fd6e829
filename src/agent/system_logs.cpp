#include "agent/system_logs.h"

#include <algorithm>

#include <sys/klog.h>

#include "agent/tar_writer.h"
#include "base/base64.h"

namespace ferrite::agent {
namespace {

constexpr std::size_t kMaxLogBytes = 4 << 20;

std::string kernel_log() {
    constexpr int kReadAll = 3, kBufferSize = 10;
    int size = ::klogctl(kBufferSize, nullptr, 0);
    if (size <= 0) return {};
    std::string text(static_cast<std::size_t>(size), '\0');
    int length = ::klogctl(kReadAll, text.data(), size);
    text.resize(static_cast<std::size_t>(std::max(length, 0)));
    return text;
}

void add_present(TarWriter& tar, std::string_view name, const std::string& text) {
    if (!text.empty()) tar.add(name, text);
}

}  // namespace

std::string collect_system_logs(const MachineFiles& machine,
                                const std::vector<std::filesystem::path>& log_files,
                                const JsonObject& inventory) {
    TarWriter tar(std::chrono::system_clock::now());
    std::string journal;
    for (const auto& path : log_files)
        if (auto bytes = read_file(path, kMaxLogBytes)) journal += as_text(*bytes);
    add_present(tar, "journal", journal);
    if (machine.is_real()) add_present(tar, "dmesg", kernel_log());
    constexpr std::pair<std::string_view, std::string_view> kFiles[] = {
        {"mount", "self/mounts"}, {"partitions", "partitions"}, {"mdstat", "mdstat"},
        {"modules", "modules"},   {"meminfo", "meminfo"},       {"net_route", "net/route"}};
    for (auto [name, file] : kFiles) add_present(tar, name, machine.proc_text(file).value_or(""));
    add_present(tar, "cmdline", without_token(machine.proc_text("cmdline").value_or("")));
    tar.add("inventory.json", to_text(Json(inventory)));
    return encode_base64(gzip(tar.finish()));
}

std::string without_token(std::string_view command_line) {
    constexpr std::string_view kKey = "ipa-agent-token=";
    std::string out(command_line);
    for (auto at = out.find(kKey); at != std::string::npos; at = out.find(kKey, at)) {
        at += kKey.size();
        auto end = std::min(out.find_first_of(" \t\n", at), out.size());
        out.replace(at, end - at, "***");
    }
    return out;
}

}  // namespace ferrite::agent
