#pragma once

#include <chrono>

#include "store/sql.h"

/// How long a session with a server waits, the same on every kind of it. Nobody who asks for
/// something is to wait for minutes because another program, its host or the database's host hangs
/// or has gone without a word.
namespace ferrite::store {

/// To connect.
inline constexpr std::chrono::seconds kConnectLimit{10};

/// For a row that another transaction has changed. Then it is as if the race was lost.
inline constexpr std::chrono::seconds kLockLimit{5};

/// The server ends a session that sits in a transaction for so long. A writer keeps others from its
/// rows, so it gets less time than they have patience (writer.cpp). A reader that hands its rows to
/// a slow client disturbs nobody.
constexpr std::chrono::seconds idle_limit(Sql::Mode mode) {
    return mode == Sql::Mode::read_write ? std::chrono::seconds(20) : std::chrono::seconds(300);
}

/// A peer that has been silent for so long is asked whether it lives, so often, and then held to be
/// gone; and so is one that acknowledges nothing for as long as that takes.
inline constexpr std::chrono::seconds kProbeAfter{10}, kProbeEvery{5};
inline constexpr int kProbes = 3;
inline constexpr std::chrono::seconds kUnansweredLimit = kProbeAfter + kProbes * kProbeEvery;

}  // namespace ferrite::store
