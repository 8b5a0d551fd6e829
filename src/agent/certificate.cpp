#include "agent/certificate.h"

#include <memory>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/error.h"

namespace ferrite::agent {
namespace {

constexpr std::chrono::hours kClockSkew{1};
constexpr std::chrono::hours kLifetime{30 * 24};

template <typename T, void (*Free)(T*)>
struct FreeWith {
    void operator()(T* object) const { Free(object); }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY, EVP_PKEY_free>>;
using CertPtr = std::unique_ptr<X509, FreeWith<X509, X509_free>>;
using BioPtr = std::unique_ptr<BIO, FreeWith<BIO, BIO_free_all>>;
using BignumPtr = std::unique_ptr<BIGNUM, FreeWith<BIGNUM, BN_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, FreeWith<X509_EXTENSION, X509_EXTENSION_free>>;

void require(bool done, const char* what) {
    if (!done) throw Error(500, "certificate", std::string("cannot make a certificate: ") + what);
}

void set_random_serial(X509* certificate) {
    BignumPtr number(BN_new());
    require(number && BN_rand(number.get(), 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY), "serial");
    require(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr,
            "serial");
}

void set_name(X509* certificate, const std::string& host_name) {
    auto* name = X509_get_subject_name(certificate);
    // A common name holds at most 64 characters.
    auto text = host_name.substr(0, 64);
    require(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                       reinterpret_cast<const unsigned char*>(text.data()),
                                       static_cast<int>(text.size()), -1, 0) == 1,
            "name");
    require(X509_set_issuer_name(certificate, name) == 1, "issuer");
}

void add_address(X509* certificate, const IpAddress& address) {
    auto value = "critical,IP:" + address.to_text();
    ExtensionPtr extension(
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, value.c_str()));
    require(extension && X509_add_ext(certificate, extension.get(), -1) == 1, "alternative name");
}

template <typename Write>
std::string pem_text(Write write) {
    BioPtr out(BIO_new(BIO_s_mem()));
    require(out && write(out.get()) == 1, "PEM");
    char* data = nullptr;
    auto length = BIO_get_mem_data(out.get(), &data);
    return {data, static_cast<std::size_t>(length)};
}

}  // namespace

SelfSigned make_certificate(const std::string& host_name, const IpAddress& address,
                            std::chrono::system_clock::time_point now) {
    KeyPtr key(EVP_EC_gen("P-256"));
    CertPtr certificate(X509_new());
    require(key && certificate, "key");
    require(X509_set_version(certificate.get(), X509_VERSION_3) == 1, "version");
    set_random_serial(certificate.get());
    auto from = std::chrono::system_clock::to_time_t(now - kClockSkew);
    auto until = std::chrono::system_clock::to_time_t(now + kLifetime);
    require(ASN1_TIME_set(X509_getm_notBefore(certificate.get()), from) != nullptr &&
                ASN1_TIME_set(X509_getm_notAfter(certificate.get()), until) != nullptr,
            "validity");
    set_name(certificate.get(), host_name.empty() ? address.to_text() : host_name);
    add_address(certificate.get(), address);
    require(X509_set_pubkey(certificate.get(), key.get()) == 1, "public key");
    require(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0, "signature");

    return {pem_text([&](BIO* out) { return PEM_write_bio_X509(out, certificate.get()); }),
            Secret(pem_text([&](BIO* out) {
                return PEM_write_bio_PKCS8PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr,
                                                     nullptr);
            }))};
}

}  // namespace ferrite::agent
