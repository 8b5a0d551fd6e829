#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/task.h"

namespace ferrite {

/// A program to run to its end, with bounds.
struct ProcessOptions {
    std::vector<std::string> argv;              ///< argv[0] is looked up in PATH.
    std::vector<std::string> environment;       ///< NAME=value, added to the present one.
    std::string input;                          ///< Written to its standard input.
    std::chrono::milliseconds timeout{60'000};  ///< Then SIGKILL to its process group.
    std::uint64_t memory_limit_bytes = 0;       ///< RLIMIT_AS, by prlimit(1); 0: none.
    std::size_t max_output_bytes = 1024 * 1024; ///< Of each stream; the rest is read and dropped.
};

struct ProcessResult {
    int exit_code = 0;        ///< 128 + signal when a signal ended it.
    bool timed_out = false;
    std::string output;
    std::string error_output;
};

/// Runs a child process (posix_spawn, pidfd) without holding a thread. Throws Error when it cannot
/// be started. Not for hot paths: image conversion and the like.
Task<ProcessResult> run_process(ProcessOptions options);

}  // namespace ferrite
