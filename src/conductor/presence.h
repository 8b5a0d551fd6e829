#pragma once

#include <atomic>
#include <chrono>
#include <string>

#include "store/sql.h"

namespace ferrite::conductor {

/// That this conductor is alive, as the others see it: its heartbeat in the database. While the
/// last one is younger than the time-out, nobody can have taken a lock away from it (reference:
/// conductor.md section 9). The age is measured by a clock that goes on while the process is
/// stopped or the machine sleeps.
///
///     auto before = Presence::now();
///     bool alive = co_await store.write([&](store::Sql& db) { return presence.renew(db); });
///     if (alive) presence.renewed(before);
///
/// Any thread.
class Presence {
public:
    /// A conductor that was not entered yet counts as just renewed: it holds nothing.
    Presence(std::string host, std::chrono::seconds timeout);

    /// Counts how often this conductor found itself held to be dead. What it locked in an earlier
    /// epoch is lost.
    unsigned epoch() const { return epoch_; }
    /// Whether every lock that it took in `epoch` is still its own.
    bool certain(unsigned epoch) const;

    /// Writes the heartbeat. False when the others hold this conductor to be dead, or when another
    /// process has its name: what it held is lost, a new epoch begins, and it is to be entered
    /// anew.
    bool renew(store::Sql& db);
    /// The heartbeat that was written after `before` is durable.
    void renewed(std::chrono::nanoseconds before) { renewed_ = before.count(); }
    static std::chrono::nanoseconds now();

    /// This conductor is no more: it takes no lock from now on.
    void depart() { departed_ = true; }
    bool departed() const { return departed_; }

    /// Tells this process from an earlier one of the same host name.
    const std::string& incarnation() const { return incarnation_; }

private:
    const std::string host_;
    const std::string incarnation_;
    const std::chrono::seconds timeout_;
    std::atomic<unsigned> epoch_ = 0;
    std::atomic<bool> departed_ = false;
    std::atomic<std::chrono::nanoseconds::rep> renewed_;
};

}  // namespace ferrite::conductor
