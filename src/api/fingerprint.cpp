#include "api/fingerprint.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "base/error.h"

namespace ferrite::api {
namespace {

using Key = std::array<std::uint8_t, 32>;

const Key& process_key() {
    static const Key key = [] {
        Key made{};
        if (RAND_bytes(made.data(), made.size()) != 1)
            throw Error(500, "random", "The system has no random numbers to offer.");
        return made;
    }();
    return key;
}

}  // namespace

Fingerprint fingerprint(std::string_view secret) {
    const auto& key = process_key();
    Fingerprint print;
    unsigned length = 0;
    HMAC(EVP_sha256(), key.data(), key.size(),
         reinterpret_cast<const unsigned char*>(secret.data()), secret.size(), print.bytes.data(),
         &length);
    return print;
}

}  // namespace ferrite::api
