#include "netboot/boot_service.h"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/process.h"
#include "netboot/fakes.h"

namespace ferrite::netboot {
namespace {

using namespace std::chrono_literals;
using Kind = BootEvent::Kind;

std::string content(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

/// The whole service on loopback with ports of its own; curl and a DHCP relay as its clients.
class BootServiceTest : public testing::Test {
protected:
    BootServiceTest() {
        std::string pattern = testing::TempDir() + "boot-service-XXXXXX";
        directory_ = ::mkdtemp(pattern.data());
        std::string loader;
        for (int i = 0; i < 300'000; ++i) loader += static_cast<char>(i * 131 >> 4);
        std::ofstream(directory_ / "loader", std::ios::binary) << loader;

        relay_.emplace(runtime_.strand(), UdpSocket::Options{.address = ip("127.0.0.1")});
        auto& dhcp = options_.dhcp;
        dhcp.port = 0;
        dhcp.lease_file = directory_ / "leases";
        dhcp.server.server_address = ip("127.0.0.1");
        dhcp.server.relay_port = relay_->port();
        dhcp.server.subnets = {{.network = ip("127.0.0.0"),
                                .prefix_length = 8,
                                .pool = LeaseTable::Pool{ip("127.1.0.1"), ip("127.1.0.9")}}};
        options_.tftp.server.address = ip("127.0.0.1");
        options_.tftp.server.port = 0;
        options_.http.address = "127.0.0.1";
        options_.http.port = 0;
        options_.http.url = "http://boot.test";
        options_.files = {{"loader", directory_ / "loader"}, {"gone", directory_ / "gone"}};
        directory_of_nodes_.set_plan(
            kMac, {.kind = BootKind::network, .node = "n1", .kernel = directory_ / "loader"});
    }
    ~BootServiceTest() override {
        stop();
        relay_->close();
        runtime_.stop();
        std::filesystem::remove_all(directory_);
    }

    void start() {
        service_.emplace(runtime_, options_, directory_of_nodes_);
        service_->start();
    }
    void stop() {
        if (service_) runtime_.run(service_->stop());
        service_.reset();
    }

    /// curl's exit code.
    int fetch(std::vector<std::string> arguments) {
        ProcessResult result;
        std::vector<std::string> argv{"curl", "-sS", "--max-time", "30", "-o", directory_ / "got"};
        argv.insert(argv.end(), arguments.begin(), arguments.end());
        runtime_.run(run(std::move(argv), &result));
        return result.exit_code;
    }
    static Task<> run(std::vector<std::string> argv, ProcessResult* result) {
        *result = co_await run_process({.argv = std::move(argv)});
    }

    /// Sends as a relay and waits for the answer; loopback loses nothing.
    DhcpMessage exchange(DhcpMessage message) {
        message.giaddr = ip("127.0.0.1");
        Datagram answer;
        runtime_.run(
            ask(&*relay_, message.encode(), {ip("127.0.0.1"), service_->dhcp_port()}, &answer));
        auto parsed = DhcpMessage::parse(answer.bytes);
        EXPECT_TRUE(parsed);
        return parsed.value_or(DhcpMessage{});
    }
    static Task<> ask(UdpSocket* socket, Bytes packet, UdpEndpoint to, Datagram* answer) {
        socket->send(packet, to);
        *answer = co_await socket->receive();
    }

    std::string tftp(std::string_view name) {
        return fmt::format("tftp://127.0.0.1:{}/{}", service_->tftp_port(), name);
    }
    std::string http(std::string_view path) {
        return fmt::format("http://127.0.0.1:{}{}", service_->http_port(), path);
    }

    Runtime runtime_{{.threads = 2, .name = "test"}};
    std::filesystem::path directory_;
    FakeDirectory directory_of_nodes_;
    BootOptions options_;
    std::optional<UdpSocket> relay_;
    std::optional<BootService> service_;
};

TEST_F(BootServiceTest, ServesFilesByTftp) {
    start();
    ASSERT_EQ(fetch({tftp("loader")}), 0);
    EXPECT_EQ(content(directory_ / "got"), content(directory_ / "loader"));
    ASSERT_EQ(fetch({"--tftp-no-options", tftp("loader")}), 0);
    EXPECT_EQ(content(directory_ / "got"), content(directory_ / "loader"));
    ASSERT_EQ(fetch({"--tftp-blksize", "1400", tftp("boot.ipxe")}), 0);
    EXPECT_THAT(content(directory_ / "got"), testing::StartsWith("#!ipxe\n"));

    constexpr int kFileNotFound = 68;
    EXPECT_EQ(fetch({tftp("gone")}), kFileNotFound);
    EXPECT_EQ(fetch({tftp("nothing")}), kFileNotFound);
    EXPECT_EQ(fetch({"--path-as-is", tftp("../../etc/passwd")}), kFileNotFound);
    stop();  // a transfer's end is reported after its last packet
    EXPECT_EQ(directory_of_nodes_.count(Kind::tftp_started), 3);
    EXPECT_EQ(directory_of_nodes_.count(Kind::tftp_finished), 3);
    EXPECT_EQ(directory_of_nodes_.count(Kind::tftp_failed), 3);
}

TEST_F(BootServiceTest, ServesManyAtATime) {
    options_.tftp.server.max_transfers_per_client = 100;
    start();
    std::vector<std::string> arguments{"-Z", "--parallel-max", "40"};
    for (int i = 0; i < 40; ++i) {
        arguments.push_back(tftp("loader"));
        if (i > 0) arguments.insert(arguments.end(), {"-o", directory_ / fmt::format("got{}", i)});
    }
    ASSERT_EQ(fetch(arguments), 0);
    for (int i = 1; i < 40; ++i)
        EXPECT_EQ(content(directory_ / fmt::format("got{}", i)), content(directory_ / "loader"));
}

TEST_F(BootServiceTest, ServesScriptsAndFilesByHttp) {
    start();
    ASSERT_EQ(fetch({"-f", http("/boot/52-54-00-77-00-01.ipxe")}), 0);
    EXPECT_THAT(content(directory_ / "got"), testing::HasSubstr("http://boot.test/boot/"));
    ASSERT_EQ(fetch({"-f", "-r", "100-299", http("/boot/52-54-00-77-00-01/kernel")}), 0);
    EXPECT_EQ(content(directory_ / "got"), content(directory_ / "loader").substr(100, 200));
    ASSERT_EQ(fetch({"-f", http("/loader")}), 0);
    EXPECT_EQ(content(directory_ / "got"), content(directory_ / "loader"));
    EXPECT_NE(fetch({"-f", http("/gone")}), 0);
}

TEST_F(BootServiceTest, GivesAddressesThatSurviveARestart) {
    DhcpMessage discover;
    discover.mac = kMac;
    discover.options.set_u8(option::kMessageType, 1);
    discover.options.set_text(option::kUserClass, "iPXE");
    start();
    auto offer = exchange(discover);
    EXPECT_EQ(offer.type(), DhcpType::offer);
    EXPECT_EQ(offer.file, "http://boot.test/boot/52-54-00-77-00-01.ipxe");

    auto request = discover;
    request.options.set_u8(option::kMessageType, 3);
    request.options.set_u32(option::kRequestedAddress, offer.yiaddr.to_v4());
    EXPECT_EQ(exchange(request).type(), DhcpType::ack);
    stop();

    start();
    auto other = discover;
    other.mac = mac("02:00:00:00:00:01");
    other.options.set_u32(option::kRequestedAddress, offer.yiaddr.to_v4());
    EXPECT_NE(exchange(other).yiaddr, offer.yiaddr);
    EXPECT_EQ(exchange(discover).yiaddr, offer.yiaddr);
}

TEST_F(BootServiceTest, TellsWhoseFileWasFetched) {
    options_.dhcp.server.subnets[0].pool = LeaseTable::Pool{ip("127.0.0.1"), ip("127.0.0.1")};
    options_.dhcp.server.server_address = ip("127.0.0.2");
    DhcpMessage request;
    request.mac = kMac;
    request.options.set_u8(option::kMessageType, 3);
    request.options.set_u32(option::kRequestedAddress, ip("127.0.0.1").to_v4());
    start();
    ASSERT_EQ(exchange(request).type(), DhcpType::ack);
    ASSERT_EQ(fetch({tftp("loader")}), 0);
    stop();
    auto last = directory_of_nodes_.events().back();
    EXPECT_EQ(last.kind, Kind::tftp_finished);
    EXPECT_EQ(last.client.mac, kMac);
    EXPECT_EQ(last.node, "n1");
    EXPECT_EQ(last.bytes, 300'000u);
}

TEST_F(BootServiceTest, RefusesOptionsThatCannotWork) {
    options_.http.url.clear();
    BootService no_url(runtime_, options_, directory_of_nodes_);
    EXPECT_THROW(no_url.start(), InvalidValue);
    options_.http.url = "http://boot.test";
    options_.router_advertisements = true;
    BootService no_device(runtime_, options_, directory_of_nodes_);
    EXPECT_THROW(no_device.start(), InvalidValue);
}

TEST_F(BootServiceTest, RunsWithoutDhcp) {
    options_.dhcp.enabled = false;
    start();
    EXPECT_EQ(fetch({tftp("loader")}), 0);
    EXPECT_FALSE(std::filesystem::exists(directory_ / "leases"));
}

}  // namespace
}  // namespace ferrite::netboot
