#include <fstream>

#include "base/loopback_client.h"
#include "base/test_certificate.h"
#include "conductor/rpc_kit.h"

namespace ferrite::conductor {
namespace {

using Outcome = NoAnswer::Outcome;

/// Lets in whoever says the magic word.
RpcServer::Admission magic_word(std::string wanted) {
    struct Check {
        static Task<std::optional<HttpResponse>> admit(bool known) {
            if (known) co_return std::nullopt;
            co_return HttpResponse{.status = 401};
        }
    };
    return [wanted = std::move(wanted)](const HttpRequest* request) {
        return Check::admit(request->headers.get("Authorization") == wanted);
    };
}

class RpcCallTest : public RpcTest {
protected:
    RpcClient client(RpcClient::Options options = {}) { return {http, std::move(options)}; }
};

TEST_F(RpcCallTest, CallsAndTheirResultsTravel) {
    auto server = serve(conductor);
    auto rpc = client();
    auto to = endpoint_of(*server);
    auto device = result_of(rpc.call<&Client::boot_device>(to, {}, {"u"}));
    EXPECT_EQ(device.device, "pxe");
    EXPECT_EQ(device.persistent, false);
    auto vendor = result_of(rpc.call<&Client::call_vendor>(
        to, {}, {"u", VendorCall{"poke", "POST", JsonObject{{"ä", nullptr}}}}));
    EXPECT_EQ(vendor, VendorReply(JsonObject{{"ä", nullptr}}));
    auto later =
        result_of(rpc.call<&Client::call_vendor>(to, {}, {"u", VendorCall{"later", "POST", {}}}));
    EXPECT_EQ(later, std::nullopt);
    run(rpc.call<&Client::provision>(to, {}, {"u", ProvisionRequest{.verb = "active"}}));
    EXPECT_THAT(conductor.asked, testing::Contains("provision u active"));
}

TEST_F(RpcCallTest, WhoAskedTravelsToo) {
    auto server = serve(conductor);
    run(client().call<&Client::change_power>(endpoint_of(*server), {"req-1", "req-2", "mia", "lab"},
                                             {"u", "power on", 7s}));
    EXPECT_EQ(conductor.context.request_id, "req-1");
    EXPECT_EQ(conductor.context.global_request_id, "req-2");
    EXPECT_EQ(conductor.context.user, "mia");
    EXPECT_EQ(conductor.context.project, "lab");
    EXPECT_THAT(conductor.asked, testing::ElementsAre("power u power on 7"));
}

TEST_F(RpcCallTest, ErrorsOfTheConductorAreThrownHere) {
    auto server = serve(conductor);
    auto rpc = client();
    auto to = endpoint_of(*server);
    auto uuid = new_uuid();
    EXPECT_ERROR(run(rpc.call<&Client::destroy_node>(to, {}, {uuid})), NotFound, error)
    EXPECT_THAT(error->message(), HasSubstr(uuid));
    EXPECT_ERROR(run(rpc.call<&Client::change_power>(to, {}, {"u", "full", {}})), Error, error) {
        EXPECT_EQ(error->http_status(), 503);
        EXPECT_EQ(error->code(), "no_free_worker");
        EXPECT_EQ(error->message(), "Too much is under way.");
    }
    EXPECT_ERROR(run(rpc.call<&Client::change_power>(to, {}, {"u", "fail", {}})), Error, error) {
        EXPECT_EQ(error->http_status(), 500);
        EXPECT_THAT(error->message(), testing::Not(HasSubstr("secret")));
    }
}

TEST_F(RpcCallTest, TheRightPasswordOpensAndAWrongOneIsTold) {
    auto server = serve(conductor, {.admit = magic_word("Basic bWlhOm3DpGNodGln")});
    auto to = endpoint_of(*server);
    auto right = client({.username = "mia", .password = Secret("mächtig")});
    result_of(right.call<&Client::boot_device>(to, {}, {"u"}));
    for (auto wrong : {client(), client({.username = "mia", .password = Secret("guess")})})
        EXPECT_ERROR(result_of(wrong.call<&Client::boot_device>(to, {}, {"u"})), Error, error) {
            EXPECT_EQ(error->code(), "rpc_credentials");
            EXPECT_EQ(error->http_status(), 503);
            EXPECT_THAT(error->message(), testing::Not(HasSubstr("guess")));
        }
}

TEST_F(RpcCallTest, CallsTravelByTlsToWhoeverHasTheRightCertificate) {
    auto write = [&](const std::string& name, const std::string& text) {
        auto path = directory + "/" + name;
        std::ofstream(path) << text;
        return path;
    };
    auto certificate = test::make_certificate();
    RpcServer::Options options;
    options.http.tls = {.certificate_pem = certificate.certificate_pem,
                        .key_pem = Secret(certificate.key_pem)};
    auto server = serve(conductor, std::move(options));
    auto to = fmt::format("https://127.0.0.1:{}", server->port());
    auto trusting = client({.ca_file = write("ca.pem", certificate.certificate_pem)});
    EXPECT_EQ(result_of(trusting.call<&Client::boot_device>(to, {}, {"u"})).device, "pxe");
    auto other = write("other.pem", test::make_certificate().certificate_pem);
    EXPECT_ERROR(result_of(client({.ca_file = other}).call<&Client::boot_device>(to, {}, {"u"})),
                 NoAnswer, error)
    EXPECT_EQ(error->outcome(), Outcome::not_done);
}

TEST_F(RpcCallTest, WhatWasNeverSentIsToldFromWhatMayHaveBeenDone) {
    auto rpc = client({.timeout = 60s});
    EXPECT_ERROR(result_of(rpc.call<&Client::boot_device>(nobody(), {}, {"u"})), NoAnswer, error)
    EXPECT_EQ(error->outcome(), Outcome::not_done);
    DeafServer deaf;
    EXPECT_ERROR(result_of(rpc.call<&Client::boot_device>(deaf.endpoint(), {}, {"u"})), NoAnswer,
                 error)
    EXPECT_EQ(error->outcome(), Outcome::maybe_done);
    EXPECT_EQ(deaf.calls(), 1) << "a call that was sent is not sent again behind our back";
}

TEST_F(RpcCallTest, ACallThatTakesTooLongMayHaveBeenDone) {
    conductor.gate = std::make_shared<Signal>();
    auto server = serve(conductor);
    auto rpc = client({.timeout = 100ms});
    EXPECT_ERROR(run(rpc.call<&Client::change_power>(endpoint_of(*server), {}, {"u", "hang", {}})),
                 NoAnswer, error)
    EXPECT_EQ(error->outcome(), Outcome::maybe_done);
    conductor.gate->set();
}

TEST_F(RpcCallTest, AConductorThatLeavesDeclinesAndEndsWhatItBegan) {
    conductor.gate = std::make_shared<Signal>();
    auto server = serve(conductor);
    auto rpc = client();
    auto to = endpoint_of(*server);
    std::atomic<bool> ended = false;
    struct Begun {
        static Task<> call(RpcClient* rpc, std::string to, std::atomic<bool>* ended) {
            co_await rpc->call<&Client::change_power>(to, {}, {"u", "hang", {}});
            *ended = true;
        }
    };
    runtime.spawn("call", Begun::call(&rpc, to, &ended));
    while (conductor.calls == 0) std::this_thread::sleep_for(1ms);
    EXPECT_FALSE(result_of(server->leave(0s))) << "it waits for what it began";
    EXPECT_ERROR(run(rpc.call<&Client::change_power>(to, {}, {"u", "power on", {}})), NoAnswer,
                 error)
    EXPECT_EQ(error->outcome(), Outcome::not_done);
    conductor.gate->set();
    EXPECT_TRUE(result_of(server->leave(60s)));
    EXPECT_TRUE(result_of(server->drain(60s)));
    while (!ended) std::this_thread::sleep_for(1ms);
    EXPECT_EQ(conductor.calls, 1);
}

/// All that is answered to these bytes.
std::string answer_to(const RpcServer& server, std::string_view line, std::string_view body = "") {
    test::LoopbackClient peer(server.port());
    peer.send(
        fmt::format("{} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                    line, body.size()));
    if (!body.empty()) peer.send(body);
    return peer.read_to_end();
}

TEST_F(RpcCallTest, GarbageIsAnsweredAndHarmsNobody) {
    auto server = serve(conductor);
    EXPECT_THAT(answer_to(*server, "GET /"), HasSubstr(" 405 "));
    EXPECT_THAT(answer_to(*server, "POST /", "\x01\x02garbage"), HasSubstr("-32700"));
    EXPECT_THAT(answer_to(*server, "POST /",
                          R"({"jsonrpc":"2.0","id":"1","method":"fly",)"
                          R"("params":{"context":{},"arguments":[]}})"),
                HasSubstr("-32601"));
    EXPECT_THAT(answer_to(*server, "POST /",
                          R"({"jsonrpc":"2.0","id":"1","method":"validate",)"
                          R"("params":{"context":{},"arguments":[7]}})"),
                HasSubstr("-32602"));
    result_of(client().call<&Client::boot_device>(endpoint_of(*server), {}, {"u"}));
}

TEST_F(RpcCallTest, AStrangerMayNotFillTheMemory) {
    auto server = serve(conductor, {.recognise = [](const HttpRequest& head) {
                            return head.headers.has("Authorization");
                        }});
    test::LoopbackClient peer(server->port());
    peer.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
    EXPECT_THAT(peer.read_until("\r\n"), HasSubstr(" 413 "));
}

TEST_F(RpcCallTest, SomethingElseAtTheAddressIsTold) {
    struct Other {
        static Task<HttpResponse> answer(int status) {
            co_return HttpResponse{.status = status, .body = "<html>"};
        }
    };
    for (int status : {200, 404, 500}) {
        HttpServer other(runtime.executor(), {},
                         [status](HttpRequest) { return Other::answer(status); });
        other.start();
        auto to = "http://127.0.0.1:" + std::to_string(other.port());
        EXPECT_ERROR(result_of(client().call<&Client::boot_device>(to, {}, {"u"})), Error, error)
        EXPECT_EQ(error->code(), "rpc_protocol") << status;
    }
}

}  // namespace
}  // namespace ferrite::conductor
