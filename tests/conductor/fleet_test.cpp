#include <fmt/core.h>
#include <sys/resource.h>

#include "conductor/conductor_kit.h"
#include "hardware/ipmi.h"
#include "ipmi/udp_bmc.h"

namespace ferrite::conductor {
namespace {

constexpr int kNodes = 1000;
constexpr int kBmcs = 20;  // each plays the BMC of many nodes, to spare sockets
constexpr int kDead = 0, kSlow = 1;

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/// Nodes with an IPMI BMC each, of which a twentieth is dead and as many are slow.
class Fleet : public testing::Test {
protected:
    Fleet() {
        auto bmc = ipmi::bmc_options();
        bmc.max_sessions = kNodes;
        for (int i = 0; i < kBmcs; ++i) {
            bmcs.push_back(std::make_unique<ipmi::UdpBmc>(runtime, bmc));
            bmcs.back()->with([](ipmi::FakeBmc& b) { b.chassis.power = ipmi::PowerState::on; });
        }
        bmcs[kDead]->set_mute(true);
        bmcs[kSlow]->set_delay(200ms);
        options.host = "here";
        options.sync_power_state_interval = 2s;
        store->write_now([&](store::Sql& db) {
            for (int i = 0; i < kNodes; ++i) add(db, i);
        });
    }
    ~Fleet() override {
        conductor.reset();
        runtime.stop();
        store.reset();
        std::filesystem::remove_all(directory);
    }

    void add(store::Sql& db, int number) {
        model::Node node;
        node.uuid = new_uuid();
        node.driver = "fake-hardware";
        node.power_interface = "ipmitool";
        node.provision_state = std::string(states::active);
        node.driver_info.set("ipmi_address", "127.0.0.1");
        node.driver_info.set("ipmi_port", bmcs[static_cast<std::size_t>(number % kBmcs)]->port());
        node.driver_info.set("ipmi_username", "admin");
        node.driver_info.set("ipmi_password", "pa55word");
        drivers.settle_interfaces(node);
        store::nodes::insert(db, node);
        uuids.push_back(node.uuid);
    }
    static hardware::Drivers::Implementations implementations(Script& script,
                                                              hardware::Bmcs& bmcs) {
        auto all = scripted(script);
        all["power"]["ipmitool"] = std::make_unique<hardware::IpmiPower>(bmcs);
        return all;
    }
    static hardware::Drivers::Options enabled() {
        auto options = only_fake();
        options.enabled_interfaces["power"] = {"fake", "ipmitool"};
        return options;
    }
    model::Node node(int number) {
        return store->read([&](store::Sql& db) {
            return store::nodes::get(db, uuids[static_cast<std::size_t>(number)]);
        });
    }
    bool all_live_are_read() {
        for (int i = 0; i < kNodes; ++i)
            if (i % kBmcs != kDead && node(i).power_state != power::on) return false;
        return true;
    }
    bool eventually(const std::function<bool()>& condition) {
        for (auto end = std::chrono::steady_clock::now() + 120s;
             std::chrono::steady_clock::now() < end; std::this_thread::sleep_for(20ms))
            if (condition()) return true;
        return condition();
    }

    std::string directory = [] {
        char name[] = "/tmp/ferrite-fleet-XXXXXX";
        return std::string(mkdtemp(name));
    }();
    Script script;
    Runtime runtime{{.threads = 2, .name = "fleet"}};
    std::vector<std::unique_ptr<ipmi::UdpBmc>> bmcs;
    ipmi::Transport transport{runtime};
    hardware::Bmcs connections{transport, {}};
    hardware::Drivers drivers{enabled(), implementations(script, connections)};
    std::optional<store::Store> store{store::Store::Options{.path = directory + "/db.sqlite"}};
    std::vector<std::string> uuids;
    Options options;
    std::optional<Conductor> conductor;
};

TEST_F(Fleet, IsReadAndObeysUsersWhateverTheDeadAndTheSlowDo) {
    conductor.emplace(runtime, *store, drivers, options);
    auto begin = std::chrono::steady_clock::now();
    auto cpu = cpu_seconds();
    conductor->start();
    // While all of them are polled.
    constexpr int kAsked = 2;
    auto asked = std::chrono::steady_clock::now();
    runtime.run(conductor->change_power({}, uuids[kAsked], std::string(power::off), {}));
    EXPECT_TRUE(eventually([&] { return !node(kAsked).reservation; }));
    std::chrono::duration<double> obeyed = std::chrono::steady_clock::now() - asked;
    EXPECT_FALSE(node(kAsked).last_error);
    // Its BMC plays others too; they are switched on again so that all are alike.
    bmcs[kAsked]->with([](ipmi::FakeBmc& b) { b.chassis.power = ipmi::PowerState::on; });
    runtime.run(conductor->change_power({}, uuids[kAsked], std::string(power::on), {}));

    EXPECT_TRUE(eventually([&] { return all_live_are_read(); }));
    std::chrono::duration<double> read = std::chrono::steady_clock::now() - begin;
    fmt::print(
        "{} nodes: {:.1f} s to read all live ones, {:.1f} s of CPU with their BMCs; a user's "
        "power command took {:.2f} s\n",
        kNodes, read.count(), cpu_seconds() - cpu, obeyed.count());
    EXPECT_FALSE(node(kDead).power_state);
}

TEST_F(Fleet, ANodeThatIsDeletedLeavesNoConnectionBehind) {
    conductor.emplace(runtime, *store, drivers, options);
    runtime.run(conductor->change_power({}, uuids[3], std::string(power::on), {}));
    EXPECT_TRUE(eventually([&] { return !node(3).reservation; }));
    EXPECT_EQ(transport.session_count(), 1u);
    store->write_now([&](store::Sql& db) {
        auto before = store::nodes::get(db, uuids[3]);
        auto after = before;
        after.provision_state = std::string(states::manageable);
        store::nodes::save(db, before, after);
    });
    runtime.run(conductor->destroy_node({}, uuids[3]));
    EXPECT_EQ(transport.session_count(), 0u);
}

}  // namespace
}  // namespace ferrite::conductor
