#include "base/udp_socket.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/runtime.h"

namespace ferrite {
namespace {

using namespace std::chrono_literals;

const IpAddress kLoopback = *IpAddress::parse("127.0.0.1");

TEST(IpAddress, ParsesAndPrints) {
    for (auto* text : {"10.0.0.7", "255.255.255.255", "::", "fe80::1", "2001:db8::ff00:42:8329"}) {
        auto address = IpAddress::parse(text);
        ASSERT_TRUE(address) << text;
        EXPECT_EQ(address->to_text(), text);
    }
    for (auto* text : {"", "10.0.0", "10.0.0.256", "host", "::g", "1.2.3.4 ", "fe80::1%eth0"})
        EXPECT_FALSE(IpAddress::parse(text)) << text;
    EXPECT_FALSE(IpAddress::parse(std::string(1000, '1')));
    EXPECT_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0x", 9)));
}

TEST(IpAddress, IsAValue) {
    EXPECT_EQ(kLoopback.to_v4(), 0x7f000001u);
    EXPECT_EQ(IpAddress::v4(0x7f000001), kLoopback);
    EXPECT_TRUE(IpAddress{}.is_unspecified());
    EXPECT_TRUE(IpAddress::parse("::")->is_unspecified());
    EXPECT_NE(*IpAddress::parse("::"), IpAddress{});
    EXPECT_EQ(IpAddress::parse("::1")->to_v4(), 0u);
    EXPECT_LT(IpAddress::v4(1), IpAddress::v4(2));
}

Task<> round_trip(Executor executor, std::string local) {
    auto address = *IpAddress::parse(local);
    UdpSocket server(executor,
                     {.address = address.is_v4() ? IpAddress{} : *IpAddress::parse("::")});
    UdpSocket client(executor, {.address = address});
    for (int i = 0; i < 200; ++i) {
        auto text = std::to_string(i);
        EXPECT_TRUE(client.send(as_bytes(text), {address, server.port()}));
        auto question = co_await server.receive();
        EXPECT_EQ(as_text(question.bytes), text);
        EXPECT_EQ(question.from, (UdpEndpoint{address, client.port()}));
        EXPECT_EQ(question.to, address);
        EXPECT_TRUE(server.send(question.bytes, question.from));
        EXPECT_EQ((co_await client.receive()).bytes, question.bytes);
    }
    EXPECT_TRUE(client.send({}, {address, server.port()}));
    EXPECT_TRUE((co_await server.receive()).bytes.empty());
}

TEST(UdpSocket, RoundTrip) {
    Runtime runtime({.threads = 2});
    runtime.run(round_trip(runtime.executor(), "127.0.0.1"));
    runtime.run(round_trip(runtime.executor(), "::1"));
}

TEST(UdpSocket, UnreachablePortDoesNotDisturbTheReceiver) {
    Runtime runtime({.threads = 1});
    runtime.run([](Executor executor) -> Task<> {
        UdpSocket socket(executor, {.address = kLoopback});
        std::uint16_t closed;
        {
            UdpSocket other(executor, {.address = kLoopback});
            closed = other.port();
        }
        socket.send(as_bytes("into the void"), {kLoopback, closed});
        socket.send(as_bytes("to myself"), {kLoopback, socket.port()});
        EXPECT_EQ(as_text((co_await socket.receive()).bytes), "to myself");
        EXPECT_FALSE(socket.send(Bytes(70'000), {kLoopback, socket.port()}));
    }(runtime.executor()));
}

Task<> receive_until_closed(std::shared_ptr<UdpSocket> socket, std::shared_ptr<Signal> waiting,
                            std::shared_ptr<Signal> ended) {
    waiting->set();
    try {
        co_await socket->receive();
    } catch (const Error& e) {
        if (e.code() == "closed") ended->set();
    }
}

TEST(UdpSocket, CloseEndsReceive) {
    Runtime runtime({.threads = 2});
    for (int round = 0; round < 100; ++round) {
        auto socket = std::make_shared<UdpSocket>(runtime.executor(), UdpSocket::Options{});
        auto waiting = std::make_shared<Signal>();
        auto ended = std::make_shared<Signal>();
        runtime.spawn("receive", receive_until_closed(socket, waiting, ended));
        auto wait = [](std::shared_ptr<Signal> signal) -> Task<> {
            EXPECT_TRUE(co_await signal->wait_for(60s));
        };
        runtime.run(wait(waiting));
        socket->close();
        runtime.run(wait(ended));
        EXPECT_THROW(runtime.run([](auto s) -> Task<> { co_await s->receive(); }(socket)), Error);
    }
}

TEST(UdpSocket, TakenPortIsAnErrorThatNamesIt) {
    Runtime runtime({.threads = 1});
    UdpSocket first(runtime.executor(), {.address = kLoopback});
    try {
        UdpSocket second(runtime.executor(), {.address = kLoopback, .port = first.port()});
        FAIL();
    } catch (const Error& e) {
        EXPECT_NE(e.message().find("127.0.0.1 port " + std::to_string(first.port())),
                  std::string::npos)
            << e.message();
    }
}

TEST(ResolveHost, NamesAndNumbers) {
    Runtime runtime({.threads = 1});
    runtime.run([]() -> Task<> {
        EXPECT_EQ((co_await resolve_host("10.1.2.3")).to_text(), "10.1.2.3");
        auto local = (co_await resolve_host("localhost")).to_text();
        EXPECT_TRUE(local == "127.0.0.1" || local == "::1") << local;
    }());
    try {
        runtime.run([]() -> Task<> { co_await resolve_host("no-such-host.invalid"); }());
        FAIL();
    } catch (const Error& e) {
        EXPECT_EQ(e.code(), "resolve");
        EXPECT_NE(e.message().find("no-such-host.invalid"), std::string::npos);
    }
}

}  // namespace
}  // namespace ferrite
