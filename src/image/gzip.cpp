#include "image/gzip.h"

#include <algorithm>
#include <new>

#include <zlib.h>

namespace ferrite::image {

namespace {

constexpr int kGzipWindow = 15 + 16;  // 32 KiB, with the gzip wrapper.
constexpr std::size_t kStretch = 256 * 1024;

/// zlib takes a pointer to non-const, but does not write there.
Bytef* input_of(ByteView bytes) {
    return const_cast<Bytef*>(bytes.data());
}

}  // namespace

bool is_gzip(ByteView bytes) {
    return bytes.size() >= 3 && bytes[0] == 0x1f && bytes[1] == 0x8b && bytes[2] == 8;
}

Bytes compress_gzip(ByteView bytes) {
    z_stream stream{};
    if (::deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzipWindow, 8,
                       Z_DEFAULT_STRATEGY) != Z_OK)
        throw std::bad_alloc();
    Bytes out(::deflateBound(&stream, bytes.size()));
    stream.next_in = input_of(bytes);
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    ::deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    ::deflateEnd(&stream);
    return out;
}

std::optional<Bytes> decompress_gzip(ByteView bytes, std::uint64_t max_bytes) {
    z_stream stream{};
    if (::inflateInit2(&stream, kGzipWindow) != Z_OK) throw std::bad_alloc();
    stream.next_in = input_of(bytes);
    stream.avail_in = static_cast<uInt>(bytes.size());
    Bytes out;
    int code = Z_OK;
    while (code == Z_OK && out.size() <= max_bytes) {
        auto before = out.size();
        out.resize(before + kStretch);
        stream.next_out = out.data() + before;
        stream.avail_out = static_cast<uInt>(kStretch);
        code = ::inflate(&stream, Z_NO_FLUSH);
        out.resize(before + kStretch - stream.avail_out);
    }
    ::inflateEnd(&stream);
    if (code != Z_STREAM_END || out.size() > max_bytes) return std::nullopt;
    return out;
}

}  // namespace ferrite::image
