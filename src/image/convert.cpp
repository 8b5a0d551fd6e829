#include "image/convert.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "base/log.h"
#include "base/process.h"
#include "base/runtime.h"
#include "image/image_error.h"

namespace ferrite::image {

namespace {

constexpr std::chrono::seconds kMemoryRetryDelay{2};

/// qemu-img's own name of a format, which differs for VHD.
std::string qemu_name(ImageFormat format) {
    if (is_verbatim(format)) return "raw";
    return format == ImageFormat::vhd ? "vpc" : std::string(to_text(format));
}

bool ran_out_of_memory(const ProcessResult& result) {
    std::string_view words = result.error_output;
    return words.find("Cannot allocate memory") != words.npos ||
           words.find("Resource temporarily unavailable") != words.npos ||
           words.find("failed to allocate") != words.npos;
}

std::string last_words(const ProcessResult& result) {
    auto words = result.error_output;
    while (!words.empty() && (words.back() == '\n' || words.back() == ' ')) words.pop_back();
    constexpr std::size_t kEnough = 500;
    return words.size() > kEnough ? words.substr(words.size() - kEnough) : words;
}

Task<> run_qemu_img(std::vector<std::string> argv, std::string image, ConversionLimits limits) {
    for (unsigned attempt = 1;; ++attempt) {
        // Many malloc arenas would use up the address space long before the memory.
        ProcessOptions options{.argv = argv,
                               .environment = {"MALLOC_ARENA_MAX=3", "LC_ALL=C"},
                               .timeout = limits.timeout,
                               .memory_limit_bytes = limits.memory_bytes};
        ProcessResult result = co_await run_process(std::move(options));
        if (result.exit_code == 0 && !result.timed_out) co_return;
        if (result.timed_out)
            throw StorageFailed(fmt::format("qemu-img did not finish converting {} within {} s.",
                                            image, limits.timeout.count() / 1000));
        if (!ran_out_of_memory(result) || attempt >= limits.attempts)
            throw StorageFailed(fmt::format("qemu-img could not convert {} (exit code {}): {}",
                                            image, result.exit_code, last_words(result)));
        log_warning("IMAGE_CONVERT_NO_MEMORY", "image={} attempt={} of={}", image, attempt,
                    limits.attempts);
        co_await sleep_for(kMemoryRetryDelay);
    }
}

}  // namespace

Task<> convert_to_raw(std::filesystem::path from, ImageFormat format, std::filesystem::path to,
                      ConversionLimits limits) {
    std::vector<std::string> argv{"qemu-img", "convert", "-f",          qemu_name(format), "-O",
                                  "raw",      "--",      from.string(), to.string()};
    co_await run_qemu_img(std::move(argv), from.string(), limits);
}

Task<> convert_to_device(std::filesystem::path from, ImageFormat format,
                         std::filesystem::path device, ConversionLimits limits) {
    std::string driver = std::filesystem::is_block_file(device) ? "host_device" : "raw";
    // -n: the target exists; -S 0: no holes; -W: write in any order, which is faster.
    std::vector<std::string> argv{"qemu-img", "convert", "-n"};
    argv.insert(argv.end(), {"-t", "directsync", "-S", "0", "-W", "-f", qemu_name(format)});
    argv.insert(argv.end(), {"-O", driver, "--", from.string(), device.string()});
    co_await run_qemu_img(std::move(argv), from.string(), limits);
}

bool qemu_img_available() {
    const char* path = std::getenv("PATH");
    std::string_view rest = path != nullptr ? path : "/usr/bin:/bin";
    while (!rest.empty()) {
        auto end = std::min(rest.find(':'), rest.size());
        auto program = std::string(rest.substr(0, end)) + "/qemu-img";
        if (::access(program.c_str(), X_OK) == 0) return true;
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return false;
}

}  // namespace ferrite::image
