#include "api/policy_sources.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

namespace ferrite::api {
namespace {

namespace fs = std::filesystem;

bool holds_rules(const fs::path& path) {
    constexpr std::array<std::string_view, 3> kEndings = {".yaml", ".yml", ".json"};
    return !path.filename().string().starts_with('.') &&
           std::ranges::find(kEndings, path.extension().string()) != kEndings.end();
}

/// A directory that can not be read has no files.
std::vector<std::string> files_of(const std::string& directory) {
    std::vector<std::string> files;
    std::error_code failure;
    for (fs::directory_iterator entry(directory, failure), end; !failure && entry != end;
         entry.increment(failure))
        if (holds_rules(entry->path()) && entry->is_regular_file(failure))
            files.push_back(entry->path());
    std::ranges::sort(files);
    return files;
}

}  // namespace

bool PolicySources::is_due() const {
    bool any = !file_.empty() || !directories_.empty();
    return any &&
           Clock::now().time_since_epoch().count() >= next_look_.load(std::memory_order_relaxed);
}

bool PolicySources::has_changed() {
    next_look_ = (Clock::now() + interval_).time_since_epoch().count();
    auto before = std::exchange(paths_, look());
    bool changed = paths_ != before;
    std::erase_if(watches_, [&](const auto& watch) {
        return std::ranges::find(paths_, watch.first) == paths_.end();
    });
    for (const auto& path : paths_)
        if (watches_.try_emplace(path, path).first->second.has_changed()) changed = true;
    return changed;
}

std::vector<std::string> PolicySources::look() const {
    std::vector<std::string> paths;
    std::error_code ignored;
    if (!file_.empty() && fs::exists(file_, ignored)) paths.push_back(file_);
    for (const auto& directory : directories_) {
        auto files = files_of(directory);
        paths.insert(paths.end(), files.begin(), files.end());
    }
    return paths;
}

}  // namespace ferrite::api
