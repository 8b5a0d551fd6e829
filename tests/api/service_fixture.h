#pragma once

#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "api/api_fixture.h"
#include "base/http_client.h"
#include "conductor/conductor.h"
#include "hardware/implementations.h"
#include "image/image_cache.h"
#include "ipmi/transport.h"
#include "model/node.h"
#include "store/allocations.h"

namespace ferrite::api {

/// An Api over a real conductor, cond1, whose machines are all fake and which does not clean.
class ServiceTest : public ApiTest {
protected:
    ServiceTest() { working_.start(); }
    ~ServiceTest() override {
        api_.reset();
        runtime_.stop();
        conductor_runtime_.stop();
    }

    /// Answers for the real conductor from now on, to whom `authenticator` lets in (all, if null).
    void serve(std::unique_ptr<Authenticator> authenticator = nullptr) {
        api_ = std::make_unique<Api>(ApiOptions{.agent_require_tls = false}, store_, working_,
                                     std::move(authenticator));
    }

    /// Returns when nobody works on a node any more, but for those of `held_`, and no allocation
    /// looks for one.
    void wait_for_rest() {
        using namespace std::chrono_literals;
        auto working = [&] {
            return store_.read([&](store::Sql& db) {
                for (const auto& uuid : store::nodes::all_uuids(db))
                    if (!held_.contains(uuid) && store::nodes::get(db, uuid).reservation)
                        return true;
                return !store::allocations::unplaced(db).empty();
            });
        };
        for (auto end = std::chrono::steady_clock::now() + 60s;
             working() && std::chrono::steady_clock::now() < end;)
            std::this_thread::sleep_for(1ms);
    }

    std::set<std::string> held_;  ///< Nodes that the test has reserved itself.

private:
    static hardware::Drivers::Options fake_hardware() {
        hardware::Drivers::Options options;
        options.enabled_hardware_types = {"fake-hardware"};
        for (const auto& kind : model::interface_kinds())
            options.enabled_interfaces[std::string(kind.name)] = {"fake"};
        options.enabled_interfaces["network"] = {"noop"};
        for (std::string kind :
             {"bios", "console", "firmware", "inspect", "raid", "rescue", "vendor"})
            options.enabled_interfaces[kind].push_back("no-" + kind);
        return options;
    }

    static conductor::Options conductor_options() {
        using namespace std::chrono_literals;
        conductor::Options options;
        options.host = "cond1";
        options.locked_retry_interval = 5ms;
        options.sync_power_state_interval = 0s;
        options.automated_clean = false;
        options.require_tls = false;
        return options;
    }

    Runtime conductor_runtime_{{.threads = 2, .name = "conductor"}};
    HttpClient http_{conductor_runtime_.executor()};
    ipmi::Transport transport_{conductor_runtime_};
    hardware::Bmcs bmcs_{transport_, {}};
    hardware::RedfishBmcs redfish_bmcs_{http_, {}};
    hardware::AgentClient agent_{http_, {}};
    image::ImageCache cache_{http_, {.directory = directory_ + "/images"}};
    hardware::InstanceImages images_{http_, cache_, {.directory = directory_ + "/served"}};
    hardware::Drivers drivers_{
        fake_hardware(),
        hardware::all_implementations(
            {.bmcs = bmcs_, .redfish_bmcs = redfish_bmcs_, .agent = agent_, .images = images_})};
    conductor::Conductor working_{conductor_runtime_, store_, drivers_, conductor_options()};
};

}  // namespace ferrite::api
