#include "netboot/boot_observer.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"

namespace ferrite::netboot {
namespace {

using Kind = BootEvent::Kind;

// As many machines as can boot at a time, many times over; a machine forgotten here costs its log
// lines a word.
constexpr std::size_t kMaxRemembered = 65536;

/// One row per event: its identifier in the log, and how loud it is.
struct Line {
    Kind kind;
    std::string_view id;
    LogLevel level;
};
constexpr std::array kLines{
    Line{Kind::discover, "NETBOOT_DISCOVER_RECEIVED", LogLevel::debug},
    Line{Kind::offer, "NETBOOT_OFFER_SENT", LogLevel::info},
    Line{Kind::ack, "NETBOOT_ACK_SENT", LogLevel::info},
    Line{Kind::nak, "NETBOOT_NAK_SENT", LogLevel::warning},
    Line{Kind::decline, "NETBOOT_ADDRESS_DECLINED", LogLevel::warning},
    Line{Kind::release, "NETBOOT_ADDRESS_RELEASED", LogLevel::info},
    Line{Kind::ignored, "NETBOOT_REQUEST_IGNORED", LogLevel::info},
    Line{Kind::tftp_started, "NETBOOT_TFTP_STARTED", LogLevel::info},
    Line{Kind::tftp_finished, "NETBOOT_TFTP_FINISHED", LogLevel::info},
    Line{Kind::tftp_failed, "NETBOOT_TFTP_FAILED", LogLevel::warning},
    Line{Kind::script_served, "NETBOOT_SCRIPT_SERVED", LogLevel::info},
    Line{Kind::download, "NETBOOT_DOWNLOAD", LogLevel::info},
    Line{Kind::download_failed, "NETBOOT_DOWNLOAD_FAILED", LogLevel::warning},
};

void write_line(const BootEvent& event) {
    auto line = std::ranges::find(kLines, event.kind, &Line::kind);
    if (line == kLines.end() || !log_enabled(line->level)) return;
    auto text = fmt::format("node={} mac={} address={}", event.node.empty() ? "-" : event.node,
                            event.client.mac.to_text(), event.client.ip.to_text());
    if (!event.client.relay.is_unspecified())
        text += fmt::format(" relay={}", event.client.relay.to_text());
    if (event.bytes > 0) text += fmt::format(" bytes={}", event.bytes);
    if (!event.detail.empty()) text += fmt::format(" detail=\"{}\"", event.detail);
    write_log(line->level, line->id, text);
}

}  // namespace

std::optional<BootPlan> BootObserver::plan_for(const BootClient& client) {
    return directory_.plan_for(completed(client));
}

void BootObserver::saw(const BootEvent& event) {
    auto whole = event;
    whole.client = completed(event.client);
    if (whole.node.empty()) {
        MutexLock lock(mutex_);
        auto seen = by_address_.find(whole.client.ip);
        if (seen != by_address_.end() && seen->second.client.mac == whole.client.mac)
            whole.node = seen->second.node;
    }
    if (whole.kind == Kind::ack) remember(whole);
    write_line(whole);
    try {
        directory_.saw(whole);
    } catch (const std::exception& error) {
        log_error("NETBOOT_EVIDENCE_LOST", "mac={} reason=\"{}\"", whole.client.mac.to_text(),
                  error.what());
    }
}

BootClient BootObserver::completed(BootClient client) const {
    MutexLock lock(mutex_);
    auto found = by_address_.find(client.ip);
    if (found == by_address_.end()) return client;
    auto& known = found->second.client;
    if (client.mac.is_zero()) return known;
    if (client.mac != known.mac) return client;
    if (!client.uuid) client.uuid = known.uuid;
    if (client.architecture == Architecture::unknown) client.architecture = known.architecture;
    if (client.relay.is_unspecified()) client.relay = known.relay;
    return client;
}

void BootObserver::remember(const BootEvent& event) {
    if (event.client.ip.is_unspecified()) return;
    MutexLock lock(mutex_);
    if (by_address_.size() >= kMaxRemembered) by_address_.erase(by_address_.begin());
    by_address_[event.client.ip] = {event.client, event.node};
}

}  // namespace ferrite::netboot
