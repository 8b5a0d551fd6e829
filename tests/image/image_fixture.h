#pragma once

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/http_client.h"
#include "base/http_server.h"
#include "base/mutex.h"
#include "base/runtime.h"
#include "image/checksum.h"

namespace ferrite::image {

namespace fs = std::filesystem;

/// A directory of its own for each test, gone afterwards.
class ScratchDirectory {
public:
    ScratchDirectory() {
        std::string pattern = (fs::temp_directory_path() / "ferrite-image-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
    }
    ~ScratchDirectory() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    ScratchDirectory(const ScratchDirectory&) = delete;
    ScratchDirectory& operator=(const ScratchDirectory&) = delete;
    fs::path operator/(const std::string& name) const { return path_ / name; }
    const fs::path& path() const { return path_; }

private:
    fs::path path_;
};

inline std::string read_file(const fs::path& path) {
    std::error_code none;
    auto size = fs::file_size(path, none);
    std::string content(none ? 0 : size, '\0');
    std::ifstream(path, std::ios::binary).read(content.data(), std::ssize(content));
    return content;
}

inline void write_file(const fs::path& path, std::string_view content) {
    std::ofstream(path, std::ios::binary).write(content.data(), std::ssize(content));
}

/// Runs a shell command; its exit code. The output goes to `output` when given.
inline int shell(const std::string& command, std::string* output = nullptr) {
    auto* pipe = ::popen((command + " 2>&1").c_str(), "r");
    if (pipe == nullptr) return -1;
    std::string text;
    char buffer[4096];
    while (auto got = std::fread(buffer, 1, sizeof buffer, pipe)) text.append(buffer, got);
    if (output != nullptr) *output = text;
    auto status = ::pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// Bytes that look like nothing in particular, the same in every run.
inline std::string noise(std::size_t bytes, unsigned seed = 1) {
    std::mt19937 random(seed);
    std::string text(bytes, '\0');
    for (auto& c : text) c = static_cast<char>(random());
    return text;
}

inline Checksum sum_of(std::string_view content, HashAlgorithm algorithm = HashAlgorithm::sha256) {
    Hasher hasher(algorithm);
    hasher.update(as_bytes(content));
    return hasher.finish();
}

/// A web server with files in memory, on a loopback port. It counts what it is asked.
class FileServer {
public:
    struct Page {
        std::string body;
        std::string last_modified = "Wed, 01 Jul 2026 10:00:00 GMT";
        std::string etag;
        std::string cache_control;
        int status = 200;
    };

    explicit FileServer(Executor executor)
        : server_(std::move(executor), {},
                  [this](HttpRequest request) { return answer(this, std::move(request)); }) {
        server_.start();
    }

    std::string url(const std::string& name) const {
        return "http://127.0.0.1:" + std::to_string(server_.port()) + "/" + name;
    }
    void put(const std::string& name, Page page) {
        MutexLock lock(mutex_);
        pages_["/" + name] = std::move(page);
    }
    int count(const std::string& method) const {
        MutexLock lock(mutex_);
        auto found = counts_.find(method);
        return found == counts_.end() ? 0 : found->second;
    }
    Task<bool> drain() { return server_.drain(std::chrono::seconds(10)); }

private:
    static Task<HttpResponse> answer(FileServer* self, HttpRequest request) {
        MutexLock lock(self->mutex_);
        ++self->counts_[request.method];
        HttpResponse response;
        auto found = self->pages_.find(request.path);
        if (found == self->pages_.end()) {
            response.status = 404;
            co_return response;
        }
        const auto& page = found->second;
        response.status = page.status;
        response.body = page.body;
        if (!page.last_modified.empty()) response.headers.set("Last-Modified", page.last_modified);
        if (!page.etag.empty()) response.headers.set("ETag", page.etag);
        if (!page.cache_control.empty()) response.headers.set("Cache-Control", page.cache_control);
        co_return response;
    }

    mutable Mutex mutex_;
    std::map<std::string, Page> pages_ FERRITE_GUARDED_BY(mutex_);
    std::map<std::string, int> counts_ FERRITE_GUARDED_BY(mutex_);
    HttpServer server_;
};

/// What every test with coroutines, files or a web server needs.
class ImageTest : public ::testing::Test {
protected:
    void TearDown() override { runtime_.run(stop(&server_)); }

    /// Runs a task to its end and gives its result or its exception.
    template <typename T>
    T await(Task<T> task) {
        std::optional<T> result;
        runtime_.run(store(&result, std::move(task)));
        return std::move(*result);
    }
    void await(Task<> task) { runtime_.run(std::move(task)); }

    ScratchDirectory scratch_;
    Runtime runtime_{{.threads = 2, .name = "image"}};
    HttpClient client_{runtime_.strand()};
    FileServer server_{runtime_.executor()};

private:
    static Task<> stop(FileServer* server) { co_await server->drain(); }

    template <typename T>
    static Task<> store(std::optional<T>* result, Task<T> task) {
        result->emplace(co_await std::move(task));
    }
};

/// The message of the Error that `action` throws; fails the test when it throws none.
template <typename Action>
std::string error_of(Action action) {
    try {
        action();
    } catch (const Error& error) {
        return error.message();
    }
    ADD_FAILURE() << "nothing was thrown";
    return {};
}

}  // namespace ferrite::image
