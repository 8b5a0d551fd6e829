#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "daemon/options.h"

namespace ferrite::daemon {

/// The whole service: builds its parts out of the configuration, joins them, runs and drains them.
///
///     Server server(options);
///     server.start();            // answers from here on
///     ...
///     server.stop(60s);
class Server {
public:
    /// Throws InvalidValue or Error that names what in the configuration or on this host is wrong.
    explicit Server(Options options);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Opens every socket and begins to work.
    void start();

    /// Where the API answers: `http://127.0.0.1:6385`; empty without that role. Valid after
    /// start().
    std::string url() const;

    /// Takes new files over without a pause: certificate and key, and a fresh access log. Any
    /// thread.
    void reload();

    /// Stops accepting, lets requests and operations come to a point where they can go on after a
    /// restart, at most `timeout`, and signs off.
    void stop(std::chrono::seconds timeout);

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace ferrite::daemon
