#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/task.h"

namespace ferrite::image {

/// Sees to it that of all coroutines that want the same thing one fetches it and the others wait.
///
///     auto flight = board.join(key, signature);
///     if (!flight->is_leader()) { co_await flight->wait(deadline); ... look again ... }
///     ... fetch ...; flight->land();      // or flight->fail(error)
class FlightBoard {
public:
    class Flight;

    FlightBoard();
    ~FlightBoard();
    FlightBoard(const FlightBoard&) = delete;
    FlightBoard& operator=(const FlightBoard&) = delete;

    /// Becomes the leader for `key`, or a passenger of the one there is. `signature` tells equal
    /// wishes from others for the same key. Any thread.
    std::unique_ptr<Flight> join(std::string key, std::string signature);

    /// Whether somebody is fetching `key` at this moment. Any thread.
    bool is_in_flight(const std::string& key) const;

private:
    struct Shared;
    struct State;
    std::shared_ptr<State> state_;
};

/// One coroutine's part in a flight. A leader that goes away without landing fails it.
class FlightBoard::Flight {
public:
    Flight(std::shared_ptr<State> state, std::shared_ptr<Shared> shared, bool leader, bool same);
    ~Flight();
    Flight(const Flight&) = delete;
    Flight& operator=(const Flight&) = delete;

    bool is_leader() const noexcept { return leader_; }

    /// Leader: it worked; the passengers look for themselves.
    void land();
    /// Leader: passengers with the same signature fail with the same error.
    void fail(const Error& error);

    /// Passenger: until the leader is done. True when it landed and wanted the same; throws its
    /// error when it failed at the same, and Error (503, "busy") after `timeout`.
    Task<bool> wait(std::chrono::milliseconds timeout);

private:
    void finish(std::optional<Error> failure);

    std::shared_ptr<State> state_;
    std::shared_ptr<Shared> shared_;
    bool leader_;
    bool same_;
};

}  // namespace ferrite::image
