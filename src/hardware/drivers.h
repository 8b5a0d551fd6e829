#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hardware/interfaces.h"
#include "model/node.h"

namespace ferrite::hardware {

/// A hardware type: for each interface kind the implementations it can use, best first (reference:
/// conductor.md section 5.1).
struct HardwareType {
    std::string_view name;
    std::map<std::string_view, std::vector<std::string_view>> supported;
};
std::span<const HardwareType> hardware_types();

/// The hardware types and implementations that this conductor was told to offer, and how a node
/// gets its own out of them.
class Drivers {
public:
    struct Options {
        std::vector<std::string> enabled_hardware_types;
        /// By kind: `enabled_<kind>_interfaces`. Empty: the first choice of each enabled type.
        std::map<std::string, std::vector<std::string>, std::less<>> enabled_interfaces;
        /// By kind: `default_<kind>_interface`.
        std::map<std::string, std::string, std::less<>> default_interfaces;
    };

    /// Implementations by kind and name; see implementations.h.
    using Implementations =
        std::map<std::string, std::map<std::string, std::unique_ptr<Interface>, std::less<>>,
                 std::less<>>;

    /// Throws InvalidValue that names the option and the names it may have when something enabled
    /// is not known, or a type is left without an implementation.
    Drivers(Options options, Implementations implementations);

    /// Enabled hardware types, sorted.
    std::vector<std::string> names() const;
    bool enabled(std::string_view type) const;
    /// Enabled implementations of one kind that `type` lists, best first. fake-hardware takes any
    /// other that is enabled too, when it is named.
    std::vector<std::string> choices(std::string_view type, std::string_view kind) const;
    /// What a node of `type` gets when it names none; nothing when there is none.
    std::optional<std::string> default_for(std::string_view type, std::string_view kind) const;
    /// driver_info keys of a type's default interfaces.
    std::map<std::string, std::string, std::less<>> properties(std::string_view type) const;
    /// What a logical disk may say with the type's default RAID interface.
    std::map<std::string, std::string, std::less<>> logical_disk_properties(
        std::string_view type) const;

    /// Fills in the interfaces that the node leaves open and checks the others. Throws InvalidValue
    /// with the names that would be right. An interface that the node's instance_info names is
    /// checked as well, and the node's own may then stay open (reference: api.md section 9.6).
    void settle_interfaces(model::Node& node) const;

    /// The node's own set; what its instance_info names goes before its own. Throws InvalidValue
    /// when one of them is no longer enabled.
    DriverInterfaces interfaces_of(const model::Node& node) const;

    /// Has every implementation drop what it keeps for a node that is gone.
    void forget_node(const std::string& uuid) const;

private:
    const HardwareType& type(std::string_view name) const;
    bool supports(const HardwareType& type, std::string_view kind, std::string_view name) const;
    void check_choice(std::string_view driver, std::string_view kind, std::string_view name) const;

    Options options_;
    Implementations implementations_;
};

}  // namespace ferrite::hardware
