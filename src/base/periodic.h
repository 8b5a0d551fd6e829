#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/runtime.h"

namespace ferrite {

/// Work that is done over and over, about so often, on the runtime's pool; for the first time after
/// one interval. What it throws is logged, and it is done again all the same.
///
///     Periodic clean_up(runtime, "image cache clean-up", 1h, [&] { return clean(&cache); });
class Periodic {
public:
    /// An interval of zero or less: never. What `work` borrows must live until the runtime has
    /// stopped.
    Periodic(Runtime& runtime, std::string name, std::chrono::milliseconds interval,
             std::function<Task<>()> work);
    /// Not begun any more from now on; what is under way is not waited for.
    ~Periodic();
    Periodic(const Periodic&) = delete;
    Periodic& operator=(const Periodic&) = delete;

private:
    struct State;
    std::shared_ptr<State> state_;
};

/// `interval`, or up to a tenth less: what happens to many does not beat in step, and each is seen
/// to within the interval.
std::chrono::milliseconds jittered(std::chrono::milliseconds interval);

/// Some moment within `interval`, to begin with.
std::chrono::milliseconds somewhere_in(std::chrono::milliseconds interval);

}  // namespace ferrite
