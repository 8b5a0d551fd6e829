#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/runtime.h"
#include "base/secret.h"
#include "base/udp_socket.h"
#include "sim/machine.h"

namespace ferrite::sim {

/// The BMCs of a fleet: IPMI 2.0 and 1.5, each on an address of its own, all behind one UDP socket.
/// So ten thousand of them cost one file, and memory only once they have been spoken to.
class BmcServer {
public:
    struct Options {
        std::uint16_t port = 6230;  ///< UDP; 0: any free one.
        std::string user;
        Secret password;
    };
    using Follow = std::function<void(Machine&, Coming)>;

    /// `machines` have consecutive BMC addresses, and outlive it and the runtime's work. `follow`
    /// is told what a command has set going. Throws Error when the port is taken.
    BmcServer(Runtime& runtime, const std::vector<std::unique_ptr<Machine>>& machines,
              Options options, Follow follow);
    ~BmcServer();

    void start();
    std::uint16_t port() const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace ferrite::sim
