#include "redfish/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_certificate.h"
#include "redfish/fake_service.h"

namespace ferrite::redfish {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

class RedfishClientTest : public ::testing::Test {
protected:
    ClientOptions options(std::string_view address) const {
        auto options = options_for_address(address);
        options.user = "admin";
        options.password = Secret("s3cret");
        options.retry_interval = 1ms;
        options.attempts = 2;
        return options;
    }

    Json get(Client& client, std::string path) {
        Json document;
        runtime_.run(get_into(&client, std::move(path), &document));
        return document;
    }
    std::string system_path(Client& client, std::string id) {
        std::string path;
        runtime_.run(path_into(&client, std::move(id), &path));
        return path;
    }
    /// The failure of a GET.
    Error failure(Client& client, std::string path) {
        try {
            get(client, std::move(path));
        } catch (const Error& error) {
            return error;
        }
        ADD_FAILURE() << "nothing was thrown";
        return Error(Reason::broken, "", "");
    }

    static Task<> get_into(Client* client, std::string path, Json* document) {
        *document = co_await client->get(std::move(path));
    }
    static Task<> path_into(Client* client, std::string id, std::string* path) {
        *path = co_await client->system_path(std::move(id));
    }

    Runtime runtime_{{.threads = 2, .name = "redfish"}};
    HttpClient http_{runtime_.executor()};
};

TEST_F(RedfishClientTest, OpensOneSessionForAllRequests) {
    test::FakeService service(runtime_);
    Client client(http_, options(service.address()));
    EXPECT_EQ(string_member(get(client, "/redfish/v1/Systems/1"), "PowerState"), "Off");
    get(client, "/redfish/v1/Systems/1");
    EXPECT_EQ(service.count("POST /redfish/v1/SessionService/Sessions"), 1);
}

TEST_F(RedfishClientTest, OpensASessionAgainWhenItEnded) {
    test::FakeService service(runtime_);
    Client client(http_, options(service.address()));
    get(client, "/redfish/v1/Systems/1");
    service.with([](auto& bmc) { bmc.valid_token = "another"; });
    get(client, "/redfish/v1/Systems/1");
    EXPECT_EQ(service.count("POST /redfish/v1/SessionService/Sessions"), 2);
}

TEST_F(RedfishClientTest, GoesOnWithBasicAuthenticationWhenThereAreNoSessions) {
    test::FakeService service(runtime_);
    service.has_sessions = false;
    Client client(http_, options(service.address()));
    get(client, "/redfish/v1/Systems/1");
    get(client, "/redfish/v1/Systems/1");
    EXPECT_EQ(service.count("POST /redfish/v1/SessionService/Sessions"), 1);

    auto strict = options(service.address());
    strict.authentication = Authentication::session;
    Client other(http_, strict);
    EXPECT_EQ(failure(other, "/redfish/v1/Systems/1").service_status(), 503);
}

TEST_F(RedfishClientTest, BasicAuthenticationAsksForNoSession) {
    test::FakeService service(runtime_);
    auto basic = options(service.address());
    basic.authentication = Authentication::basic;
    Client client(http_, basic);
    get(client, "/redfish/v1/Systems/1");
    EXPECT_EQ(service.count("POST"), 0);
}

TEST_F(RedfishClientTest, TriesAWrongPasswordOnceAndSaysSo) {
    test::FakeService service(runtime_);
    auto wrong = options(service.address());
    wrong.password = Secret("Pa55word");
    Client client(http_, wrong);
    auto error = failure(client, "/redfish/v1/Systems/1");
    EXPECT_EQ(error.reason(), Reason::bad_credentials);
    EXPECT_EQ(error.code(), "redfish_bad_credentials");
    EXPECT_THAT(error.message(), HasSubstr("correct redfish_username and redfish_password"));
    EXPECT_THAT(error.message(), HasSubstr("The BMC says no."));
    EXPECT_THAT(error.message(), Not(HasSubstr("Pa55word")));
    EXPECT_EQ(service.count("POST"), 1);
}

TEST_F(RedfishClientTest, TellsRefusalsApart) {
    test::FakeService service(runtime_);
    Client client(http_, options(service.address()));
    auto missing = failure(client, "/redfish/v1/Systems/9");
    EXPECT_EQ(missing.reason(), Reason::not_found);
    EXPECT_THAT(missing.message(), HasSubstr("GET /redfish/v1/Systems/9"));
    EXPECT_THAT(missing.message(), HasSubstr("redfish_system_id"));
    EXPECT_EQ(failure(client, "/redfish/v1/secret").reason(), Reason::forbidden);
    EXPECT_EQ(failure(client, "/redfish/v1/nonsense").reason(), Reason::broken);
    auto moved = failure(client, "/redfish/v1/moved");
    EXPECT_EQ(moved.reason(), Reason::refused);
    EXPECT_THAT(moved.message(), HasSubstr("redirect"));
    EXPECT_EQ(failure(client, "//elsewhere.example/redfish/v1/").reason(), Reason::broken);
}

TEST_F(RedfishClientTest, SaysThatNobodyAnswers) {
    auto silent = options("http://127.0.0.1:1");
    Client client(http_, silent);
    auto error = failure(client, "/redfish/v1/Systems/1");
    EXPECT_EQ(error.reason(), Reason::unreachable);
    EXPECT_EQ(error.service_status(), 0);
    EXPECT_THAT(error.message(), HasSubstr("check that redfish_address is right"));
}

TEST_F(RedfishClientTest, VerifiesCertificatesUnlessToldNotTo) {
    auto certificate = test::make_certificate();
    test::FakeService service(runtime_, {.tls = {.certificate_pem = certificate.certificate_pem,
                                                 .key_pem = Secret(certificate.key_pem)}});
    Client strict(http_, options(service.address()));
    auto error = failure(strict, "/redfish/v1/Systems/1");
    EXPECT_EQ(error.reason(), Reason::untrusted);
    EXPECT_THAT(error.message(), HasSubstr("redfish_verify_ca"));

    auto trusting = options(service.address());
    trusting.verify_tls = false;
    Client client(http_, trusting);
    EXPECT_EQ(string_member(get(client, "/redfish/v1/Systems/1"), "PowerState"), "Off");
}

TEST_F(RedfishClientTest, FindsTheOnlySystem) {
    test::FakeService service(runtime_);
    Client client(http_, options(service.address()));
    EXPECT_EQ(system_path(client, ""), "/redfish/v1/Systems/1");
    EXPECT_EQ(system_path(client, ""), "/redfish/v1/Systems/1");
    EXPECT_EQ(service.count("GET /redfish/v1/Systems"), 1);
    EXPECT_EQ(system_path(client, "blade 7"), "/redfish/v1/Systems/blade%207");
    EXPECT_EQ(system_path(client, "/redfish/v1/Systems/x"), "/redfish/v1/Systems/x");
}

TEST_F(RedfishClientTest, AsksWhichSystemWhenThereAreSeveral) {
    test::FakeService service(runtime_);
    service.systems = {"/redfish/v1/Systems/1", "/redfish/v1/Systems/2"};
    Client client(http_, options(service.address()));
    try {
        system_path(client, "");
        FAIL();
    } catch (const InvalidValue& error) {
        EXPECT_THAT(error.message(), HasSubstr("redfish_system_id"));
        EXPECT_THAT(error.message(), HasSubstr("/redfish/v1/Systems/2"));
    }
}

TEST(RedfishAddress, TakesWhatOperatorsWrite) {
    EXPECT_EQ(options_for_address("10.0.0.7").address, "https://10.0.0.7");
    EXPECT_EQ(options_for_address("10.0.0.7").root, "/redfish/v1/");
    EXPECT_EQ(options_for_address("HTTP://bmc.example:8000/").address, "http://bmc.example:8000");
    EXPECT_EQ(options_for_address("https://[fe80::1]:443/x/redfish/v1").root, "/x/redfish/v1/");
    for (auto wrong : {"ftp://10.0.0.7", "https://", "fe80::1", "https://a b", "https://h/?x=1"})
        EXPECT_THROW(options_for_address(wrong), InvalidValue) << wrong;
    try {
        options_for_address("https://root:hunter2@10.0.0.7");
        FAIL();
    } catch (const InvalidValue& error) {
        EXPECT_THAT(error.message(), Not(HasSubstr("hunter2")));
    }
}

TEST(RedfishRefusal, ReadsWhatTheServiceSays) {
    auto refusal = read_refusal(400, R"({"error":{"code":"Base.1.0.GeneralError","message":"see",)"
                                     R"("@Message.ExtendedInfo":[{"MessageId":"Vendor.1.Busy",)"
                                     R"("Message":"Busy\nnow"},{},7]}})");
    EXPECT_EQ(refusal.text, "Busy now");
    EXPECT_EQ(refusal.message_ids.size(), 2U);
    EXPECT_EQ(read_refusal(500, "<html>").text, "");
    auto endless = read_refusal(500, R"({"error":{"message":")" + std::string(5000, 'x') + "\"}}");
    EXPECT_LT(endless.text.size(), 500U);
}

}  // namespace
}  // namespace ferrite::redfish
