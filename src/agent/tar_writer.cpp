#include "agent/tar_writer.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include <fmt/core.h>
#include <zlib.h>

#include "base/error.h"

namespace ferrite::agent {
namespace {

constexpr std::size_t kBlock = 512;

struct Header {
    char bytes[kBlock] = {};

    void put(std::size_t offset, std::size_t width, std::string_view text) {
        std::memcpy(bytes + offset, text.data(), std::min(width, text.size()));
    }
};

}  // namespace

void TarWriter::add(std::string_view name, std::string_view content) {
    auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(now_.time_since_epoch()).count();
    Header header;
    header.put(0, 100, name);
    header.put(100, 8, "0000644");
    header.put(108, 8, "0000000");
    header.put(116, 8, "0000000");
    header.put(124, 12, fmt::format("{:011o}", content.size()));
    header.put(136, 12, fmt::format("{:011o}", std::max<long long>(seconds, 0)));
    header.put(148, 8, "        ");  // The checksum counts itself as spaces.
    header.put(156, 1, "0");
    header.put(257, 8, std::string_view("ustar\00000", 8));
    header.put(265, 32, "root");
    header.put(297, 32, "root");
    auto sum =
        std::accumulate(std::begin(header.bytes), std::end(header.bytes), 0u,
                        [](unsigned s, char c) { return s + static_cast<unsigned char>(c); });
    header.put(148, 8, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
    auto head = as_bytes({header.bytes, kBlock});
    archive_.insert(archive_.end(), head.begin(), head.end());
    auto body = as_bytes(content);
    archive_.insert(archive_.end(), body.begin(), body.end());
    archive_.resize((archive_.size() + kBlock - 1) / kBlock * kBlock);
}

Bytes TarWriter::finish() {
    archive_.resize(archive_.size() + 2 * kBlock);
    return std::move(archive_);
}

Bytes gzip(ByteView bytes) {
    z_stream stream{};
    constexpr int kGzipWindow = 15 + 16;
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        throw Error(500, "gzip", "cannot compress: out of memory");
    Bytes out(deflateBound(&stream, bytes.size()));
    stream.next_in = const_cast<Bytef*>(bytes.data());
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    int result = deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    if (result != Z_STREAM_END) throw Error(500, "gzip", "cannot compress");
    return out;
}

}  // namespace ferrite::agent
