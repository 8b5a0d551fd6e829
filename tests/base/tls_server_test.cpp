#include "base/tls_server.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "base/error.h"
#include "base/http_server.h"
#include "base/loopback_client.h"
#include "base/runtime.h"
#include "base/test_certificate.h"

namespace ferrite {
namespace {

using namespace std::chrono_literals;
using test::LoopbackClient;
using test::TestCertificate;

Task<HttpResponse> hello(HttpRequest) {
    HttpResponse response;
    response.body = "hello";
    co_return response;
}

/// What a client sees of the server: whether it let the client in, and with which certificate.
struct Seen {
    bool answered = false;
    std::string certificate_pem;
    std::string version;
    std::string cipher;
};

class TlsServerTest : public ::testing::Test {
protected:
    ~TlsServerTest() override { std::filesystem::remove_all(directory_); }

    std::string write(const std::string& name, const std::string& text) {
        auto path = directory_ / name;
        std::ofstream(path) << text;
        return path;
    }
    void install(const TestCertificate& certificate) {
        write("cert.pem", certificate.certificate_pem);
        write("key.pem", certificate.key_pem);
    }
    TlsServerOptions files() const {
        return {.certificate_file = directory_ / "cert.pem", .key_file = directory_ / "key.pem"};
    }
    HttpServer& start(TlsServerOptions options) {
        server_ = std::make_unique<HttpServer>(
            runtime_.executor(), HttpServer::Options{.tls = std::move(options)}, hello);
        server_->start();
        return *server_;
    }

    Seen visit(const TestCertificate* own = nullptr, int newest = 0) {
        LoopbackClient plain(server_->port());
        std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()),
                                                                  &SSL_CTX_free);
        SSL_CTX_set_max_proto_version(context.get(), newest);
        if (own) {
            auto* bio = BIO_new_mem_buf(own->certificate_pem.data(), -1);
            auto* x509 = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
            BIO_free(bio);
            bio = BIO_new_mem_buf(own->key_pem.data(), -1);
            auto* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
            BIO_free(bio);
            SSL_CTX_use_certificate(context.get(), x509);
            SSL_CTX_use_PrivateKey(context.get(), key);
            X509_free(x509);
            EVP_PKEY_free(key);
        }
        std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(context.get()), &SSL_free);
        SSL_set_fd(tls.get(), plain.fd());
        Seen seen;
        if (SSL_connect(tls.get()) != 1) return seen;
        auto* text = BIO_new(BIO_s_mem());
        auto* shown = SSL_get1_peer_certificate(tls.get());
        PEM_write_bio_X509(text, shown);
        X509_free(shown);
        seen.certificate_pem = test::take_text(text);
        seen.version = SSL_get_version(tls.get());
        seen.cipher = SSL_get_cipher_name(tls.get());
        std::string request = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
        SSL_write(tls.get(), request.data(), static_cast<int>(request.size()));
        char answer[64];
        seen.answered = SSL_read(tls.get(), answer, sizeof answer) > 0;
        return seen;
    }

    std::filesystem::path directory_ = [] {
        std::string pattern = std::filesystem::temp_directory_path() / "ferrite-tls-XXXXXX";
        return std::filesystem::path(mkdtemp(pattern.data()));
    }();
    Runtime runtime_{{.threads = 2, .name = "tls"}};
    std::unique_ptr<HttpServer> server_;
};

TEST_F(TlsServerTest, NewFilesAreTakenOver) {
    auto first = test::make_certificate();
    auto second = test::make_certificate();
    install(first);
    auto& server = start(files());
    EXPECT_EQ(visit().certificate_pem, first.certificate_pem);
    install(second);
    EXPECT_TRUE(server.reload_certificate());
    EXPECT_EQ(visit().certificate_pem, second.certificate_pem);
    EXPECT_TRUE(visit().answered);
}

TEST_F(TlsServerTest, ChangesAreFoundWithoutBeingTold) {
    auto second = test::make_certificate();
    install(test::make_certificate());
    start(files());
    install(second);
    auto end = std::chrono::steady_clock::now() + 60s;
    while (visit().certificate_pem != second.certificate_pem)
        ASSERT_LT(std::chrono::steady_clock::now(), end) << "the new certificate is never shown";
}

TEST_F(TlsServerTest, FilesThatCanNotBeUsedChangeNothing) {
    auto first = test::make_certificate();
    auto second = test::make_certificate();
    install(first);
    auto& server = start(files());
    write("cert.pem", second.certificate_pem);  // its key is not there yet
    EXPECT_FALSE(server.reload_certificate());
    EXPECT_EQ(visit().certificate_pem, first.certificate_pem);
    write("cert.pem", "");
    EXPECT_FALSE(server.reload_certificate());
    std::filesystem::remove(directory_ / "key.pem");
    EXPECT_FALSE(server.reload_certificate());
    EXPECT_TRUE(visit().answered);
    install(second);
    EXPECT_TRUE(server.reload_certificate());
    EXPECT_EQ(visit().certificate_pem, second.certificate_pem);
}

TEST_F(TlsServerTest, ClientCertificates) {
    install(test::make_certificate());
    auto known = test::make_certificate();
    auto unknown = test::make_certificate();
    auto options = files();
    options.client_ca_file = write("clients.pem", known.certificate_pem);
    start(options);
    EXPECT_TRUE(visit(&known).answered);
    EXPECT_FALSE(visit(&unknown).answered);
    EXPECT_FALSE(visit().answered);
    options.client_certificates = ClientCertificates::optional;
    start(options);
    EXPECT_TRUE(visit(&known).answered);
    EXPECT_FALSE(visit(&unknown).answered);
    EXPECT_TRUE(visit().answered);
}

TEST_F(TlsServerTest, VersionsAndCiphers) {
    install(test::make_certificate());
    auto options = files();
    options.ciphers = "TLS_CHACHA20_POLY1305_SHA256:ECDHE-ECDSA-AES256-GCM-SHA384";
    start(options);
    EXPECT_EQ(visit().version, "TLSv1.3");
    EXPECT_EQ(visit().cipher, "TLS_CHACHA20_POLY1305_SHA256");
    EXPECT_EQ(visit(nullptr, TLS1_2_VERSION).version, "TLSv1.2");
    EXPECT_EQ(visit(nullptr, TLS1_2_VERSION).cipher, "ECDHE-ECDSA-AES256-GCM-SHA384");
    EXPECT_FALSE(visit(nullptr, TLS1_1_VERSION).answered);
    options.minimum_version = "1.3";
    start(options);
    EXPECT_FALSE(visit(nullptr, TLS1_2_VERSION).answered);
}

TEST_F(TlsServerTest, RefusesToStartWithWhatCanNotBeUsed) {
    auto one = test::make_certificate();
    install(one);
    auto refuses = [](TlsServerOptions options) {
        try {
            TlsServer server(std::move(options));
            return std::string();
        } catch (const Error& failure) {
            return failure.message();
        }
    };
    EXPECT_EQ(refuses(files()), "");
    auto options = files();
    options.ciphers = "NONSENSE";
    EXPECT_NE(refuses(options).find("ciphers"), std::string::npos);
    options = files();
    options.client_ca_file = "/nowhere.pem";
    EXPECT_NE(refuses(options).find("client certificates"), std::string::npos);
    options = files();
    options.certificate_file = "/nowhere.pem";
    EXPECT_NE(refuses(options).find("/nowhere.pem"), std::string::npos);
    options = files();
    options.certificate_file = write("chain.pem", one.certificate_pem +
                                                      "-----BEGIN CERTIFICATE-----\nAAAA\n"
                                                      "-----END CERTIFICATE-----\n");
    EXPECT_NE(refuses(options).find("chain"), std::string::npos);
    options = files();
    options.key_file = write("locked.pem",
                             "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMFUwRwYJKoZIhvcNAQUNMDowIgYJ"
                             "KoZIhvcNAQUMMBU=\n-----END ENCRYPTED PRIVATE KEY-----\n");
    EXPECT_NE(refuses(options).find("private key"), std::string::npos);
}

}  // namespace
}  // namespace ferrite
