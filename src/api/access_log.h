#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/runtime.h"

namespace ferrite::api {

/// One request and its answer, as the access log tells of it. No query and no header: they may hold
/// tokens.
struct AccessEntry {
    std::string_view client;  ///< Address; empty for a unix socket.
    std::string_view request_id;
    std::string_view method;
    std::string_view path;
    int status = 0;
    std::size_t bytes = 0;  ///< Of the answer's body.
    std::chrono::microseconds duration{};
};

/// A file with one line a request. Whoever adds a line only copies it to memory; a moment later all
/// that have gathered are written at once. When the disk does not keep up, lines are dropped and
/// counted, and memory stays bounded.
///
///     AccessLog log(runtime, "/var/log/ferrite/access.log");
///     log.add({.client = "192.0.2.7", .method = "GET", .path = "/v1/nodes", .status = 200});
class AccessLog {
public:
    /// Opens the file for appending, or throws Error that names it. The lines are written by
    /// `runtime`, which outlives the log.
    AccessLog(Runtime& runtime, std::string path);
    /// Writes what is left.
    ~AccessLog();
    AccessLog(const AccessLog&) = delete;
    AccessLog& operator=(const AccessLog&) = delete;

    void add(const AccessEntry& entry);  ///< Any thread; never waits for the disk.

    /// Opens the file of that name anew, for programs that move logs away. Any thread.
    void reopen();

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace ferrite::api
