#include "image/image_stream.h"

#include <fcntl.h>
#include <fmt/format.h>

#include "base/log.h"
#include "base/uuid.h"
#include "image/disk_writer.h"
#include "image/download.h"
#include "image/file.h"
#include "image/image_error.h"
#include "image/prepare.h"

namespace ferrite::image {

namespace {

/// The image is fine, but its bytes are not those of a disk.
struct NeedsConversion : InvalidImage {
    NeedsConversion(std::string_view name, ImageFormat format)
        : InvalidImage(fmt::format(
              "Image {} is {}, which cannot be written to a disk as it is. Let the conductor "
              "convert "
              "it ([DEFAULT]force_raw_images with image_download_source=local), provide a raw "
              "image, or install qemu-img in the ramdisk.",
              name, to_text(format))) {}
};

Task<StreamedImage> stream_verbatim(HttpClient* client, StreamRequest request) {
    auto name = display_url(request.url);
    DiskWriter writer({.device = request.device,
                       .accept =
                           [&](const ImageInspection& found) {
                               check_format(found, request.disk_format, request.formats, name);
                               if (!is_verbatim(found.format))
                                   throw NeedsConversion(name, found.format);
                           },
                       .progress = request.progress});
    TransferRequest wish{
        .url = request.url,
        .access = request.access,
        .algorithm = request.checksum ? request.checksum->algorithm : HashAlgorithm::sha256,
        .timeout = request.timeout,
        .sink = [&writer](ByteView bytes) { writer.append(bytes); }};
    Transferred got = co_await transfer(client, std::move(wish));
    auto written = co_await writer.finish();
    check_checksum(request.checksum, got.checksum, name);
    co_return StreamedImage{got.size, written.bytes, written.format, *got.checksum};
}

/// Downloads the whole image first; only then qemu-img can read it.
Task<StreamedImage> stream_converted(HttpClient* client, StreamRequest request) {
    ImageSource source{ImageSource::Kind::http, request.url, {}};
    SourceDescription about = co_await describe(client, source, request.access);
    auto directory = request.scratch_directory;
    PrepareRequest wish{
        .source = source,
        .about = about,
        .access = request.access,
        .disk_format = request.disk_format,
        .checksum = request.checksum,
        .raw_wanted = false,
        .formats = request.formats,
        .conversion = request.conversion,
        .download_timeout = request.timeout,
        .work_stem = directory / ("image." + random_token(6)),
        .make_room = [directory](std::uint64_t bytes) {
            if (free_bytes(directory) < bytes)
                throw NoSpace(fmt::format(
                    "The image takes {} MiB, but {} has only {} MiB free (the ramdisk's "
                    "memory); let the conductor convert it instead.",
                    (bytes >> 20) + 1, directory.string(), free_bytes(directory) >> 20));
        }};
    Prepared image = co_await prepare_image(client, std::move(wish));
    auto capacity = File(request.device, O_RDONLY).size();
    if (image.virtual_size > capacity)
        throw NoSpace(fmt::format("The disk in the image has {} bytes, {} only {}.",
                                  image.virtual_size, request.device.string(), capacity));
    co_await convert_to_device(image.path, image.format, request.device, request.conversion);
    if (request.progress) request.progress(image.virtual_size);
    co_return StreamedImage{image.size, image.virtual_size, image.source_format,
                            image.source_checksum};
}

}  // namespace

Task<StreamedImage> stream_image(HttpClient* client, StreamRequest request) {
    try {
        co_return co_await stream_verbatim(client, request);
    } catch (const NeedsConversion&) {
        if (request.scratch_directory.empty() || !qemu_img_available()) throw;
    }
    log_info("IMAGE_STREAM_CONVERTS", "image={} device={}", display_url(request.url),
             request.device.string());
    co_return co_await stream_converted(client, std::move(request));
}

}  // namespace ferrite::image
