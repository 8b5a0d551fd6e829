#include "api/access_log.h"

#include <cerrno>
#include <ctime>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/unique_fd.h"

namespace ferrite::api {
namespace {

constexpr std::chrono::milliseconds kGather{250};
constexpr std::size_t kMostWaiting = 8 * 1024 * 1024;  // bytes
constexpr std::size_t kLongestPath = 512;

UniqueFd open_log(const std::string& path) {
    UniqueFd file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
    if (!file)
        throw Error(500, "access_log",
                    fmt::format("Could not open the access log {}: {}", path,
                                std::generic_category().message(errno)));
    return file;
}

/// `2026-08-20T18:25:07.123Z`
void append_time(std::string& line) {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    std::tm utc{};
    ::gmtime_r(&now.tv_sec, &utc);
    char text[32];
    auto size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    line.append(text, size);
    line += fmt::format(".{:03}Z", now.tv_nsec / 1'000'000);
}

/// What a client sends must not be able to begin a word or a line of its own.
void append_word(std::string& line, std::string_view text) {
    for (char c : text.substr(0, kLongestPath)) {
        auto byte = static_cast<unsigned char>(c);
        if (byte > 0x20 && byte < 0x7F && c != '"' && c != '\\')
            line += c;
        else
            line += fmt::format("%{:02X}", byte);
    }
    if (text.size() > kLongestPath) line += "...";
}

std::string line_of(const AccessEntry& entry) {
    std::string line;
    line.reserve(160);
    append_time(line);
    line += " client=";
    append_word(line, entry.client.empty() ? "local" : entry.client);
    line += " request=";
    append_word(line, entry.request_id);
    line += " method=";
    append_word(line, entry.method);
    line += " path=";
    append_word(line, entry.path);
    line += fmt::format(" status={} bytes={} ms={}.{:03}\n", entry.status, entry.bytes,
                        entry.duration.count() / 1000, entry.duration.count() % 1000);
    return line;
}

}  // namespace

struct AccessLog::State {
    State(Runtime& r, std::string p) : runtime(r), path(std::move(p)), file(open_log(path)) {}

    void write_waiting();
    static Task<> write_soon(std::shared_ptr<State> state);

    Runtime& runtime;
    const std::string path;
    Mutex file_mutex;  ///< Taken before `mutex`; held while the disk is written.
    UniqueFd file FERRITE_GUARDED_BY(file_mutex);
    Mutex mutex;
    std::string waiting FERRITE_GUARDED_BY(mutex);
    std::size_t dropped FERRITE_GUARDED_BY(mutex) = 0;
    bool scheduled FERRITE_GUARDED_BY(mutex) = false;
};

AccessLog::AccessLog(Runtime& runtime, std::string path)
    : state_(std::make_shared<State>(runtime, std::move(path))) {}

AccessLog::~AccessLog() {
    state_->write_waiting();
}

void AccessLog::add(const AccessEntry& entry) {
    auto line = line_of(entry);
    {
        MutexLock lock(state_->mutex);
        if (state_->waiting.size() + line.size() > kMostWaiting) {
            ++state_->dropped;
            return;
        }
        state_->waiting += line;
        if (std::exchange(state_->scheduled, true)) return;
    }
    state_->runtime.spawn("access log", State::write_soon(state_));
}

void AccessLog::reopen() {
    try {
        auto fresh = open_log(state_->path);
        MutexLock lock(state_->file_mutex);
        state_->file = std::move(fresh);
    } catch (const Error& failure) {
        log_error("ACCESS_LOG_NOT_OPENED", "error=\"{}\" the one before stays in use",
                  failure.message());
    }
}

Task<> AccessLog::State::write_soon(std::shared_ptr<State> state) {
    co_await sleep_for(kGather);
    state->write_waiting();
}

void AccessLog::State::write_waiting() {
    MutexLock writing(file_mutex);
    std::string lines;
    std::size_t lost = 0;
    {
        MutexLock lock(mutex);
        lines.swap(waiting);
        lost = std::exchange(dropped, 0);
        scheduled = false;
    }
    std::string_view rest = lines;
    while (!rest.empty()) {
        auto written = ::write(file.get(), rest.data(), rest.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) {
            log_error("ACCESS_LOG_FAILED", "file={} bytes_lost={} cause=\"{}\"", path, rest.size(),
                      std::generic_category().message(errno));
            break;
        }
        rest.remove_prefix(static_cast<std::size_t>(written));
    }
    if (lost > 0) log_warning("ACCESS_LOG_SHORT", "file={} lines_dropped={}", path, lost);
}

}  // namespace ferrite::api
