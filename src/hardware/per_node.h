#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "model/node.h"

namespace ferrite::hardware {

/// One connection to the BMC of each node that was ever worked on, made again when the node's
/// driver_info changes. Any thread.
template <class Connection>
class PerNode {
public:
    /// What there is for the node's driver_info as it is now; else what `make()` gives, which may
    /// throw.
    template <class Make>
    std::shared_ptr<Connection> get(const model::Node& node, Make make) {
        std::lock_guard lock(mutex_);
        auto& entry = by_node_[node.uuid];
        if (entry.connection && entry.driver_info == node.driver_info.text())
            return entry.connection;
        auto gone = std::exchange(entry, {});
        entry = {node.driver_info.text(), make()};
        return entry.connection;
    }

    void forget(const std::string& uuid) {
        std::lock_guard lock(mutex_);
        by_node_.erase(uuid);
    }

    std::size_t size() const {
        std::lock_guard lock(mutex_);
        return by_node_.size();
    }

private:
    struct Entry {
        std::string driver_info;  ///< As it was when the connection was made.
        std::shared_ptr<Connection> connection;
    };

    mutable std::mutex mutex_;
    std::map<std::string, Entry, std::less<>> by_node_;
};

}  // namespace ferrite::hardware
