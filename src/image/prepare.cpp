#include "image/prepare.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>

#include "base/log.h"
#include "image/decompress.h"
#include "image/download.h"
#include "image/image_error.h"

namespace ferrite::image {

namespace {

namespace fs = std::filesystem;

ImageInspection inspect_file(const fs::path& path) {
    File file(path, O_RDONLY);
    return inspect(file.read_at(0, kInspectionBytes), file.size());
}

void judge(const ImageInspection& found, const PrepareRequest& request) {
    check_format(found, request.disk_format, request.formats, request.source.display_name());
}

/// Writes a download to its file and refuses wrong content as soon as its head is complete.
class DownloadSink {
public:
    DownloadSink(fs::path path, const PrepareRequest& request)
        : file_(std::move(path), O_WRONLY | O_CREAT | O_TRUNC), request_(request) {}

    void take(ByteView bytes) {
        file_.write_at(written_, bytes);
        written_ += bytes.size();
        if (head_.size() >= kInspectionBytes) return;
        auto wanted = std::min(bytes.size(), kInspectionBytes - head_.size());
        head_.insert(head_.end(), bytes.begin(), bytes.begin() + static_cast<long>(wanted));
        if (head_.size() < kInspectionBytes) return;
        auto found = inspect(head_, request_.about.size.value_or(0));
        if (!is_compressed(found.format)) judge(found, request_);
    }

private:
    File file_;
    const PrepareRequest& request_;
    Bytes head_;
    std::uint64_t written_ = 0;
};

Task<> take_download(HttpClient* client, const PrepareRequest* request, Prepared* out) {
    if (request->about.size) request->make_room(*request->about.size);
    out->made = std::make_unique<TemporaryFile>(with_suffix(request->work_stem, ".download.part"));
    out->path = out->made->path();
    DownloadSink sink(out->path, *request);
    TransferRequest wish{
        .url = request->source.href,
        .access = request->access,
        .algorithm = request->checksum ? request->checksum->algorithm : HashAlgorithm::sha256,
        .timeout = request->download_timeout,
        .sink = [&sink](ByteView bytes) { sink.take(bytes); }};
    Transferred got = co_await transfer(client, std::move(wish));
    out->source_checksum = *got.checksum;
    out->etag = std::move(got.etag);
    out->last_modified = got.last_modified;
    out->no_store = got.no_store;
}

Task<> take_file(const PrepareRequest* request, Prepared* out) {
    out->path = request->source.path;
    out->no_store = true;
    auto algorithm = request->checksum ? request->checksum->algorithm : HashAlgorithm::sha256;
    out->source_checksum = co_await hash_file(out->path, algorithm);
}

/// Replaces a compressed file by what is in it.
Task<> unpack(const PrepareRequest* request, Prepared* out) {
    auto unpacked =
        std::make_unique<TemporaryFile>(with_suffix(request->work_stem, ".unpack.part"));
    request->make_room(fs::file_size(out->path));
    auto room = free_bytes(unpacked->path().parent_path());
    co_await decompress_file(out->path, unpacked->path(), room);
    out->path = unpacked->path();
    out->made = std::move(unpacked);  // The compressed file goes with the old guard.
}

/// What the raw disk will take. Most of a big virtual disk is usually a hole, so when there is no
/// room for all of it twice the size of the image has to do; qemu-img notices when it does not.
std::uint64_t likely_raw_size(const ImageInspection& found, std::uint64_t image_size,
                              const PrepareRequest& request) {
    constexpr std::uint64_t kGrowth = 2;
    auto estimate = image_size * kGrowth;
    if (found.virtual_size == 0) return estimate;
    auto free = free_bytes(request.work_stem.parent_path());
    return free >= found.virtual_size ? found.virtual_size : std::min(estimate, found.virtual_size);
}

Task<> convert(const PrepareRequest* request, Prepared* out, ImageInspection found) {
    request->make_room(likely_raw_size(found, fs::file_size(out->path), *request));
    auto raw = std::make_unique<TemporaryFile>(with_suffix(request->work_stem, ".raw.part"));
    log_info("IMAGE_CONVERT_STARTED", "image={} format={} bytes={}", request->source.display_name(),
             to_text(found.format), found.virtual_size);
    co_await convert_to_raw(out->path, found.format, raw->path(), request->conversion);
    out->path = raw->path();
    out->made = std::move(raw);
}

/// A checksum of the result: the source's own while the bytes are the same, else one of the same
/// algorithm when that is strong.
Task<> settle_checksum(Prepared* out, bool changed) {
    if (!changed) {
        out->checksum = out->source_checksum;
        co_return;
    }
    auto algorithm = out->source_checksum.algorithm;
    if (!is_strong(algorithm)) algorithm = HashAlgorithm::sha256;
    out->checksum = co_await hash_file(out->path, algorithm);
}

}  // namespace

Task<Prepared> prepare_image(HttpClient* client, PrepareRequest request) {
    Prepared out;
    if (request.source.kind == ImageSource::Kind::http)
        co_await take_download(client, &request, &out);
    else
        co_await take_file(&request, &out);
    check_checksum(request.checksum, out.source_checksum, request.source.display_name());

    auto found = inspect_file(out.path);
    bool changed = false;
    if (is_compressed(found.format)) {
        co_await unpack(&request, &out);
        found = inspect_file(out.path);
        changed = true;
    }
    judge(found, request);
    out.source_format = found.format;
    out.format = found.format;
    if (request.raw_wanted && !is_verbatim(found.format)) {
        co_await convert(&request, &out, found);
        out.format = ImageFormat::raw;
        changed = true;
    }
    co_await settle_checksum(&out, changed);
    out.size = fs::file_size(out.path);
    out.virtual_size = is_verbatim(out.format) ? out.size : found.virtual_size;
    co_return out;
}

}  // namespace ferrite::image
