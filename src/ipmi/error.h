#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace ferrite::ipmi {

/// Why a BMC did not do what it was asked.
enum class Reason {
    no_answer,     ///< Nothing came back, or it stopped coming, until the deadline.
    bad_password,  ///< User name, password, Kg key or privilege level refused; the text says which.
    no_lanplus,    ///< The BMC speaks no IPMI 2.0 and the options ask for it.
    no_common_cipher,  ///< None of the cipher suites we may use is allowed by the BMC.
    no_free_session,   ///< All session slots of the BMC stayed taken until the deadline.
    refused,           ///< The command was answered with a completion code other than 0.
    protocol,          ///< The answer makes no sense.
    busy,              ///< Too many commands wait for this session already.
    closed,            ///< The session or the transport was closed while the command waited.
};

/// The word for programs and logs, e.g. `no_answer`.
std::string_view to_text(Reason reason);

/// What a completion code means (IPMI 2.0 table 5-2), e.g. `node busy`.
std::string_view completion_text(std::uint8_t code);

/// What a status of session set-up means (IPMI 2.0 table 13-15), e.g. `unauthorized name`.
std::string_view rmcp_status_text(std::uint8_t status);

/// A failure in the words of the protocol, which knows neither host nor user.
struct Failure {
    Reason reason = Reason::protocol;
    std::uint8_t completion_code = 0;  ///< Of `refused`.
    std::string detail;                ///< What happened; may be empty.
    std::string remedy;                ///< What to do; empty: the usual advice for the reason.
};

/// Whom a session talks to, as the operator wrote it.
struct Target {
    std::string host;
    std::uint16_t port = 623;
    std::string user;
};

/// A failure that an operator must be told about. The message names BMC, user and remedy; `code()`
/// is `ipmi_` and the reason.
///
///     catch (const ipmi::Error& e) { if (e.reason() == ipmi::Reason::bad_password) ... }
class Error : public ferrite::Error {
public:
    Error(const Failure& failure, const Target& target);

    Reason reason() const noexcept { return reason_; }
    /// The BMC's completion code when the reason is `refused`, else 0.
    std::uint8_t completion_code() const noexcept { return completion_code_; }

private:
    Reason reason_;
    std::uint8_t completion_code_;
};

}  // namespace ferrite::ipmi
