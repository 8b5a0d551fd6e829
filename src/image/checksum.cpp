#include "image/checksum.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <new>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/error.h"

namespace ferrite::image {

namespace {

struct AlgorithmRow {
    HashAlgorithm algorithm;
    std::string_view name;
    std::size_t digits;
    const EVP_MD* (*implementation)();
};

constexpr std::array kAlgorithms{
    AlgorithmRow{HashAlgorithm::md5, "md5", 32, EVP_md5},
    AlgorithmRow{HashAlgorithm::sha1, "sha1", 40, EVP_sha1},
    AlgorithmRow{HashAlgorithm::sha256, "sha256", 64, EVP_sha256},
    AlgorithmRow{HashAlgorithm::sha384, "sha384", 96, EVP_sha384},
    AlgorithmRow{HashAlgorithm::sha512, "sha512", 128, EVP_sha512},
};

const AlgorithmRow& row_of(HashAlgorithm algorithm) {
    return *std::ranges::find(kAlgorithms, algorithm, &AlgorithmRow::algorithm);
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (auto& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

bool is_hex(std::string_view text) {
    return std::ranges::all_of(text, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

void check_md5(HashAlgorithm algorithm, Md5Policy md5) {
    if (algorithm == HashAlgorithm::md5 && md5 == Md5Policy::refused)
        throw InvalidValue(
            "MD5 image checksums are not allowed here; give a SHA-256 or SHA-512 checksum, or set "
            "[agent]allow_md5_checksum.");
}

}  // namespace

std::string_view to_text(HashAlgorithm algorithm) {
    return row_of(algorithm).name;
}

std::optional<HashAlgorithm> parse_hash_algorithm(std::string_view name) {
    auto row = std::ranges::find(kAlgorithms, lower(name), &AlgorithmRow::name);
    if (row == kAlgorithms.end()) return std::nullopt;
    return row->algorithm;
}

bool is_strong(HashAlgorithm algorithm) {
    return algorithm != HashAlgorithm::md5 && algorithm != HashAlgorithm::sha1;
}

Checksum parse_checksum(std::string_view digits, Md5Policy md5) {
    HashAlgorithm algorithm;
    switch (digits.size()) {
        case 32:
            algorithm = HashAlgorithm::md5;
            break;
        case 64:
            algorithm = HashAlgorithm::sha256;
            break;
        case 128:
            algorithm = HashAlgorithm::sha512;
            break;
        default:
            throw InvalidValue(
                fmt::format("An image checksum has 32 (md5), 64 (sha256) or 128 (sha512) "
                            "hexadecimal digits; this one has {} characters. For another algorithm "
                            "set image_os_hash_algo and image_os_hash_value.",
                            digits.size()));
    }
    return parse_checksum(to_text(algorithm), digits, md5);
}

Checksum parse_checksum(std::string_view algorithm, std::string_view digits, Md5Policy md5) {
    auto known = parse_hash_algorithm(algorithm);
    if (!known)
        throw InvalidValue(fmt::format(
            "Unknown image hash algorithm '{:.40}'; use sha256, sha384 or sha512.", algorithm));
    check_md5(*known, md5);
    if (digits.size() != row_of(*known).digits || !is_hex(digits))
        throw InvalidValue(fmt::format("A {} checksum is {} hexadecimal digits; '{:.140}' is not.",
                                       to_text(*known), row_of(*known).digits, digits));
    return {*known, lower(digits)};
}

void Hasher::Free::operator()(evp_md_ctx_st* context) const noexcept {
    EVP_MD_CTX_free(context);
}

Hasher::Hasher(HashAlgorithm algorithm) : algorithm_(algorithm), context_(EVP_MD_CTX_new()) {
    if (!context_) throw std::bad_alloc();
    if (EVP_DigestInit_ex(context_.get(), row_of(algorithm).implementation(), nullptr) != 1)
        throw Error(500, "hash_unavailable",
                    fmt::format("OpenSSL on this machine does not offer {}.", to_text(algorithm)));
}

void Hasher::update(ByteView bytes) {
    EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
}

Checksum Hasher::finish() {
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    EVP_DigestFinal_ex(context_.get(), digest.data(), &length);
    Checksum result{algorithm_, {}};
    for (unsigned i = 0; i < length; ++i) result.value += fmt::format("{:02x}", digest[i]);
    return result;
}

}  // namespace ferrite::image
