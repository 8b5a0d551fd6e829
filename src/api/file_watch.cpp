#include "api/file_watch.h"

#include <fstream>
#include <iterator>

#include <fmt/core.h>
#include <sys/stat.h>

#include "base/error.h"

namespace ferrite::api {

bool FileWatch::is_due() const {
    return !path_.empty() &&
           Clock::now().time_since_epoch().count() >= next_look_.load(std::memory_order_relaxed);
}

bool FileWatch::has_changed() {
    next_look_ = (Clock::now() + interval_).time_since_epoch().count();
    auto before = seen_;
    seen_ = look();
    return seen_ != before;
}

std::string FileWatch::text() const {
    std::ifstream file(path_, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (!file.is_open() || file.bad())
        throw InvalidValue(fmt::format(
            "{}: the file can not be read: is it there, and may this service read it?", path_));
    return text;
}

FileWatch::Stamp FileWatch::look() const {
    struct stat status{};
    if (path_.empty() || stat(path_.c_str(), &status) != 0) return {};
    return {.modified = status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec,
            .size = status.st_size,
            .inode = status.st_ino};
}

}  // namespace ferrite::api
