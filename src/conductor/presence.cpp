#include "conductor/presence.h"

#include <ctime>
#include <utility>

#include "base/uuid.h"
#include "store/conductors.h"

namespace ferrite::conductor {

Presence::Presence(std::string host, std::chrono::seconds timeout)
    : host_(std::move(host)),
      incarnation_(new_uuid()),
      timeout_(timeout),
      renewed_(now().count()) {}

std::chrono::nanoseconds Presence::now() {
    timespec time{};
    clock_gettime(CLOCK_BOOTTIME, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

bool Presence::certain(unsigned epoch) const {
    return epoch == epoch_ && now() - std::chrono::nanoseconds(renewed_.load()) < timeout_;
}

bool Presence::renew(store::Sql& db) {
    if (store::conductors::heartbeat(db, host_, incarnation_)) return true;
    ++epoch_;
    return false;
}

}  // namespace ferrite::conductor
