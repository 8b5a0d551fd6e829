#include "netboot/dhcp_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "netboot/fakes.h"

namespace ferrite::netboot {
namespace {

using namespace std::chrono_literals;
using Kind = BootEvent::Kind;

const Timestamp kStart{std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)};
constexpr std::string_view kUrl = "http://10.0.0.1:8080";

/// Keeps leases in memory, or fails like a full disk.
struct MemoryStore : LeaseStore {
    std::vector<DhcpLease> load() override {
        std::vector<DhcpLease> all;
        for (auto& [key, lease] : leases) all.push_back(lease);
        return all;
    }
    void save(const DhcpLease& lease) override {
        if (is_full) throw Error(500, "lease_journal", "no space left");
        leases[lease.mac] = lease;
    }
    void erase(const MacAddress& who) override { leases.erase(who); }
    std::map<MacAddress, DhcpLease> leases;
    bool is_full = false;
};

class DhcpServerTest : public testing::Test {
protected:
    DhcpServerTest() {
        options_.server_address = ip("10.0.0.1");
        options_.boot.tftp = ip("10.0.0.1");
        options_.boot.http_url = kUrl;
        options_.subnets = {{.network = ip("10.0.0.0"),
                             .prefix_length = 24,
                             .pool = LeaseTable::Pool{ip("10.0.0.50"), ip("10.0.0.59")},
                             .routers = {ip("10.0.0.254")},
                             .dns = {ip("10.0.0.53"), ip("10.0.0.54")},
                             .ntp = {ip("10.0.0.123")},
                             .domain = "rack.test",
                             .mtu = 9000,
                             .lease_time = 1h},
                            {.network = ip("10.1.0.0"),
                             .prefix_length = 16,
                             .pool = LeaseTable::Pool{ip("10.1.0.10"), ip("10.1.0.10")}}};
    }

    DhcpServer& server() {
        if (!server_) server_.emplace(options_, directory_, store_, now_);
        return *server_;
    }
    void restart() { server_.reset(); }

    static DhcpMessage request(DhcpType type, const MacAddress& who = kMac) {
        DhcpMessage message;
        message.xid = 42;
        message.mac = who;
        message.options.set_u8(option::kMessageType, static_cast<std::uint8_t>(type));
        return message;
    }

    std::optional<DhcpMessage> ask(const DhcpMessage& message,
                                   DhcpServer::Port port = DhcpServer::Port::server) {
        auto reply = server().on_packet(message.encode(1400), {ip("10.0.0.77"), 4000}, port, now_);
        if (!reply) return {};
        to_ = reply->to;
        size_ = reply->bytes.size();
        auto parsed = DhcpMessage::parse(reply->bytes);
        EXPECT_TRUE(parsed);
        return *parsed;
    }

    /// DISCOVER and REQUEST as a client does both; its address.
    IpAddress obtain(const MacAddress& who = kMac) {
        auto offer = ask(request(DhcpType::discover, who));
        if (!offer) return {};
        auto take = request(DhcpType::request, who);
        take.options.set_u32(option::kServerId, ip("10.0.0.1").to_v4());
        take.options.set_u32(option::kRequestedAddress, offer->yiaddr.to_v4());
        auto ack = ask(take);
        EXPECT_TRUE(ack && ack->type() == DhcpType::ack);
        return ack ? ack->yiaddr : IpAddress{};
    }

    static DhcpMessage pxe_discover(std::uint16_t architecture, std::string_view vendor) {
        auto message = request(DhcpType::discover);
        message.options.set_u16(option::kArchitecture, architecture);
        message.options.set_text(option::kVendorClass, vendor);
        message.options.set(option::kParameterList, {1, 3, 6, 66, 67});
        return message;
    }

    DhcpServer::Options options_;
    FakeDirectory directory_;
    MemoryStore store_;
    Timestamp now_ = kStart;
    UdpEndpoint to_;
    std::size_t size_ = 0;
    std::optional<DhcpServer> server_;
};

std::string text(const DhcpMessage& message, std::uint8_t code) {
    return std::string(as_text(message.options.get(code)));
}

TEST_F(DhcpServerTest, GivesAnAddressWithTheNetworksParameters) {
    auto offer = ask(request(DhcpType::discover));
    ASSERT_TRUE(offer);
    EXPECT_EQ(offer->type(), DhcpType::offer);
    EXPECT_EQ(offer->op, DhcpMessage::kReplyOp);
    EXPECT_EQ(offer->xid, 42u);
    EXPECT_GE(offer->yiaddr, ip("10.0.0.50"));
    EXPECT_LE(offer->yiaddr, ip("10.0.0.59"));
    EXPECT_EQ(offer->options.address(option::kServerId), ip("10.0.0.1"));
    EXPECT_EQ(offer->options.address(option::kSubnetMask), ip("255.255.255.0"));
    EXPECT_EQ(offer->options.address(option::kBroadcast), ip("10.0.0.255"));
    EXPECT_EQ(offer->options.address(option::kRouter), ip("10.0.0.254"));
    EXPECT_EQ(offer->options.get(option::kDns).size(), 8u);
    EXPECT_EQ(offer->options.u16(option::kMtu), 9000);
    EXPECT_EQ(offer->options.u32(option::kLeaseTime), 3600u);
    EXPECT_EQ(offer->options.u32(option::kRenewalTime), 1800u);
    EXPECT_EQ(offer->options.u32(option::kRebindingTime), 3150u);
    EXPECT_EQ(text(*offer, option::kDomainName), "rack.test");
    EXPECT_TRUE(offer->file.empty()) << "no boot client";
    EXPECT_EQ(to_, (UdpEndpoint{ip("255.255.255.255"), 68}));
    EXPECT_TRUE(store_.leases.empty()) << "an offer is no lease";

    EXPECT_EQ(obtain(), offer->yiaddr);
    EXPECT_EQ(store_.leases.at(kMac).address, offer->yiaddr);
    EXPECT_EQ(store_.leases.at(kMac).expires, now_ + 1h);
}

TEST_F(DhcpServerTest, SendsOnlyWhatIsAskedFor) {
    auto message = request(DhcpType::discover);
    message.options.set(option::kParameterList, {option::kSubnetMask, option::kRouter});
    auto offer = ask(message);
    ASSERT_TRUE(offer);
    EXPECT_TRUE(offer->options.has(option::kRouter));
    EXPECT_FALSE(offer->options.has(option::kDns));
    EXPECT_FALSE(offer->options.has(option::kMtu));
}

TEST_F(DhcpServerTest, HonoursTheLargestMessageSize) {
    options_.subnets[0].domain = std::string(250, 'd');
    options_.subnets[0].dns.assign(20, ip("10.0.0.53"));
    ASSERT_TRUE(ask(request(DhcpType::discover)));
    EXPECT_LE(size_, 548u);
    auto roomy = request(DhcpType::discover);
    roomy.options.set_u16(option::kMaxMessageSize, 1500);
    ASSERT_TRUE(ask(roomy));
    EXPECT_GT(size_, 548u);
}

struct Class {
    std::uint16_t architecture;
    std::string_view vendor;
    std::string_view file;
    Architecture expected;
    BootStage stage;
};

TEST_F(DhcpServerTest, GivesEachKindOfFirmwareItsFile) {
    directory_.set_plan(kMac, {.kind = BootKind::network, .node = "n1"});
    const Class kClasses[] = {
        {0, "PXEClient:Arch:00000:UNDI:002001", "undionly.kpxe", Architecture::bios,
         BootStage::pxe},
        {7, "PXEClient:Arch:00007:UNDI:003016", "snponly.efi", Architecture::uefi_x64,
         BootStage::pxe},
        {9, "PXEClient:Arch:00009:UNDI:003016", "snponly.efi", Architecture::uefi_x64,
         BootStage::pxe},
        {16, "HTTPClient:Arch:00016:UNDI:003001", "http://10.0.0.1:8080/snponly.efi",
         Architecture::uefi_x64, BootStage::uefi_http},
        {11, "PXEClient:Arch:00011:UNDI:003000", "", Architecture::uefi_arm64, BootStage::pxe},
        {0x7777, "PXEClient", "", Architecture::unknown, BootStage::pxe},
    };
    for (auto& one : kClasses) {
        auto offer = ask(pxe_discover(one.architecture, one.vendor));
        ASSERT_TRUE(offer);
        EXPECT_EQ(offer->file, one.file) << one.vendor;
        EXPECT_EQ(text(*offer, option::kBootFile), one.file) << one.vendor;
        EXPECT_EQ(directory_.asked().back().architecture, one.expected);
        EXPECT_EQ(directory_.asked().back().stage, one.stage);
    }
}

TEST_F(DhcpServerTest, MakesPxeFirmwareTakeTheFileAtOnce) {
    auto message = pxe_discover(0, "PXEClient:Arch:00000:UNDI:002001");
    Bytes uuid{0,    0x78, 0x56, 0x34, 0x12, 0xbc, 0x9a, 0xf0, 0xde,
               0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0};
    message.options.set(option::kClientUuid, uuid);
    auto offer = ask(message);
    ASSERT_TRUE(offer);
    EXPECT_EQ(offer->siaddr, ip("10.0.0.1"));
    EXPECT_EQ(text(*offer, option::kTftpServer), "10.0.0.1");
    EXPECT_EQ(text(*offer, option::kVendorClass), "PXEClient");
    EXPECT_THAT(offer->options.get(option::kVendorSpecific), testing::ElementsAre(6, 1, 8, 255));
    EXPECT_THAT(offer->options.get(option::kClientUuid), testing::ElementsAreArray(uuid));
    EXPECT_EQ(directory_.asked().back().uuid, "12345678-9abc-def0-1234-56789abcdef0");
}

TEST_F(DhcpServerTest, AnswersUefiHttpBootAsHttpClient) {
    auto offer = ask(pxe_discover(16, "HTTPClient:Arch:00016:UNDI:003001"));
    ASSERT_TRUE(offer);
    EXPECT_EQ(text(*offer, option::kVendorClass), "HTTPClient");
    EXPECT_FALSE(offer->options.has(option::kVendorSpecific));
    EXPECT_FALSE(offer->options.has(option::kTftpServer));
}

TEST_F(DhcpServerTest, LeadsIpxeToTheMachinesScript) {
    auto by_class = pxe_discover(7, "PXEClient:Arch:00007:UNDI:003010");
    by_class.options.set_text(option::kUserClass, "iPXE");
    auto by_option = pxe_discover(0, "PXEClient:Arch:00000:UNDI:002001");
    by_option.options.set(option::kIpxe, {19, 1, 1});
    for (auto& message : {by_class, by_option}) {
        auto offer = ask(message);
        ASSERT_TRUE(offer);
        EXPECT_EQ(offer->file, "http://10.0.0.1:8080/boot/52-54-00-77-00-01.ipxe");
        EXPECT_THAT(offer->options.get(option::kIpxe), testing::ElementsAre(176, 1, 1));
        EXPECT_EQ(directory_.asked().back().stage, BootStage::ipxe);
    }
}

TEST_F(DhcpServerTest, PutsALongUrlIntoTheOptionOnly) {
    options_.boot.http_url = "http://" + std::string(120, 'h') + ".test";
    auto message = pxe_discover(0, "PXEClient");
    message.options.set_text(option::kUserClass, "iPXE");
    message.options.set_u16(option::kMaxMessageSize, 1500);
    auto offer = ask(message);
    ASSERT_TRUE(offer);
    EXPECT_TRUE(offer->file.empty());
    EXPECT_TRUE(text(*offer, option::kBootFile).ends_with("52-54-00-77-00-01.ipxe"));
}

TEST_F(DhcpServerTest, TreatsUnknownMachinesAsConfigured) {
    options_.unknown_clients = UnknownClients::address;
    auto offer = ask(pxe_discover(0, "PXEClient"));
    ASSERT_TRUE(offer);
    EXPECT_TRUE(offer->file.empty());
    EXPECT_FALSE(offer->options.has(option::kVendorClass));

    restart();
    options_.unknown_clients = UnknownClients::ignore;
    EXPECT_FALSE(ask(pxe_discover(0, "PXEClient")));
    EXPECT_EQ(directory_.events().back().kind, Kind::ignored);
    directory_.set_plan(kMac, {});
    EXPECT_TRUE(ask(pxe_discover(0, "PXEClient")));
}

TEST_F(DhcpServerTest, UsesFixedAddressesAndHostNames) {
    options_.reservations = {{mac("02:00:00:00:00:09"), ip("10.0.0.55")}};
    directory_.set_plan(kMac, {.node = "n1", .address = ip("10.0.0.7"), .hostname = "node-1"});
    EXPECT_EQ(obtain(), ip("10.0.0.7"));
    EXPECT_EQ(text(*ask(request(DhcpType::discover)), option::kHostName), "node-1");
    EXPECT_EQ(obtain(mac("02:00:00:00:00:09")), ip("10.0.0.55"));

    // Nobody else gets a reserved address, even when it asks for it.
    auto greedy = request(DhcpType::discover, mac("02:00:00:00:00:01"));
    greedy.options.set_u32(option::kRequestedAddress, ip("10.0.0.55").to_v4());
    EXPECT_NE(ask(greedy)->yiaddr, ip("10.0.0.55"));

    // A fixed address that is in use is not given twice.
    directory_.set_plan(mac("02:00:00:00:00:02"), {.address = ip("10.0.0.7")});
    auto other = obtain(mac("02:00:00:00:00:02"));
    EXPECT_NE(other, ip("10.0.0.7"));
    EXPECT_FALSE(other.is_unspecified());
}

TEST_F(DhcpServerTest, KeepsTheAddressOfAMachine) {
    auto address = obtain();
    EXPECT_EQ(obtain(), address);
    now_ += 2h;  // expired and still free: the same again
    EXPECT_EQ(obtain(), address);
    restart();
    EXPECT_EQ(obtain(), address);
}

TEST_F(DhcpServerTest, RenewsByUnicastAndRefusesForeignAddresses) {
    auto address = obtain();
    auto renew = request(DhcpType::request);
    renew.ciaddr = address;
    auto ack = ask(renew);
    ASSERT_TRUE(ack);
    EXPECT_EQ(ack->type(), DhcpType::ack);
    EXPECT_EQ(ack->ciaddr, address);
    EXPECT_EQ(to_, (UdpEndpoint{address, 68}));

    auto thief = request(DhcpType::request, mac("02:00:00:00:00:01"));
    thief.ciaddr = address;
    auto nak = ask(thief);
    ASSERT_TRUE(nak);
    EXPECT_EQ(nak->type(), DhcpType::nak);
    EXPECT_TRUE(nak->yiaddr.is_unspecified());
    EXPECT_EQ(to_, (UdpEndpoint{ip("255.255.255.255"), 68}));

    auto elsewhere = request(DhcpType::request);  // rebooted, came from another network
    elsewhere.options.set_u32(option::kRequestedAddress, ip("192.168.7.7").to_v4());
    EXPECT_EQ(ask(elsewhere)->type(), DhcpType::nak);
}

TEST_F(DhcpServerTest, LeavesClientsOfOtherServersAlone) {
    auto message = request(DhcpType::request);
    message.options.set_u32(option::kServerId, ip("10.0.0.2").to_v4());
    message.options.set_u32(option::kRequestedAddress, ip("10.0.0.200").to_v4());
    EXPECT_FALSE(ask(message));
}

TEST_F(DhcpServerTest, FreesWhatIsReleased) {
    auto address = obtain();
    auto release = request(DhcpType::release);
    release.ciaddr = address;
    EXPECT_FALSE(ask(release));
    EXPECT_TRUE(store_.leases.empty());
    EXPECT_EQ(server().leases().free_count(0), 10u);
    EXPECT_EQ(directory_.count(Kind::release), 1);
}

TEST_F(DhcpServerTest, AvoidsDeclinedAddressesForAWhile) {
    auto address = obtain();
    auto decline = request(DhcpType::decline);
    decline.options.set_u32(option::kRequestedAddress, address.to_v4());
    EXPECT_FALSE(ask(decline));
    auto next = obtain();
    EXPECT_NE(next, address);
    EXPECT_EQ(server().leases().free_count(0), 8u);
    now_ += 11min;
    ask(request(DhcpType::discover, mac("02:00:00:00:00:01")));
    EXPECT_EQ(server().leases().free_count(0), 8u) << "one back, one offered";

    // Only the holder can decline.
    auto foreign = request(DhcpType::decline, mac("02:00:00:00:00:02"));
    foreign.options.set_u32(option::kRequestedAddress, next.to_v4());
    ask(foreign);
    EXPECT_EQ(obtain(), next);
}

TEST_F(DhcpServerTest, TellsParametersToThoseWithAnAddress) {
    auto inform = request(DhcpType::inform);
    inform.ciaddr = ip("10.0.0.200");
    auto ack = ask(inform);
    ASSERT_TRUE(ack);
    EXPECT_EQ(ack->type(), DhcpType::ack);
    EXPECT_TRUE(ack->yiaddr.is_unspecified());
    EXPECT_FALSE(ack->options.has(option::kLeaseTime));
    EXPECT_TRUE(ack->options.has(option::kDns));
    EXPECT_EQ(to_, (UdpEndpoint{ip("10.0.0.200"), 68}));
    EXPECT_TRUE(store_.leases.empty());
}

TEST_F(DhcpServerTest, ServesNetworksBehindRelays) {
    auto message = request(DhcpType::discover);
    message.giaddr = ip("10.1.0.1");
    Bytes relay{1, 3, 'e', 't', 'h'};
    message.options.set(option::kRelayInformation, relay);
    auto offer = ask(message);
    ASSERT_TRUE(offer);
    EXPECT_EQ(offer->yiaddr, ip("10.1.0.10"));
    EXPECT_EQ(offer->giaddr, ip("10.1.0.1"));
    EXPECT_EQ(to_, (UdpEndpoint{ip("10.1.0.1"), 67}));
    EXPECT_THAT(offer->options.get(option::kRelayInformation), testing::ElementsAreArray(relay));
    EXPECT_EQ(directory_.asked().back().relay, ip("10.1.0.1"));

    // RFC 3527: the relay's own address is on another network than its clients'.
    message.giaddr = ip("172.16.0.1");
    EXPECT_FALSE(ask(message)) << "no such subnet";
    message.options.set(option::kRelayInformation, {5, 4, 10, 1, 0, 0});
    EXPECT_EQ(ask(message)->yiaddr, ip("10.1.0.10"));

    auto wrong = request(DhcpType::request);
    wrong.giaddr = ip("10.1.0.1");
    wrong.options.set_u32(option::kRequestedAddress, ip("10.0.0.50").to_v4());
    auto nak = ask(wrong);
    EXPECT_EQ(nak->type(), DhcpType::nak);
    EXPECT_EQ(nak->flags & DhcpMessage::kBroadcastFlag, DhcpMessage::kBroadcastFlag);
    EXPECT_EQ(to_, (UdpEndpoint{ip("10.1.0.1"), 67}));
}

TEST_F(DhcpServerTest, SaysWhenThePoolIsExhausted) {
    std::set<IpAddress> given;
    for (std::uint8_t i = 0; i < 10; ++i) given.insert(obtain(MacAddress({2, 0, 0, 0, 0, i})));
    EXPECT_EQ(given.size(), 10u);
    EXPECT_FALSE(ask(request(DhcpType::discover)));
    EXPECT_EQ(directory_.events().back().detail, "no free address");
    now_ += 61min;
    EXPECT_TRUE(ask(request(DhcpType::discover)));
}

TEST_F(DhcpServerTest, BootsOnWhenLeasesCannotBeSaved) {
    store_.is_full = true;
    EXPECT_FALSE(obtain().is_unspecified());
}

TEST_F(DhcpServerTest, EchoesTheClientIdentifier) {
    auto message = request(DhcpType::discover);
    message.options.set(option::kClientId, {1, 2, 3});
    EXPECT_THAT(ask(message)->options.get(option::kClientId), testing::ElementsAre(1, 2, 3));
}

TEST_F(DhcpServerTest, IgnoresWhatIsNoRequest) {
    auto reply = request(DhcpType::discover);
    reply.op = DhcpMessage::kReplyOp;
    EXPECT_FALSE(ask(reply));
    EXPECT_FALSE(ask(request(DhcpType::offer)));
    EXPECT_FALSE(ask(request(DhcpType::discover, MacAddress{})));
    DhcpMessage bootp;
    bootp.mac = kMac;
    EXPECT_FALSE(ask(bootp));
    EXPECT_FALSE(server().on_packet(Bytes(10), {}, DhcpServer::Port::server, now_));
    EXPECT_FALSE(ask(request(DhcpType::request))) << "names no address";
}

TEST_F(DhcpServerTest, AsProxyAddsOnlyBootInformation) {
    options_.mode = DhcpServer::Mode::proxy;
    EXPECT_FALSE(ask(request(DhcpType::discover))) << "no boot client";
    auto offer = ask(pxe_discover(7, "PXEClient:Arch:00007:UNDI:003016"));
    ASSERT_TRUE(offer);
    EXPECT_TRUE(offer->yiaddr.is_unspecified());
    EXPECT_EQ(offer->file, "snponly.efi");
    EXPECT_EQ(text(*offer, option::kVendorClass), "PXEClient");
    EXPECT_FALSE(offer->options.has(option::kLeaseTime));

    auto second = pxe_discover(7, "PXEClient:Arch:00007:UNDI:003016");
    second.options.set_u8(option::kMessageType, static_cast<std::uint8_t>(DhcpType::request));
    EXPECT_FALSE(ask(second)) << "port 67 is the other server's business";
    auto ack = ask(second, DhcpServer::Port::pxe);
    ASSERT_TRUE(ack);
    EXPECT_EQ(ack->type(), DhcpType::ack);
    EXPECT_EQ(ack->file, "snponly.efi");
    EXPECT_EQ(to_, (UdpEndpoint{ip("10.0.0.77"), 4000}));
}

TEST_F(DhcpServerTest, RefusesSenselessOptions) {
    auto starts = [&](const DhcpServer::Options& options) {
        DhcpServer(options, directory_, store_, now_);
    };
    auto no_address = options_;
    no_address.server_address = {};
    EXPECT_THROW(starts(no_address), InvalidValue);
    auto outside = options_;
    outside.subnets[0].pool->last = ip("10.0.1.5");
    EXPECT_THROW(starts(outside), InvalidValue);
    auto prefix = options_;
    prefix.subnets[0].prefix_length = 31;
    EXPECT_THROW(starts(prefix), InvalidValue);
}

}  // namespace
}  // namespace ferrite::netboot
