#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

struct evp_md_ctx_st;

namespace ferrite::image {

/// The digests an image may be checked with, named as in `image_os_hash_algo`.
enum class HashAlgorithm { md5, sha1, sha256, sha384, sha512 };

/// Whether md5 counts as a checksum (option `[agent]allow_md5_checksum`).
enum class Md5Policy { allowed, refused };

std::string_view to_text(HashAlgorithm algorithm);

/// The algorithm of that name in any case of letters; nothing for an unknown one.
std::optional<HashAlgorithm> parse_hash_algorithm(std::string_view name);

/// What a file must hash to.
struct Checksum {
    HashAlgorithm algorithm = HashAlgorithm::sha256;
    std::string value;  ///< Lower-case hexadecimal.

    bool operator==(const Checksum&) const = default;
};

/// Strong enough that an equal checksum means equal content, even against an attacker.
bool is_strong(HashAlgorithm algorithm);

/// A bare checksum whose algorithm follows from its length: 32 digits md5, 64 sha256, 128 sha512.
/// Upper-case digits are accepted. Throws InvalidValue that says what is wrong with it.
Checksum parse_checksum(std::string_view digits, Md5Policy md5);

/// A checksum whose algorithm is given by name. Throws InvalidValue when the name is unknown, md5
/// is refused, or the value has not the length the algorithm needs.
Checksum parse_checksum(std::string_view algorithm, std::string_view digits, Md5Policy md5);

/// Computes a digest of bytes that arrive piece by piece.
///
///     Hasher hasher(HashAlgorithm::sha256);
///     hasher.update(bytes);
///     Checksum sum = hasher.finish();
class Hasher {
public:
    explicit Hasher(HashAlgorithm algorithm);

    void update(ByteView bytes);

    /// The digest of all that was given. Call once; the hasher is spent then.
    Checksum finish();

private:
    struct Free {
        void operator()(evp_md_ctx_st* context) const noexcept;
    };

    HashAlgorithm algorithm_;
    std::unique_ptr<evp_md_ctx_st, Free> context_;
};

}  // namespace ferrite::image
