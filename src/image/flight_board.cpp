#include "image/flight_board.h"

#include <map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/mutex.h"
#include "base/runtime.h"

namespace ferrite::image {

/// One flight; its fields are guarded by the mutex of the board.
struct FlightBoard::Shared {
    std::string key;
    std::string signature;
    bool done = false;
    std::optional<Error> failure;
    std::vector<std::shared_ptr<Signal>> passengers;
};

struct FlightBoard::State {
    Mutex mutex;  ///< Guards every flight of the map, too.
    std::map<std::string, std::shared_ptr<Shared>> flights FERRITE_GUARDED_BY(mutex);
};

FlightBoard::FlightBoard() : state_(std::make_shared<State>()) {}

FlightBoard::~FlightBoard() = default;

std::unique_ptr<FlightBoard::Flight> FlightBoard::join(std::string key, std::string signature) {
    MutexLock lock(state_->mutex);
    auto& shared = state_->flights[key];
    bool leader = shared == nullptr;
    if (leader) {
        shared = std::make_shared<Shared>();
        shared->key = std::move(key);
        shared->signature = signature;
    }
    return std::make_unique<Flight>(state_, shared, leader, shared->signature == signature);
}

bool FlightBoard::is_in_flight(const std::string& key) const {
    MutexLock lock(state_->mutex);
    return state_->flights.contains(key);
}

FlightBoard::Flight::Flight(std::shared_ptr<State> state, std::shared_ptr<Shared> shared,
                            bool leader, bool same)
    : state_(std::move(state)), shared_(std::move(shared)), leader_(leader), same_(same) {}

FlightBoard::Flight::~Flight() {
    if (leader_) finish(Error(503, "stopped", "The fetch of the image was given up."));
}

void FlightBoard::Flight::land() {
    finish(std::nullopt);
}

void FlightBoard::Flight::fail(const Error& error) {
    finish(error);
}

void FlightBoard::Flight::finish(std::optional<Error> failure) {
    std::vector<std::shared_ptr<Signal>> passengers;
    {
        MutexLock lock(state_->mutex);
        if (shared_->done) return;
        shared_->done = true;
        shared_->failure = std::move(failure);
        passengers.swap(shared_->passengers);
        state_->flights.erase(shared_->key);
    }
    for (auto& passenger : passengers) passenger->set();
}

Task<bool> FlightBoard::Flight::wait(std::chrono::milliseconds timeout) {
    auto signal = std::make_shared<Signal>();
    {
        MutexLock lock(state_->mutex);
        if (shared_->done)
            signal->set();
        else
            shared_->passengers.push_back(signal);
    }
    bool in_time = co_await signal->wait_for(timeout);
    MutexLock lock(state_->mutex);
    if (!in_time && !shared_->done)
        throw Error(503, "busy",
                    fmt::format("Waited {} s for another fetch of the same image.",
                                timeout.count() / 1000));
    if (same_ && shared_->failure) throw Error(*shared_->failure);
    co_return same_ && !shared_->failure;
}

}  // namespace ferrite::image
