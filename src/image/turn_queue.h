#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "base/task.h"

namespace ferrite::image {

/// Lets a bounded number of coroutines do something at the same time; the others wait in line.
///
///     auto turn = co_await queue.take(std::chrono::hours(1));
///     ... // until `turn` goes out of scope
class TurnQueue {
public:
    class Turn;

    /// `name` is what is waited for, as the error of a wait that takes too long says it.
    TurnQueue(std::string name, unsigned limit);
    ~TurnQueue();
    TurnQueue(const TurnQueue&) = delete;
    TurnQueue& operator=(const TurnQueue&) = delete;

    /// First come, first served. Throws Error (503, "busy") after `timeout`. Any thread.
    Task<Turn> take(std::chrono::milliseconds timeout);

private:
    struct State;
    struct Waiting;
    std::shared_ptr<State> state_;
};

/// The right to go on; given back on destruction.
class TurnQueue::Turn {
public:
    explicit Turn(std::shared_ptr<State> state) : state_(std::move(state)) {}
    ~Turn();
    Turn(Turn&&) noexcept = default;
    Turn& operator=(Turn&&) = delete;

private:
    std::shared_ptr<State> state_;
};

}  // namespace ferrite::image
