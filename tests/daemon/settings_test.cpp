#include "daemon/settings.h"

#include <gtest/gtest.h>

namespace ferrite::daemon {
namespace {

TEST(HttpSettings, AreThoseOfTheConfiguration) {
    Options options;
    options.api.host_ip = "192.0.2.7";
    options.api.port = 16385;
    options.serving.header_timeout = std::chrono::seconds(7);
    options.serving.max_connections = 12;
    auto http = http_settings(options);
    EXPECT_EQ(http.address, "192.0.2.7");
    EXPECT_EQ(http.port, 16385);
    EXPECT_EQ(http.header_timeout, std::chrono::seconds(7));
    EXPECT_EQ(http.max_connections, 12u);
    EXPECT_FALSE(http.tls.enabled());

    options.api.unix_socket = "/run/ferrite/api.sock";
    options.api.unix_socket_mode = 0660;
    http = http_settings(options);
    EXPECT_EQ(http.unix_socket, "/run/ferrite/api.sock");
    EXPECT_EQ(http.unix_socket_mode, 0660u);
}

TEST(HttpSettings, CertificatesCountOnlyWhenTlsIsOn) {
    Options options;
    options.api.cert_file = "/etc/api.pem";
    options.api.key_file = "/etc/api.key";
    options.serving.client_ca_file = "/etc/clients.pem";
    EXPECT_FALSE(http_settings(options).tls.enabled());
    options.api.enable_ssl_api = true;
    auto tls = http_settings(options).tls;
    EXPECT_TRUE(tls.enabled());
    EXPECT_EQ(tls.certificate_file, "/etc/api.pem");
    EXPECT_EQ(tls.key_file, "/etc/api.key");
    EXPECT_EQ(tls.client_ca_file, "/etc/clients.pem");
    EXPECT_EQ(tls.minimum_version, "1.3");
    options.api.tls_minimum_version = TlsVersion::v1_2;
    EXPECT_EQ(http_settings(options).tls.minimum_version, "1.2");
}

TEST(ApiSettings, AreThoseOfTheConfiguration) {
    Options options;
    options.api.max_limit = 7;
    options.api.public_endpoint = "https://metal.example";
    options.api.max_json_body_size = 4;
    options.middleware.enable_proxy_headers_parsing = true;
    options.general.debug_tracebacks_in_api = true;
    options.healthcheck.enabled = true;
    options.cors.allowed_origin = {"https://page.example"};
    auto api = api_settings(options);
    EXPECT_EQ(api.max_limit, 7);
    EXPECT_EQ(api.public_endpoint, "https://metal.example");
    EXPECT_EQ(api.max_json_body_size, 4096u);
    EXPECT_TRUE(api.enable_proxy_headers_parsing);
    EXPECT_TRUE(api.debug_tracebacks_in_api);
    EXPECT_TRUE(api.healthcheck.enabled);
    EXPECT_EQ(api.healthcheck.port, 6385);
    EXPECT_EQ(api.cors.allowed_origin, options.cors.allowed_origin);
}

}  // namespace
}  // namespace ferrite::daemon
