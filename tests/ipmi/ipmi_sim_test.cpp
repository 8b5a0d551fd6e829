// Against OpenIPMI's ipmi_sim, a BMC that is not ours. Skipped where it is not installed.

#include <filesystem>
#include <fstream>
#include <optional>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/udp_socket.h"
#include "ipmi/session.h"

namespace ferrite::ipmi {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

std::string find_program() {
    for (const auto* path : {"/usr/bin/ipmi_sim", "/usr/local/bin/ipmi_sim"})
        if (fs::exists(path)) return path;
    return {};
}

void write_file(const fs::path& path, const std::string& text) {
    std::ofstream(path) << text;
}

std::string read_word(const fs::path& path) {
    std::string word;
    std::ifstream(path) >> word;
    return word;
}

template <typename T>
Task<> store(Task<T> work, std::optional<T>* result) {
    result->emplace(co_await std::move(work));
}

/// A running ipmi_sim with its files in a directory of its own; its "machine" is a file.
class IpmiSim {
public:
    IpmiSim(const std::string& program, std::uint16_t port) : port_(port) {
        std::string pattern = fs::temp_directory_path() / "ferrite-ipmi-XXXXXX";
        directory_ = ::mkdtemp(pattern.data());
        write_files();
        start(program);
    }

    ~IpmiSim() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
        std::error_code ignored;
        fs::remove_all(directory_, ignored);
    }

    std::uint16_t port() const { return port_; }
    std::string machine(const std::string& what) const { return read_word(directory_ / what); }

private:
    void write_files() const {
        auto dir = directory_.string();
        write_file(directory_ / "power", "0\n");
        write_file(directory_ / "boot", "default\n");
        write_file(
            directory_ / "chassis.sh",
            "#!/bin/sh\n"
            "cd " +
                dir +
                "\nop=$2; shift 2\n"
                "case $op in\n"
                "get) for key; do\n"
                "  if [ -f $key ]; then echo $key:$(cat $key); else echo $key:0; fi; done;;\n"
                "set) while [ $# -gt 1 ]; do echo $2 > $1; shift 2; done;;\n"
                "esac\nexit 0\n");
        fs::permissions(directory_ / "chassis.sh", fs::perms::owner_all);
        std::string types = " none md2 md5 straight\n";
        write_file(directory_ / "lan.conf",
                   "name \"sim\"\nset_working_mc 0x20\n  startlan 1\n    addr 127.0.0.1 " +
                       std::to_string(port_) + "\n    priv_limit admin\n    allowed_auths_user" +
                       types + "    allowed_auths_operator" + types + "    allowed_auths_admin" +
                       types +
                       "    guid a123456789abcdefa123456789abcdef\n  endlan\n"
                       "  chassis_control \"" +
                       dir +
                       "/chassis.sh 0x20\"\n"
                       "  user 1 true \"\" \"\" admin 10" +
                       types + "  user 2 true \"admin\" \"password\" admin 10" + types);
        write_file(directory_ / "sim.emu",
                   "mc_setbmc 0x20\n"
                   "mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr\n"
                   "sel_enable 0x20 1000 0x0a\nmc_enable 0x20\n");
        fs::create_directory(directory_ / "state");
    }

    void start(const std::string& program) {
        auto config = (directory_ / "lan.conf").string();
        auto commands = (directory_ / "sim.emu").string();
        auto state = (directory_ / "state").string();
        auto log = (directory_ / "log").string();
        std::vector<std::string> words = {program, "-c", config, "-f", commands, "-s", state, "-n"};
        std::vector<char*> argv;
        for (auto& word : words) argv.push_back(word.data());
        argv.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT, 0600);
        posix_spawn_file_actions_adddup2(&actions, 1, 2);
        ::posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv.data(), environ);
        posix_spawn_file_actions_destroy(&actions);
    }

    std::uint16_t port_;
    fs::path directory_;
    pid_t pid_ = -1;
};

struct IpmiSimTest : testing::Test {
    void SetUp() override {
        auto program = find_program();
        if (program.empty()) GTEST_SKIP() << "ipmi_sim (package openipmi) is not installed";
        std::uint16_t port = UdpSocket(runtime.executor(), {}).port();
        sim.emplace(program, port);
        options = {.host = "127.0.0.1",
                   .port = port,
                   .user = "admin",
                   .password = Secret("password"),
                   .retry_interval = 200ms};
    }

    template <typename T>
    T wait(Task<T> work) {
        std::optional<T> result;
        runtime.run(store(std::move(work), &result));
        return std::move(*result);
    }
    void wait(Task<> work) { runtime.run(std::move(work)); }

    Runtime runtime{{.threads = 1, .name = "ipmi-sim"}};
    std::optional<IpmiSim> sim;
    SessionOptions options;
    Transport transport{runtime};
};

TEST_F(IpmiSimTest, PowerFollowsWhatIsAsked) {
    Session bmc(transport, options);
    EXPECT_EQ(wait(bmc.power_state()), PowerState::off);
    wait(bmc.power(PowerAction::on));
    EXPECT_EQ(sim->machine("power"), "1");
    EXPECT_EQ(wait(bmc.power_state()), PowerState::on);
    wait(bmc.power(PowerAction::off));
    EXPECT_EQ(sim->machine("power"), "0");
    EXPECT_EQ(wait(bmc.power_state()), PowerState::off);
}

TEST_F(IpmiSimTest, BootDeviceArrives) {
    Session bmc(transport, options);
    wait(bmc.set_boot_device(BootDevice::pxe, Persistence::next_boot, Firmware::uefi));
    EXPECT_EQ(sim->machine("boot"), "pxe");
    EXPECT_EQ(wait(bmc.boot_device()).device, BootDevice::pxe);
    wait(bmc.set_boot_device(BootDevice::disk, Persistence::all_boots, Firmware::bios));
    EXPECT_EQ(wait(bmc.boot_device()).device, BootDevice::disk);
}

TEST_F(IpmiSimTest, SaysWhoItIs) {
    Session bmc(transport, options);
    auto id = wait(bmc.device_id());
    EXPECT_EQ(id.device_revision, 0x03);
    EXPECT_EQ(id.firmware, "9.08");
    EXPECT_EQ(id.manufacturer_id, 0x1291u);
    EXPECT_EQ(id.product_id, 0x0f02);
    EXPECT_EQ(id.ipmi_version, "2.0");
}

TEST_F(IpmiSimTest, AWrongPasswordIsABadPassword) {
    options.password = Secret("wrong");
    Session bmc(transport, options);
    try {
        wait(bmc.power_state());
        ADD_FAILURE() << "it let us in";
    } catch (const Error& error) {
        EXPECT_EQ(error.reason(), Reason::bad_password) << error.message();
    }
}

TEST_F(IpmiSimTest, ItHasNoCipherSuite17) {
    options.cipher_suite = 17;
    Session bmc(transport, options);
    try {
        wait(bmc.power_state());
        ADD_FAILURE() << "it has learned suite 17";
    } catch (const Error& error) {
        EXPECT_EQ(error.reason(), Reason::no_common_cipher) << error.message();
    }
}

TEST_F(IpmiSimTest, Version15Works) {
    options.protocol = Protocol::v1_5;
    Session bmc(transport, options);
    EXPECT_EQ(wait(bmc.power_state()), PowerState::off);
    wait(bmc.power(PowerAction::on));
    EXPECT_EQ(wait(bmc.power_state()), PowerState::on);
}

TEST_F(IpmiSimTest, ManyLoginsLeaveItsSlotsFree) {
    for (int i = 0; i < 80; ++i) {  // it has 63
        Session bmc(transport, options);
        wait(bmc.power_state());
    }
}

}  // namespace
}  // namespace ferrite::ipmi
