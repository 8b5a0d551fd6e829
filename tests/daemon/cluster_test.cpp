#include "daemon/cluster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/runtime.h"

namespace ferrite::daemon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A process of a cluster that is as it should be.
Options joined() {
    Options options;
    options.general.host = "east";
    options.general.rpc_transport = RpcTransport::json_rpc;
    options.rpc.username = "ferrite";
    options.rpc.password = Secret("hunter2");
    options.rpc.use_ssl = true;
    options.rpc.cert_file = options.rpc.key_file = "/etc/x.pem";
    return options;
}

struct Findings {
    std::vector<std::string> errors, warnings;
};
Findings check(const Options& options) {
    Findings found;
    check_cluster(options, found.errors, found.warnings);
    return found;
}

struct Mistake {
    std::string_view name;
    std::function<void(Options&)> edit;
    std::string says;
};

TEST(Cluster, WhatCanNotBeIsNamed) {
    const Mistake kMistakes[] = {
        {"no role", [](auto& o) { o.roles.roles.clear(); }, "[ferrite]roles is empty"},
        {"unknown role", [](auto& o) { o.roles.roles.push_back("chef"); }, "'chef'"},
        {"api alone",
         [](auto& o) {
             o.roles.roles = {"api"};
             o.general.rpc_transport = RpcTransport::none;
         },
         "rpc_transport = json-rpc"},
        {"conductor alone",
         [](auto& o) {
             o.roles.roles = {"conductor", "boot"};
             o.general.rpc_transport = RpcTransport::oslo;
         },
         "rpc_transport = json-rpc"},
        {"open to all",
         [](auto& o) {
             o.rpc.auth_strategy = RpcAuth::noauth;
             o.rpc.host_ip = "192.0.2.1";
         },
         "host_ip = 192.0.2.1: everybody who reaches it could drive the machines"},
        {"keystone", [](auto& o) { o.rpc.auth_strategy = RpcAuth::keystone; }, "http_basic"},
        {"no password", [](auto& o) { o.rpc.password = Secret(); }, "username and password"},
        {"no user",
         [](auto& o) {
             o.rpc.auth_strategy = RpcAuth::http_basic;
             o.rpc.username.clear();
         },
         "username and password"},
        {"no certificate", [](auto& o) { o.rpc.cert_file.clear(); }, "cert_file"},
    };
    for (const auto& [name, edit, says] : kMistakes) {
        auto options = joined();
        edit(options);
        EXPECT_THAT(check(options).errors, testing::Contains(HasSubstr(says))) << name;
    }
}

TEST(Cluster, WhatCanBeIsTakenSilently) {
    EXPECT_THAT(check(Options()).errors, IsEmpty());
    EXPECT_THAT(check(Options()).warnings, IsEmpty());
    EXPECT_THAT(check(joined()).errors, IsEmpty());
    EXPECT_THAT(check(joined()).warnings, IsEmpty());
    Options boot;
    boot.roles.roles = {"boot"};
    EXPECT_THAT(check(boot).errors, IsEmpty());
    auto front = joined();
    front.roles.roles = {"api"};
    front.rpc.use_ssl = false;
    EXPECT_THAT(check(front).errors, IsEmpty());
    EXPECT_THAT(check(front).warnings, IsEmpty()) << "it listens nowhere";
}

TEST(Cluster, ClearTextAndABusThatIsNotThereAreWarnedOf) {
    auto options = joined();
    options.rpc.use_ssl = false;
    EXPECT_THAT(check(options).warnings, ElementsAre(HasSubstr("clear text")));
    Options bus;
    bus.general.rpc_transport = RpcTransport::oslo;
    EXPECT_THAT(check(bus).warnings, ElementsAre(HasSubstr("no message bus")));
}

TEST(Cluster, WithoutCredentialsOnlyThisHostIsListenedTo) {
    Options options;
    options.general.rpc_transport = RpcTransport::json_rpc;
    EXPECT_EQ(options.rpc.address(), "127.0.0.1");
    EXPECT_THAT(check(options).errors, IsEmpty());
    EXPECT_EQ(joined().rpc.address(), "::");
    EXPECT_FALSE(rpc_server_settings(options, nullptr).admit);
}

TEST(Cluster, AConductorIsCalledAtItsAddressOrByItsName) {
    auto options = joined();
    EXPECT_EQ(rpc_endpoint(options), "https://east:8089");
    options.rpc.host_ip = "192.0.2.7";
    EXPECT_EQ(rpc_endpoint(options), "https://east:8089") << "as its certificate says";
    options.rpc.use_ssl = false;
    EXPECT_EQ(rpc_endpoint(options), "http://192.0.2.7:8089");
    options.rpc.host_ip = "2001:db8::7";
    EXPECT_EQ(rpc_endpoint(options), "http://[2001:db8::7]:8089");
    EXPECT_EQ(rpc_endpoint(Options()), "");
}

class RpcAdmissionTest : public testing::Test {
protected:
    ~RpcAdmissionTest() override { runtime.stop(); }

    /// The status of the answer to such a header; 0 for one who is let in.
    int status_for(RpcAdmission& admission, const std::string& header) {
        HttpRequest request;
        if (!header.empty()) request.headers.set("Authorization", header);
        int status = -1;
        runtime.run(ask(&admission, &request, &status));
        return status;
    }
    static Task<> ask(RpcAdmission* admission, const HttpRequest* request, int* status) {
        auto refused = co_await admission->admit(request);
        *status = refused ? refused->status : 0;
    }
    static std::string basic(std::string_view credentials) {
        return "Basic " + encode_base64(as_bytes(credentials));
    }

    Runtime runtime{{.threads = 1, .name = "test"}};
};

TEST_F(RpcAdmissionTest, OnlyTheOneUserIsLetIn) {
    RpcAdmission admission(joined().rpc);
    EXPECT_EQ(status_for(admission, basic("ferrite:hunter2")), 0);
    for (auto wrong : {"ferrite:hunter", "ferrite:", "other:hunter2", ":hunter2", "ferrite"})
        EXPECT_EQ(status_for(admission, basic(wrong)), 401) << wrong;
    EXPECT_EQ(status_for(admission, ""), 401);
    EXPECT_EQ(status_for(admission, "Bearer hunter2"), 401);
    EXPECT_EQ(status_for(admission, "Basic ==="), 401);
}

TEST_F(RpcAdmissionTest, AUserFileThatIsMissingIsNamed) {
    auto options = joined().rpc;
    options.http_basic_auth_user_file = "/no/such/file";
    try {
        RpcAdmission admission(options);
        FAIL();
    } catch (const Error& error) {
        EXPECT_THAT(error.message(), HasSubstr("/no/such/file"));
    }
}

}  // namespace
}  // namespace ferrite::daemon
