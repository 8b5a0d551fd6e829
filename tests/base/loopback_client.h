#pragma once

#include <array>
#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/unique_fd.h"

namespace ferrite::test {

/// A blocking TCP client that says exactly the bytes it is told: what a proper HTTP library would
/// refuse to send is what a server must be tested with.
class LoopbackClient {
public:
    explicit LoopbackClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connect_to(reinterpret_cast<sockaddr*>(&address), sizeof address);
    }
    explicit LoopbackClient(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        connect_to(reinterpret_cast<sockaddr*>(&address), sizeof address);
    }

    void send(std::string_view bytes) {
        while (!bytes.empty()) {
            auto size = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (size <= 0) throw std::runtime_error("send failed");
            bytes.remove_prefix(static_cast<std::size_t>(size));
        }
    }

    /// Everything up to and including `mark`; what came behind it stays for the next call.
    std::string read_until(std::string_view mark) {
        for (;;) {
            if (auto at = received_.find(mark); at != std::string::npos)
                return take(at + mark.size());
            if (!receive()) throw std::runtime_error("closed before \"" + received_ + "\" ended");
        }
    }

    std::string read_exactly(std::size_t size) {
        while (received_.size() < size) {
            if (!receive()) throw std::runtime_error("closed early");
        }
        return take(size);
    }

    /// Everything until the server closes the connection.
    std::string read_to_end() {
        while (receive()) {
        }
        return take(received_.size());
    }

    /// One answer with a Content-Length: head and body.
    std::string read_answer() {
        auto head = read_until("\r\n\r\n");
        auto field = head.find("Content-Length: ");
        if (field == std::string::npos) return head;
        return head + read_exactly(std::stoul(head.substr(field + 16)));
    }

    std::string exchange(std::string_view request) {
        send(request);
        return read_answer();
    }

    int fd() const { return fd_.get(); }

private:
    void connect_to(const sockaddr* address, socklen_t size) {
        if (::connect(fd_.get(), address, size) != 0) throw std::runtime_error("cannot connect");
    }

    std::string take(std::size_t size) {
        auto front = received_.substr(0, size);
        received_.erase(0, size);
        return front;
    }

    bool receive() {
        pollfd ready{.fd = fd_.get(), .events = POLLIN, .revents = 0};
        if (::poll(&ready, 1, 60'000) != 1) throw std::runtime_error("no answer within 60 s");
        std::array<char, 65536> chunk;
        auto size = ::recv(fd_.get(), chunk.data(), chunk.size(), 0);
        if (size <= 0) return false;
        received_.append(chunk.data(), static_cast<std::size_t>(size));
        return true;
    }

    UniqueFd fd_;
    std::string received_;
};

}  // namespace ferrite::test
