#include "ipmi/error.h"

#include <array>
#include <span>

#include <fmt/format.h>

namespace ferrite::ipmi {
namespace {

struct ReasonRow {
    Reason reason;
    std::string_view word;
    std::string_view what;    ///< Continues "BMC HOST:PORT (user U) ".
    std::string_view remedy;  ///< When the failure brings none of its own.
};

constexpr std::array kReasons = {
    ReasonRow{
        Reason::no_answer, "no_answer", "did not answer",
        "check that the address and UDP port are right and reachable from this host, and that "
        "IPMI over LAN is enabled on the BMC"},
    ReasonRow{Reason::bad_password, "bad_password", "refused the login",
              "correct the user name and password, or set them on the BMC"},
    ReasonRow{Reason::no_lanplus, "no_lanplus", "does not speak IPMI 2.0 (lanplus)",
              "choose IPMI protocol version 1.5 for it, or update its firmware"},
    ReasonRow{Reason::no_common_cipher, "no_common_cipher", "accepts none of our cipher suites",
              "enable cipher suite 17 or 3 on the BMC, or name the suite it allows"},
    ReasonRow{
        Reason::no_free_session, "no_free_session", "has no free session",
        "close sessions that other programs keep open to it, wait until they expire, or reset "
        "the BMC"},
    ReasonRow{Reason::refused, "refused", "refused the command",
              "see the BMC's manual for what it supports in its present state"},
    ReasonRow{Reason::protocol, "protocol", "gave an answer that makes no sense",
              "update or reset the BMC's firmware"},
    ReasonRow{Reason::busy, "busy", "has too many commands waiting", "try again later"},
    ReasonRow{Reason::closed, "closed", "was not asked: the session was closed meanwhile",
              "try again"},
};

const ReasonRow& row_of(Reason reason) {
    for (const auto& row : kReasons)
        if (row.reason == reason) return row;
    return kReasons.front();
}

std::string message_of(const Failure& failure, const Target& target) {
    const auto& row = row_of(failure.reason);
    auto host = target.host.find(':') == std::string::npos ? target.host : "[" + target.host + "]";
    auto text = fmt::format("BMC {}:{} (user \"{}\") {}", host, target.port, target.user, row.what);
    if (!failure.detail.empty()) text += ": " + failure.detail;
    return text + "; " + (failure.remedy.empty() ? std::string(row.remedy) : failure.remedy);
}

struct CodeText {
    std::uint8_t code;
    std::string_view text;
};

constexpr std::array kCompletionCodes = {
    CodeText{0x00, "success"},
    CodeText{0xC0, "node busy"},
    CodeText{0xC1, "invalid command"},
    CodeText{0xC2, "command invalid for this LUN"},
    CodeText{0xC3, "timeout while processing the command"},
    CodeText{0xC4, "out of space"},
    CodeText{0xC5, "reservation cancelled or invalid"},
    CodeText{0xC6, "request data truncated"},
    CodeText{0xC7, "request data length invalid"},
    CodeText{0xC8, "request data field length limit exceeded"},
    CodeText{0xC9, "parameter out of range"},
    CodeText{0xCA, "cannot return number of requested data bytes"},
    CodeText{0xCB, "requested sensor, data or record not present"},
    CodeText{0xCC, "invalid data field in request"},
    CodeText{0xCD, "command illegal for this sensor or record type"},
    CodeText{0xCE, "response could not be provided"},
    CodeText{0xCF, "duplicated request"},
    CodeText{0xD0, "SDR repository in update mode"},
    CodeText{0xD1, "device in firmware update mode"},
    CodeText{0xD2, "BMC initialization in progress"},
    CodeText{0xD3, "destination unavailable"},
    CodeText{0xD4, "insufficient privilege level"},
    CodeText{0xD5, "not supported in the present state"},
    CodeText{0xD6, "sub-function disabled or unavailable"},
    CodeText{0xFF, "unspecified error"},
};

constexpr std::array kRmcpStatuses = {
    CodeText{0x00, "no errors"},
    CodeText{0x01, "insufficient resources to create a session"},
    CodeText{0x02, "invalid session ID"},
    CodeText{0x03, "invalid payload type"},
    CodeText{0x04, "invalid authentication algorithm"},
    CodeText{0x05, "invalid integrity algorithm"},
    CodeText{0x06, "no matching authentication payload"},
    CodeText{0x07, "no matching integrity payload"},
    CodeText{0x08, "inactive session ID"},
    CodeText{0x09, "invalid role"},
    CodeText{0x0A, "unauthorized role or privilege level"},
    CodeText{0x0B, "insufficient resources to create a session at the requested role"},
    CodeText{0x0C, "invalid name length"},
    CodeText{0x0D, "unauthorized name"},
    CodeText{0x0E, "unauthorized GUID"},
    CodeText{0x0F, "invalid integrity check value"},
    CodeText{0x10, "invalid confidentiality algorithm"},
    CodeText{0x11, "no matching cipher suite"},
    CodeText{0x12, "illegal or unrecognized parameter"},
};

std::string_view text_of(std::span<const CodeText> table, std::uint8_t code) {
    for (const auto& row : table)
        if (row.code == code) return row.text;
    return "unknown code";
}

}  // namespace

Error::Error(const Failure& failure, const Target& target)
    : ferrite::Error(500, "ipmi_" + std::string(to_text(failure.reason)),
                     message_of(failure, target)),
      reason_(failure.reason),
      completion_code_(failure.completion_code) {}

std::string_view to_text(Reason reason) {
    return row_of(reason).word;
}

std::string_view completion_text(std::uint8_t code) {
    return text_of(kCompletionCodes, code);
}

std::string_view rmcp_status_text(std::uint8_t status) {
    return text_of(kRmcpStatuses, status);
}

}  // namespace ferrite::ipmi
