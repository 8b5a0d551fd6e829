#pragma once

#include <memory>
#include <utility>

#include "base/error.h"
#include "base/mutex.h"
#include "base/runtime.h"
#include "base/udp_socket.h"
#include "ipmi/wire.h"

namespace ferrite::ipmi {

/// A FakeBmc on a loopback port, served by a runtime until destruction.
class UdpBmc {
public:
    UdpBmc(Runtime& runtime, BmcProtocol::Options options)
        : state_(std::make_shared<State>(runtime.strand(), std::move(options))) {
        runtime.spawn("fake bmc", state_->strand, serve(state_));
    }
    ~UdpBmc() { state_->socket.close(); }

    std::uint16_t port() const { return state_->socket.port(); }

    SessionOptions client() const {
        auto options = client_options();
        options.host = "127.0.0.1";
        options.port = port();
        options.retry_interval = 200ms;
        return options;
    }

    /// Looks at or changes the BMC between two packets.
    template <typename Look>
    auto with(Look look) {
        MutexLock lock(state_->mutex);
        return look(state_->bmc);
    }

private:
    struct State {
        State(Executor e, BmcProtocol::Options options)
            : strand(e),
              socket(std::move(e),
                     {.address = *IpAddress::parse("127.0.0.1"), .buffer_bytes = 1024 * 1024}),
              bmc(std::move(options)) {}
        Executor strand;
        UdpSocket socket;
        Mutex mutex;
        FakeBmc bmc;
    };

    static Task<> serve(std::shared_ptr<State> state) {
        try {
            for (;;) {
                auto datagram = co_await state->socket.receive();
                MutexLock lock(state->mutex);
                for (const auto& reply : state->bmc.protocol.on_packet(
                         datagram.bytes, std::chrono::steady_clock::now()))
                    state->socket.send(reply, datagram.from);
            }
        } catch (const ferrite::Error&) {
            // The socket was closed: the test is over.
        }
    }

    std::shared_ptr<State> state_;
};

}  // namespace ferrite::ipmi
