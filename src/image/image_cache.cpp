#include "image/image_cache.h"

#include <array>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "base/time.h"
#include "base/uuid.h"
#include "image/file.h"
#include "image/flight_board.h"
#include "image/image_error.h"
#include "image/master_store.h"
#include "image/prepare.h"
#include "image/turn_queue.h"

namespace ferrite::image {

namespace {

namespace fs = std::filesystem;

/// What makes two requests for one master equal: they would succeed or fail alike.
std::string signature_of(const ImageRequest& request) {
    return fmt::format("{}|{}|{}", request.disk_format,
                       request.checksum ? to_text(request.checksum->algorithm) : "",
                       request.checksum ? request.checksum->value : "");
}

/// The server's word that its image is still the one we have.
bool unchanged(const SourceDescription& about, const MasterInfo& master) {
    if (about.no_store) return false;
    if (!about.etag.empty() && !master.etag.empty()) return about.etag == master.etag;
    return about.last_modified && about.last_modified == master.last_modified;
}

void need_free_bytes(const fs::path& directory, std::uint64_t bytes) {
    auto free = free_bytes(directory);
    if (free < bytes)
        throw NoSpace(fmt::format("{} MiB are needed in {}, but only {} MiB are free.",
                                  (bytes >> 20) + 1, directory.string(), free >> 20));
}

}  // namespace

struct ImageCache::State {
    HttpClient& client;
    Options options;
    FlightBoard flights;
    TurnQueue turns;
    std::unique_ptr<MasterStore> masters;  ///< None: nothing is kept.

    State(HttpClient& c, Options o)
        : client(c), options(std::move(o)), turns("an image download", options.max_fetches) {
        if (options.directory.empty()) return;
        masters = std::make_unique<MasterStore>(
            MasterStore::Options{options.directory, options.size_limit_bytes, options.ttl},
            [this](const std::string& name) { return flights.is_in_flight(name); });
    }
};

/// One request on its way to its destination.
class ImageCache::Fetch {
public:
    Fetch(State& state, ImageRequest request, fs::path destination)
        : state_(state),
          request_(std::move(request)),
          source_(parse_image_source(request_.href, state.options.files)),
          destination_(std::move(destination)),
          name_(master_name(request_.href, request_.conversion)) {}

    const std::string& name() const { return name_; }
    const ImageRequest& request() const { return request_; }

    /// `just_fetched`: another request for the same landed after this one began.
    Task<CachedImage> run(bool just_fetched) {
        auto hit = co_await fresh_master(just_fetched);
        if (hit) co_return co_await hand_out(std::move(*hit));
        if (!about_) about_ = co_await describe(&state_.client, source_, request_.access);
        co_return co_await make();
    }

private:
    bool keeps() const { return state_.masters && !about_->no_store; }

    Task<std::optional<MasterInfo>> fresh_master(bool just_fetched) {
        if (!state_.masters || source_.kind == ImageSource::Kind::file) co_return std::nullopt;
        auto master = state_.masters->find(name_);
        if (!master) co_return std::nullopt;
        if (request_.checksum && request_.checksum != master->source_checksum)
            co_return std::nullopt;
        bool same_content = request_.checksum && is_strong(request_.checksum->algorithm);
        if (!same_content && !just_fetched) {
            about_ = co_await describe(&state_.client, source_, request_.access);
            if (!unchanged(*about_, *master)) co_return std::nullopt;
        }
        // The rules may have become stricter, and the node may expect another format.
        check_format({.format = master->source_format}, request_.disk_format,
                     state_.options.formats, source_.display_name());
        co_return master;
    }

    Task<CachedImage> hand_out(MasterInfo master) {
        co_await link_or_copy(state_.masters->path_of(name_), destination_);
        state_.masters->touch(name_);
        log_info("IMAGE_CACHE_HIT", "image={} file={}", source_.display_name(),
                 destination_.string());
        co_return CachedImage{destination_,         master.size,   master.virtual_size,
                              master.source_format, master.format, master.checksum};
    }

    Task<CachedImage> make() {
        auto turn = co_await state_.turns.take(state_.options.wait_limit);
        log_info("IMAGE_FETCH_STARTED", "image={} bytes={}", source_.display_name(),
                 about_->size.value_or(0));
        Prepared made = co_await prepare_image(&state_.client, prepare_request());
        MasterInfo info{.display_name = source_.display_name(),
                        .source_checksum = made.source_checksum,
                        .etag = made.etag,
                        .last_modified = made.last_modified,
                        .source_format = made.source_format,
                        .format = made.format,
                        .size = made.size,
                        .virtual_size = made.virtual_size,
                        .checksum = made.checksum};
        if (made.made && keeps() && !made.no_store) {
            state_.masters->put(name_, made.path, info);
            made.made->keep();
            made.path = state_.masters->path_of(name_);
        }
        co_await link_or_copy(made.path, destination_);
        log_info("IMAGE_FETCH_DONE", "image={} format={} bytes={} {}={}", source_.display_name(),
                 to_text(info.format), info.size, to_text(info.checksum.algorithm),
                 info.checksum.value);
        co_return CachedImage{destination_,       info.size,   info.virtual_size,
                              info.source_format, info.format, info.checksum};
    }

    PrepareRequest prepare_request() const {
        // Beside the master, or beside the destination when no master is kept: a rename or a link
        // then suffices at the end.
        auto* masters = keeps() ? state_.masters.get() : nullptr;
        auto directory = masters ? masters->directory() : destination_.parent_path();
        return {.source = source_,
                .about = *about_,
                .access = request_.access,
                .disk_format = request_.disk_format,
                .checksum = request_.checksum,
                .raw_wanted = request_.conversion == Conversion::force_raw,
                .formats = state_.options.formats,
                .conversion = state_.options.conversion,
                .download_timeout = state_.options.download_timeout,
                .work_stem = directory / (name_ + "." + random_token(6)),
                .make_room = [masters, directory](std::uint64_t bytes) {
                    masters ? masters->make_room(bytes) : need_free_bytes(directory, bytes);
                }};
    }

    State& state_;
    ImageRequest request_;
    ImageSource source_;
    fs::path destination_;
    std::string name_;
    std::optional<SourceDescription> about_;
};

ImageCache::ImageCache(HttpClient& client, Options options)
    : state_(std::make_unique<State>(client, std::move(options))) {}

ImageCache::~ImageCache() = default;

Task<CachedImage> ImageCache::fetch(ImageRequest request, fs::path destination) {
    Fetch fetch(*state_, std::move(request), std::move(destination));
    bool just_fetched = false;
    for (;;) {
        auto flight = state_->flights.join(fetch.name(), signature_of(fetch.request()));
        if (!flight->is_leader()) {
            bool landed = co_await flight->wait(state_->options.wait_limit);
            just_fetched = just_fetched || landed;
            continue;
        }
        try {
            CachedImage image = co_await fetch.run(just_fetched);
            flight->land();
            clean();
            co_return image;
        } catch (const Error& error) {
            flight->fail(error);
            throw;
        } catch (const std::exception& error) {
            flight->fail(StorageFailed(error.what()));
            throw;
        }
    }
}

void ImageCache::clean() {
    if (state_->masters) state_->masters->clean(now_seconds());
}

std::string master_name(std::string_view href, Conversion conversion) {
    // RFC 4122, version 5, in the URL namespace.
    constexpr std::array<std::uint8_t, 16> kUrlNamespace{0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad,
                                                         0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0,
                                                         0x4f, 0xd4, 0x30, 0xc8};
    Hasher hasher(HashAlgorithm::sha1);
    hasher.update(kUrlNamespace);
    hasher.update(as_bytes(href));
    auto hex = hasher.finish().value.substr(0, 32);
    constexpr std::string_view kDigits = "0123456789abcdef";
    hex[12] = '5';
    hex[16] = kDigits[8 + kDigits.find(hex[16]) % 4];
    auto uuid = fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                            hex.substr(16, 4), hex.substr(20));
    return conversion == Conversion::force_raw ? uuid + ".converted" : uuid;
}

}  // namespace ferrite::image
