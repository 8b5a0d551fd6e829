#pragma once

#include "hardware/interfaces.h"

namespace ferrite::test {

/// A node in memory, saved nowhere.
struct LooseNode : hardware::NodeContext {
    explicit LooseNode(std::string driver) {
        node.uuid = "11111111-2222-4333-8444-555555555555";
        node.driver = std::move(driver);
    }
    Task<> save() override { co_return; }
    void set_info(std::string_view key, Json value) { node.driver_info.set(key, std::move(value)); }
};

}  // namespace ferrite::test
