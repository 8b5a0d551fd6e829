#pragma once

#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/runtime.h"
#include "sim/fleet.h"
#include "sim/service_client.h"

namespace ferrite::sim {

/// How far the nodes are taken.
enum class Until { enroll, manageable, available };

/// Makes the service know the fleet, by its public API as an operator would: a node of driver
/// `ipmi` and a port for each machine, then `manage` and `provide`. What exists already is left as
/// it is, so that it can be run again.
class Enrolment {
public:
    struct Options {
        Until until = Until::manageable;
        unsigned jobs = 100;  ///< Machines at one time.
        std::string user;
        std::string password;
        std::string deploy_kernel = "http://127.0.0.1/simulated.kernel";
        std::string deploy_ramdisk = "http://127.0.0.1/simulated.ramdisk";
        std::string resource_class = "simulated";
        Duration patience{30 * 60'000};  ///< For one machine.
    };

    struct Summary {
        unsigned enrolled = 0;  ///< Made now.
        unsigned existed = 0;
        unsigned reached = 0;  ///< Are where they were to be taken, or further.
        std::vector<std::string> failures;
    };

    /// `fleet` and `service` must outlive it and the work it spawns.
    Enrolment(Runtime& runtime, Fleet& fleet, ServiceClient& service, Options options);

    /// All machines; ends when every one is there or has failed.
    Task<Summary> run();

private:
    static Task<> work(Enrolment* self);
    Task<> enrol(Machine* machine);
    Task<bool> add_node(Machine* machine);
    Task<> add_port(Machine* machine, std::string node);
    Task<> take_on(Machine* machine);

    Machine* next();
    void count(unsigned Summary::* what);
    void fail(const Machine& machine, const std::string& why);
    void leave();

    Runtime& runtime_;
    Fleet& fleet_;
    ServiceClient& service_;
    const Options options_;
    Signal done_;
    Mutex mutex_;
    std::size_t next_ FERRITE_GUARDED_BY(mutex_) = 0;
    unsigned working_ FERRITE_GUARDED_BY(mutex_) = 0;
    Summary summary_ FERRITE_GUARDED_BY(mutex_);
};

}  // namespace ferrite::sim
