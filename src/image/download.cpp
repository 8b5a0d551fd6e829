#include "image/download.h"

#include <exception>
#include <limits>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "base/mutex.h"
#include "image/image_error.h"
#include "image/image_source.h"

namespace ferrite::image {

namespace {

/// What a transfer shares with the callback that takes its bytes.
///
/// The client may still hold the callback when the coroutine that waited is gone (the runtime
/// stops): what the sink refers to may be gone as well then, so the callback is cut off first.
struct Progress {
    TransferRequest request;
    Mutex mutex;
    bool abandoned FERRITE_GUARDED_BY(mutex) = false;
    std::optional<Hasher> hasher;
    std::uint64_t size = 0;
    std::exception_ptr failure;

    /// False when the transfer must end.
    bool take(ByteView bytes) {
        MutexLock lock(mutex);
        if (abandoned) return false;
        try {
            if (bytes.size() > request.max_bytes - size)
                throw NoSpace(fmt::format("Image {} is larger than the {} bytes there is room for.",
                                          display_url(request.url), request.max_bytes));
            size += bytes.size();
            if (hasher) hasher->update(bytes);
            request.sink(bytes);
            return true;
        } catch (...) {
            failure = std::current_exception();  // Thrown again by transfer(), past the client.
            return false;
        }
    }

    void abandon() {
        MutexLock lock(mutex);
        abandoned = true;
    }
};

/// Cuts the callback off at the end of transfer(), however that ends.
struct CutOff {
    Progress& progress;
    ~CutOff() { progress.abandon(); }
};

void check_answer(const HttpFetched& answer, const Progress& progress) {
    auto name = display_url(progress.request.url);
    if (answer.status != 200)
        throw DownloadFailed(
            answer.status,
            fmt::format("Image {}: the server answered {}, not 200.", name, answer.status));
    if (progress.size == 0)
        throw DownloadFailed(0, fmt::format("Image {}: the server sent an empty file.", name));
    auto announced = answer.headers.get("Content-Length");
    bool as_sent = answer.headers.get("Content-Encoding").empty();
    if (as_sent && !announced.empty() && announced != std::to_string(progress.size))
        throw DownloadFailed(0, fmt::format("Image {}: the server announced {} bytes but sent {}.",
                                            name, announced, progress.size));
}

}  // namespace

Task<Transferred> transfer(HttpClient* client, TransferRequest request) {
    auto progress = std::make_shared<Progress>();
    progress->request = std::move(request);
    if (progress->request.algorithm) progress->hasher.emplace(*progress->request.algorithm);

    CutOff cut_off{*progress};

    auto fetch = make_fetch("GET", progress->request.url, progress->request.access);
    fetch.timeout = progress->request.timeout;
    fetch.max_response_bytes = std::numeric_limits<std::uint64_t>::max();
    fetch.on_body = [progress](ByteView bytes) { return progress->take(bytes); };
    HttpFetched answer;
    try {
        answer = co_await client->fetch(std::move(fetch));
    } catch (const HttpClientError&) {
        if (progress->failure) std::rethrow_exception(progress->failure);
        throw;
    }
    if (progress->failure) std::rethrow_exception(progress->failure);
    check_answer(answer, *progress);

    Transferred done;
    done.size = progress->size;
    if (progress->hasher) done.checksum = progress->hasher->finish();
    done.last_modified = parse_http_date(answer.headers.get("Last-Modified"));
    done.etag = answer.headers.get("ETag");
    done.no_store = answer.headers.get("Cache-Control").find("no-store") != std::string_view::npos;
    co_return done;
}

void check_checksum(const std::optional<Checksum>& expected, const std::optional<Checksum>& actual,
                    std::string_view image_name) {
    if (!expected || expected == actual) return;
    throw ChecksumMismatch(
        fmt::format("Image {}: its {} is {}, but {} was expected. Either the file is damaged or "
                    "changed on the server, or the checksum of the node is outdated.",
                    image_name, to_text(expected->algorithm), actual ? actual->value : "unknown",
                    expected->value));
}

}  // namespace ferrite::image
