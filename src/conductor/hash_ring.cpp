#include "conductor/hash_ring.h"

#include <algorithm>

#include <fmt/core.h>
#include <openssl/evp.h>

#include "base/error.h"

namespace ferrite::conductor {
namespace {

struct Algorithm {
    std::string_view name;  ///< As Python's hashlib and the option call it.
    const char* openssl;
};
constexpr Algorithm kAlgorithms[] = {
    {"md5", "MD5"},           {"sha1", "SHA1"},           {"sha224", "SHA2-224"},
    {"sha256", "SHA2-256"},   {"sha384", "SHA2-384"},     {"sha512", "SHA2-512"},
    {"sha3_224", "SHA3-224"}, {"sha3_256", "SHA3-256"},   {"sha3_384", "SHA3-384"},
    {"sha3_512", "SHA3-512"}, {"blake2b", "BLAKE2B-512"}, {"blake2s", "BLAKE2S-256"},
};

std::shared_ptr<EVP_MD> fetch(std::string_view name) {
    const auto* row = std::ranges::find(kAlgorithms, name, &Algorithm::name);
    if (row == std::end(kAlgorithms))
        throw InvalidValue(
            fmt::format("'{}' is no hash algorithm of the ring of conductors.", name));
    std::shared_ptr<EVP_MD> algorithm(EVP_MD_fetch(nullptr, row->openssl, nullptr), EVP_MD_free);
    if (!algorithm)
        throw InvalidValue(fmt::format(
            "OpenSSL on this host does not offer the hash algorithm '{}': choose another with "
            "[DEFAULT]hash_ring_algorithm, in the whole cluster.",
            name));
    return algorithm;
}

/// The digest of a text that grows.
class Growing {
public:
    explicit Growing(const EVP_MD* algorithm) : state_(EVP_MD_CTX_new()), end_(EVP_MD_CTX_new()) {
        EVP_DigestInit_ex(state_.get(), algorithm, nullptr);
    }
    void add(std::string_view text) { EVP_DigestUpdate(state_.get(), text.data(), text.size()); }
    std::string digest() {
        unsigned char bytes[EVP_MAX_MD_SIZE];
        unsigned size = 0;
        EVP_MD_CTX_copy_ex(end_.get(), state_.get());
        EVP_DigestFinal_ex(end_.get(), bytes, &size);
        return std::string(reinterpret_cast<const char*>(bytes), size);
    }

private:
    struct Free {
        void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    };
    std::unique_ptr<EVP_MD_CTX, Free> state_, end_;
};

}  // namespace

std::vector<std::string> HashRing::algorithms() {
    std::vector<std::string> names;
    for (const auto& row : kAlgorithms) names.emplace_back(row.name);
    return names;
}

HashRing::HashRing(const std::vector<std::string>& hosts, const Options& options)
    : hosts_(hosts), algorithm_(fetch(options.algorithm)) {
    std::ranges::sort(hosts_);
    hosts_.erase(std::ranges::unique(hosts_).begin(), hosts_.end());
    const int partitions = 1 << options.partition_exponent;
    points_.reserve(hosts_.size() * static_cast<std::size_t>(partitions));
    for (std::size_t host = 0; host < hosts_.size(); ++host) {
        // Points are the digests of the name twice, three times, ... in a row.
        Growing growing(algorithm_.get());
        growing.add(hosts_[host]);
        for (int point = 0; point < partitions; ++point) {
            growing.add(hosts_[host]);
            points_.push_back({growing.digest(), host});
        }
    }
    std::ranges::sort(points_, {}, &Point::place);
}

HashRing::Digest HashRing::digest(std::string_view text) const {
    Growing whole(algorithm_.get());
    whole.add(text);
    return whole.digest();
}

const std::string& HashRing::owner(std::string_view key) const {
    if (hosts_.size() == 1) return hosts_.front();
    auto next = std::ranges::upper_bound(points_, digest(key), {}, &Point::place);
    return hosts_[next == points_.end() ? points_.front().host : next->host];
}

}  // namespace ferrite::conductor
