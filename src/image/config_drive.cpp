#include "image/config_drive.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include <archive.h>
#include <archive_entry.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "base/base64.h"
#include "base/error.h"
#include "image/gzip.h"
#include "image/image_error.h"

namespace ferrite::image {

namespace {

constexpr std::array<std::string_view, 2> kVersions{"2012-08-10", "latest"};

struct DriveFile {
    std::string_view name;
    std::string content;
};

/// The files of one version directory.
std::vector<DriveFile> files_of(const ConfigDriveContents& contents) {
    std::vector<DriveFile> files;
    auto as_is = [](const Json& value) {
        return value.is_string() ? std::string(value.get_string()) : to_text(value);
    };
    Json meta_data = contents.meta_data.is_null() ? Json(JsonObject()) : contents.meta_data;
    files.push_back({"meta_data.json", to_text(meta_data)});
    if (!contents.user_data.is_null()) files.push_back({"user_data", as_is(contents.user_data)});
    if (!contents.network_data.is_null())
        files.push_back({"network_data.json", to_text(contents.network_data)});
    if (!contents.vendor_data.is_null())
        files.push_back({"vendor_data2.json", to_text(contents.vendor_data)});
    return files;
}

struct FreeArchive {
    void operator()(archive* writer) const noexcept { archive_write_free(writer); }
};

/// Writes an ISO 9660 image into memory.
class IsoWriter {
public:
    IsoWriter() : writer_(archive_write_new()), now_(std::time(nullptr)) {
        if (!writer_) throw std::bad_alloc();
        auto* out = writer_.get();
        check(archive_write_set_format_iso9660(out));
        check(archive_write_set_options(out, "volume-id=config-2,joliet,rockridge=useful"));
        check(archive_write_open(out, this, nullptr, &IsoWriter::collect, nullptr));
    }

    void directory(const std::string& path) { header(path, AE_IFDIR, 0755, 0); }

    void file(const std::string& path, std::string_view content) {
        header(path, AE_IFREG, 0644, content.size());
        if (archive_write_data(writer_.get(), content.data(), content.size()) < 0)
            check(ARCHIVE_FATAL);
    }

    Bytes finish() {
        check(archive_write_close(writer_.get()));
        label();
        return std::move(image_);
    }

private:
    /// libarchive folds the label of the primary descriptor to the strict `CONFIG_2`; what looks
    /// for a config drive wants the exact name there, as mkisofs writes it. No checksum covers it.
    void label() {
        constexpr std::size_t kVolumeId = 32768 + 40;
        constexpr std::string_view kLabel = "config-2                        ";
        static_assert(kLabel.size() == 32);
        if (image_.size() < kVolumeId + kLabel.size())
            throw StorageFailed("The config drive could not be built: the image is too short.");
        std::ranges::copy(kLabel, image_.begin() + kVolumeId);
    }

    static la_ssize_t collect(archive*, void* self, const void* data, std::size_t length) {
        auto* bytes = static_cast<const std::uint8_t*>(data);
        auto& image = static_cast<IsoWriter*>(self)->image_;
        image.insert(image.end(), bytes, bytes + length);
        return static_cast<la_ssize_t>(length);
    }

    void header(const std::string& path, unsigned kind, unsigned mode, std::size_t size) {
        std::unique_ptr<archive_entry, decltype(&archive_entry_free)> entry(archive_entry_new(),
                                                                            &archive_entry_free);
        archive_entry_set_pathname(entry.get(), path.c_str());
        archive_entry_set_filetype(entry.get(), kind);
        archive_entry_set_perm(entry.get(), mode);
        archive_entry_set_size(entry.get(), static_cast<la_int64_t>(size));
        for (auto set : {archive_entry_set_mtime, archive_entry_set_atime, archive_entry_set_ctime})
            set(entry.get(), now_, 0);
        check(archive_write_header(writer_.get(), entry.get()));
    }

    void check(int code) {
        if (code >= ARCHIVE_WARN) return;
        const char* why = archive_error_string(writer_.get());
        throw StorageFailed(fmt::format("The config drive could not be built: {}.",
                                        why != nullptr ? why : "unknown reason"));
    }

    std::unique_ptr<archive, FreeArchive> writer_;
    std::time_t now_;
    Bytes image_;
};

Bytes within_limit(Bytes image) {
    if (image.size() > kLargestConfigDrive)
        throw InvalidValue(
            fmt::format("The config drive has {} bytes; at most {} MiB are possible.", image.size(),
                        kLargestConfigDrive >> 20));
    if (image.empty()) throw InvalidValue("The config drive is empty.");
    return image;
}

Bytes unpack_if_gzip(Bytes bytes) {
    if (!is_gzip(bytes)) return within_limit(std::move(bytes));
    auto image = decompress_gzip(bytes, kLargestConfigDrive);
    if (!image)
        throw InvalidValue(
            fmt::format("The config drive is damaged gzip data, or more than {} MiB unpacked.",
                        kLargestConfigDrive >> 20));
    return within_limit(std::move(*image));
}

bool is_disk_image(std::string_view text) {
    constexpr std::size_t kIsoMagic = 32769;
    bool iso = text.size() > kIsoMagic + 5 && text.substr(kIsoMagic, 5) == "CD001";
    return iso || (text.size() >= 512 && text.substr(510, 2) == "\x55\xAA");
}

}  // namespace

ConfigDriveContents ConfigDriveContents::from_json(const Json& configdrive) {
    const auto* object = configdrive.if_object();
    if (object == nullptr)
        throw InvalidValue("A config drive is a URL, base64 text, or a JSON object.");
    ConfigDriveContents contents;
    for (const auto& [key, value] : *object) {
        if (key == "meta_data" && (value.is_object() || value.is_null()))
            contents.meta_data = value;
        else if (key == "user_data" && !value.is_number() && !value.is_bool())
            contents.user_data = value;
        else if (key == "network_data" && (value.is_object() || value.is_null()))
            contents.network_data = value;
        else if (key == "vendor_data" && (value.is_object() || value.is_null()))
            contents.vendor_data = value;
        else
            throw InvalidValue(fmt::format(
                "The config drive has an unknown key or a wrong type at '{:.60}'; it may "
                "have meta_data, network_data and vendor_data (objects) and user_data "
                "(text, object or array).",
                std::string_view(key)));
    }
    return contents;
}

void ConfigDriveContents::identify(std::string_view node_uuid, std::string_view node_name) {
    if (!meta_data.is_object()) meta_data = JsonObject();
    auto& object = meta_data.get_object();
    if (!object.contains("uuid")) object["uuid"] = node_uuid;
    if (!node_name.empty() && !object.contains("name")) object["name"] = node_name;
}

Bytes build_config_drive(const ConfigDriveContents& contents) {
    auto files = files_of(contents);
    std::uint64_t size = 0;
    for (const auto& file : files) size += kVersions.size() * file.content.size();
    if (size > kLargestConfigDrive)  // Before it is built, not after.
        throw InvalidValue(fmt::format("The config drive would have {} bytes; {} MiB are possible.",
                                       size, kLargestConfigDrive >> 20));
    IsoWriter iso;
    iso.directory("openstack");
    for (auto version : kVersions) {
        auto directory = fmt::format("openstack/{}", version);
        iso.directory(directory);
        for (const auto& file : files)
            iso.file(fmt::format("{}/{}", directory, file.name), file.content);
    }
    return within_limit(iso.finish());
}

std::string encode_config_drive(ByteView image) {
    return encode_base64(compress_gzip(image));
}

Bytes decode_config_drive(std::string_view text) {
    auto bytes = as_bytes(text);
    if (is_gzip(bytes) || is_disk_image(text)) return unpack_if_gzip({bytes.begin(), bytes.end()});
    auto decoded = decode_base64(text);
    if (!decoded)
        throw InvalidValue(
            "The config drive is neither base64 text nor a disk image nor gzip data.");
    return unpack_if_gzip(std::move(*decoded));
}

Task<Bytes> load_config_drive(HttpClient* client, std::string value, HttpAccess access) {
    if (!value.starts_with("http://") && !value.starts_with("https://"))
        co_return decode_config_drive(value);
    auto name = display_url(value);
    auto fetch = make_fetch("GET", std::move(value), access);
    fetch.max_response_bytes = kLargestConfigDrive * 3 / 2;  // Base64 takes a third more.
    HttpFetched answer = co_await client->fetch(std::move(fetch));
    if (answer.status != 200)
        throw DownloadFailed(answer.status, fmt::format("Config drive {}: the server answered {}.",
                                                        name, answer.status));
    try {
        co_return decode_config_drive(answer.body);
    } catch (Error& error) {
        error.within(name);
        throw;
    }
}

}  // namespace ferrite::image
