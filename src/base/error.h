#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace ferrite {

/// A failure that somebody must be told about: a client, an operator, or a node's `last_error`.
///
/// The message names the thing, the place and the remedy. The code is stable and for programs, the
/// status is what the API answers when the failure reaches it (reference: api.md section 4.4).
///
///     throw Error(404, "node_not_found", fmt::format("Node {} could not be found.", id));
class Error : public std::exception {
public:
    Error(int http_status, std::string code, std::string message)
        : http_status_(http_status), code_(std::move(code)), message_(std::move(message)) {}

    int http_status() const noexcept { return http_status_; }
    const std::string& code() const noexcept { return code_; }
    const std::string& message() const noexcept { return message_; }
    const char* what() const noexcept override { return message_.c_str(); }

    /// Puts `context` and a colon in front of the message: what was being attempted.
    Error& within(std::string_view context) {
        message_.insert(0, std::string(context) + ": ");
        return *this;
    }

private:
    int http_status_;
    std::string code_;
    std::string message_;
};

/// The request, an option or a document says something that cannot be (HTTP 400).
struct InvalidValue : Error {
    explicit InvalidValue(std::string message)
        : Error(400, "invalid_value", std::move(message)) {}
};

/// What was named does not exist (HTTP 404).
struct NotFound : Error {
    explicit NotFound(std::string message) : Error(404, "not_found", std::move(message)) {}
};

/// The present state of things forbids it (HTTP 409).
struct Conflict : Error {
    explicit Conflict(std::string message) : Error(409, "conflict", std::move(message)) {}
};

}  // namespace ferrite
