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
        : state_(std::make_shared<State>(runtime, std::move(options))) {
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

    /// From now on answers come so much later.
    void set_delay(std::chrono::milliseconds delay) {
        MutexLock lock(state_->mutex);
        state_->delay = delay;
    }
    /// From now on nothing is answered, or all again.
    void set_mute(bool mute) {
        MutexLock lock(state_->mutex);
        state_->mute = mute;
    }

    /// Looks at or changes the BMC between two packets.
    template <typename Look>
    auto with(Look look) {
        MutexLock lock(state_->mutex);
        return look(state_->bmc);
    }

private:
    struct State {
        State(Runtime& r, BmcProtocol::Options options)
            : runtime(r),
              strand(r.strand()),
              socket(strand,
                     {.address = *IpAddress::parse("127.0.0.1"), .buffer_bytes = 1024 * 1024}),
              bmc(std::move(options)) {}
        Runtime& runtime;
        Executor strand;
        UdpSocket socket;
        Mutex mutex;
        FakeBmc bmc;
        std::chrono::milliseconds delay{0};
        bool mute = false;
    };

    static Task<> reply_later(std::shared_ptr<State> state, std::chrono::milliseconds delay,
                              Bytes reply, UdpEndpoint to) {
        co_await sleep_for(delay);
        state->socket.send(reply, to);
    }

    static Task<> serve(std::shared_ptr<State> state) {
        try {
            for (;;) {
                auto datagram = co_await state->socket.receive();
                MutexLock lock(state->mutex);
                if (state->mute) continue;
                for (const auto& reply : state->bmc.protocol.on_packet(
                         datagram.bytes, std::chrono::steady_clock::now())) {
                    if (state->delay == 0ms)
                        state->socket.send(reply, datagram.from);
                    else
                        state->runtime.spawn(
                            "slow answer", state->strand,
                            reply_later(state, state->delay, reply, datagram.from));
                }
            }
        } catch (const ferrite::Error&) {
            // The socket was closed: the test is over.
        }
    }

    std::shared_ptr<State> state_;
};

}  // namespace ferrite::ipmi
