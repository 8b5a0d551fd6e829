#include "redfish/error.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "base/json.h"

namespace ferrite::redfish {
namespace {

constexpr std::size_t kLongestText = 400;
constexpr std::size_t kMostMessages = 8;

struct ReasonRow {
    Reason reason;
    std::string_view word;
    std::string_view remedy;
};

constexpr std::array kReasons = {
    ReasonRow{Reason::unreachable, "unreachable",
              "check that redfish_address is right and reachable from this host, and that Redfish "
              "is enabled on the BMC"},
    ReasonRow{Reason::untrusted, "untrusted",
              "set redfish_verify_ca in driver_info to the file of the CA that signed the BMC's "
              "certificate, or to false"},
    ReasonRow{Reason::bad_credentials, "bad_credentials",
              "correct redfish_username and redfish_password in driver_info, or set them on the "
              "BMC"},
    ReasonRow{Reason::forbidden, "forbidden",
              "give redfish_username the privileges of an administrator or operator on the BMC"},
    ReasonRow{Reason::not_found, "not_found",
              "check redfish_system_id and the path in redfish_address"},
    ReasonRow{Reason::refused, "refused",
              "see the BMC's manual for what it supports in its present state"},
    ReasonRow{Reason::broken, "broken", "try again later, or reset the BMC or update its firmware"},
};

const ReasonRow& row_of(Reason reason) {
    for (const auto& row : kReasons)
        if (row.reason == reason) return row;
    return kReasons.back();
}

std::string message_of(Reason reason, std::string_view service, std::string_view what,
                       const Refusal& refusal) {
    auto text = fmt::format("Redfish service {}: {}", service, what);
    if (refusal.status != 0) text += fmt::format(" was answered with HTTP {}", refusal.status);
    if (!refusal.text.empty()) text += fmt::format(" ({})", refusal.text);
    return fmt::format("{}; {}", text, row_of(reason).remedy);
}

/// The text of a BMC goes into logs and `last_error`: one line of bounded length.
std::string one_line(std::string text) {
    if (text.size() > kLongestText) {
        text.resize(kLongestText);
        // Not in the middle of a UTF-8 character.
        while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80)
            text.pop_back();
        if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0x80) text.pop_back();
        text += "...";
    }
    std::ranges::replace_if(text, [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
    return text;
}

}  // namespace

std::string_view to_text(Reason reason) {
    return row_of(reason).word;
}

Reason reason_of_status(int status) {
    if (status == 401) return Reason::bad_credentials;
    if (status == 403) return Reason::forbidden;
    if (status == 404) return Reason::not_found;
    return status >= 300 && status < 500 ? Reason::refused : Reason::broken;
}

Refusal read_refusal(int status, std::string_view body) {
    Refusal refusal{.status = status};
    Json document;
    try {
        document = parse_json(body, 64);
    } catch (const InvalidValue&) {
        // Not every BMC sends JSON with its errors; the status then has to do.
        return refusal;
    }
    const auto& error = member(document, "error");
    if (auto code = string_member(error, "code"); !code.empty())
        refusal.message_ids.push_back(std::move(code));
    auto text = string_member(error, "message");
    if (const auto& infos = member(error, "@Message.ExtendedInfo"); infos.is_array()) {
        for (const auto& info : infos.as_array()) {
            if (refusal.message_ids.size() > kMostMessages) break;
            if (auto id = string_member(info, "MessageId"); !id.empty())
                refusal.message_ids.push_back(std::move(id));
        }
        // The extended messages say more than "see the extended messages".
        if (!infos.as_array().empty()) {
            auto first = string_member(infos.as_array().front(), "Message");
            if (!first.empty()) text = std::move(first);
        }
    }
    refusal.text = one_line(std::move(text));
    return refusal;
}

Error::Error(Reason reason, std::string_view service, std::string_view what, Refusal refusal)
    : ferrite::Error(500, fmt::format("redfish_{}", to_text(reason)),
                     message_of(reason, service, what, refusal)),
      reason_(reason),
      refusal_(std::move(refusal)) {}

bool Error::says(std::string_view message) const {
    return std::ranges::any_of(refusal_.message_ids,
                               [&](const std::string& id) { return id.ends_with(message); });
}

}  // namespace ferrite::redfish
