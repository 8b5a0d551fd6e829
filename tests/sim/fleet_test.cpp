#include "sim/fleet.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "base/http_client.h"
#include "base/process.h"
#include "ipmi/session.h"
#include "sim/web.h"

namespace ferrite::sim {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;
using namespace std::chrono_literals;

/// A fleet of three on the loopback network, and a session with any of its BMCs.
class FleetTest : public testing::Test {
protected:
    ~FleetTest() override { runtime.stop(); }

    static Fleet::Options options() {
        Fleet::Options options;
        options.machines = 3;
        options.addresses = parse_address_range("127.9.0.0/24");
        options.bmc = {.port = 0, .user = "admin", .password = Secret("simulated")};
        options.timings = {
            .boot = {1ms, 1ms}, .shutdown = {1ms, 1ms}, .step = {1ms, 1ms}, .write = {1ms, 1ms}};
        return options;
    }

    void SetUp() override { fleet.start("http://127.0.0.1:1/agents"); }

    ipmi::SessionOptions bmc(unsigned number) {
        ipmi::SessionOptions options;
        options.host = fleet.find(number)->identity().bmc.to_text();
        options.port = fleet.bmc_port();
        options.user = "admin";
        options.password = Secret("simulated");
        options.retry_interval = 100ms;
        options.timeout = 1s;
        return options;
    }

    void set_fault(unsigned number, std::string_view word) {
        Faults faults;
        parse_fault(word, faults);
        fleet.find(number)->set_faults(faults);
    }

    /// The power of a machine, or the reason why it cannot be had.
    std::variant<ipmi::PowerState, ipmi::Reason> read(unsigned number) {
        std::variant<ipmi::PowerState, ipmi::Reason> result;
        ipmi::Session session(transport, bmc(number));
        runtime.run(read_into(&session, &result));
        return result;
    }

    static Task<> read_into(ipmi::Session* session,
                            std::variant<ipmi::PowerState, ipmi::Reason>* result) {
        try {
            *result = co_await session->power_state();
        } catch (const ipmi::Error& error) {
            *result = error.reason();
        }
    }

    static Task<> switch_on(ipmi::Session* session) {
        co_await session->power(ipmi::PowerAction::on);
    }

    HttpResponse ask(std::string method, std::string path, std::string body = "") {
        HttpRequest request;
        request.method = std::move(method);
        request.path = std::move(path);
        request.body = std::move(body);
        HttpResponse response;
        runtime.run(answer(&web, std::move(request), &response));
        return response;
    }

    static Task<> answer(Web* web, HttpRequest request, HttpResponse* response) {
        *response = co_await web->answer(std::move(request));
    }

    Runtime runtime{{.threads = 2, .name = "test"}};
    HttpClient client{runtime.executor()};
    ServiceClient service{client, "http://127.0.0.1:1"};
    Fleet fleet{runtime, service, options()};
    ipmi::Transport transport{runtime};
    Web web{fleet};
};

TEST_F(FleetTest, EachMachineHasABmcOfItsOwn) {
    ipmi::Session second(transport, bmc(2));
    runtime.run(switch_on(&second));
    EXPECT_EQ(std::get<ipmi::PowerState>(read(1)), ipmi::PowerState::off);
    EXPECT_EQ(std::get<ipmi::PowerState>(read(2)), ipmi::PowerState::on);
    EXPECT_EQ(std::get<ipmi::PowerState>(read(3)), ipmi::PowerState::off);
}

TEST_F(FleetTest, ADeadBmcIsSilentUntilTheFaultIsTakenBack) {
    EXPECT_EQ(ask("PUT", "/machines/1/faults", R"({"faults": ["dead-bmc"]})").status, 200);
    EXPECT_EQ(std::get<ipmi::Reason>(read(1)), ipmi::Reason::no_answer);
    EXPECT_EQ(ask("PUT", "/machines/1/faults", R"({"faults": []})").status, 200);
    EXPECT_TRUE(std::holds_alternative<ipmi::PowerState>(read(1)));
}

TEST_F(FleetTest, AWrongPasswordIsToldFromSilence) {
    EXPECT_TRUE(std::holds_alternative<ipmi::PowerState>(read(1)));
    set_fault(1, "wrong-password");
    EXPECT_EQ(std::get<ipmi::Reason>(read(1)), ipmi::Reason::bad_password);
    fleet.find(1)->set_faults({});
    EXPECT_TRUE(std::holds_alternative<ipmi::PowerState>(read(1)));
}

TEST_F(FleetTest, ASlowBmcAnswersInTheEnd) {
    set_fault(3, "slow-bmc:20ms");
    EXPECT_TRUE(std::holds_alternative<ipmi::PowerState>(read(3)));
}

TEST_F(FleetTest, ControlTellsTheTruthAndItsMistakes) {
    EXPECT_THAT(ask("GET", "/machines/2").body, HasSubstr(R"("name":"sim-2")"));
    EXPECT_THAT(ask("GET", "/").body, HasSubstr(R"("machines":3)"));
    EXPECT_EQ(ask("GET", "/machines/4").status, 404);
    EXPECT_EQ(ask("GET", "/machines/x").status, 404);
    EXPECT_EQ(ask("DELETE", "/machines/1").status, 404);
    auto wrong = ask("PUT", "/machines/1/faults", R"({"faults": ["tired"]})");
    EXPECT_EQ(wrong.status, 400);
    EXPECT_THAT(wrong.body, HasSubstr("There is no fault 'tired'"));
    EXPECT_EQ(ask("PUT", "/machines/1/faults", "[]").status, 400);
    EXPECT_EQ(ask("GET", "/agents/1/v1/commands").status, 503);
    EXPECT_EQ(ask("GET", "/agents/9/v1/commands").status, 404);
}

TEST(AddressRanges, LeaveTheNetworksOwnAddressOut) {
    auto range = parse_address_range("127.1.0.0/16");
    EXPECT_EQ(range.first, 0x7F010001u);
    EXPECT_EQ(range.count, 65'534u);
    for (auto text : {"", "127.1.0.0", "::1/64", "127.1.0.0/31", "127.1.0.0/x", "here/16"})
        EXPECT_THAT([&] { parse_address_range(text); },
                    ThrowsMessage<InvalidValue>(HasSubstr("no range of IPv4 addresses")))
            << text;
}

TEST(FleetSize, IsBoundedByTheAddresses) {
    Runtime runtime({.threads = 1, .name = "test"});
    HttpClient client(runtime.executor());
    ServiceClient service(client, "http://127.0.0.1:1");
    Fleet::Options options;
    options.machines = 300;
    options.addresses = parse_address_range("127.9.0.0/24");
    EXPECT_THAT([&] { Fleet(runtime, service, options); },
                ThrowsMessage<InvalidValue>(HasSubstr("--bmc-addresses has 254")));
}

}  // namespace
}  // namespace ferrite::sim
