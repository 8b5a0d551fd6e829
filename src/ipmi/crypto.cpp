#include "ipmi/crypto.h"

#include <memory>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "base/error.h"

namespace ferrite::ipmi {
namespace {

struct FreeCipher {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

[[noreturn]] void crypto_failed(const char* what) {
    throw ferrite::Error(500, "crypto",
                         std::string("OpenSSL cannot do ") + what +
                             ", which IPMI needs; check the system's OpenSSL configuration");
}

enum class Direction { decrypt = 0, encrypt = 1 };

Bytes aes_cbc(Direction direction, ByteView key, ByteView iv, ByteView input) {
    std::unique_ptr<EVP_CIPHER_CTX, FreeCipher> context(EVP_CIPHER_CTX_new());
    Bytes output(input.size() + kAesBlock);
    int written = 0;
    if (!context ||
        EVP_CipherInit_ex(context.get(), EVP_aes_128_cbc(), nullptr, key.data(), iv.data(),
                          static_cast<int>(direction)) != 1 ||
        EVP_CIPHER_CTX_set_padding(context.get(), 0) != 1 ||
        EVP_CipherUpdate(context.get(), output.data(), &written, input.data(),
                         static_cast<int>(input.size())) != 1)
        crypto_failed("AES-CBC-128");
    output.resize(static_cast<std::size_t>(written));
    return output;
}

}  // namespace

Bytes hmac(Hash hash, ByteView key, ByteView data) {
    if (hash == Hash::none) return {};
    const auto* digest = hash == Hash::sha1 ? EVP_sha1() : EVP_sha256();
    // OpenSSL takes a null key for "the key of the last time".
    static constexpr std::uint8_t kEmptyKey = 0;
    Bytes code(EVP_MAX_MD_SIZE);
    unsigned size = 0;
    if (HMAC(digest, key.empty() ? &kEmptyKey : key.data(), static_cast<int>(key.size()),
             data.data(), data.size(), code.data(), &size) == nullptr)
        crypto_failed("HMAC");
    code.resize(size);
    return code;
}

Bytes md5(ByteView data) {
    Bytes digest(EVP_MAX_MD_SIZE);
    unsigned size = 0;
    if (EVP_Digest(data.data(), data.size(), digest.data(), &size, EVP_md5(), nullptr) != 1)
        crypto_failed("MD5");
    digest.resize(size);
    return digest;
}

Bytes aes_cbc_encrypt(ByteView key, ByteView iv, ByteView plain) {
    return aes_cbc(Direction::encrypt, key, iv, plain);
}

std::optional<Bytes> aes_cbc_decrypt(ByteView key, ByteView iv, ByteView sealed) {
    if (sealed.empty() || sealed.size() % kAesBlock != 0) return {};
    return aes_cbc(Direction::decrypt, key, iv, sealed);
}

bool same_secret(ByteView a, ByteView b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

Bytes system_random(std::size_t count) {
    Bytes bytes(count);
    if (RAND_bytes(bytes.data(), static_cast<int>(count)) != 1) crypto_failed("random numbers");
    return bytes;
}

}  // namespace ferrite::ipmi
