#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "conductor/client.h"
#include "conductor/rpc_values.h"

/// The calls of `conductor::Client` that go from process to process: a row each. Arguments, result,
/// and how both are written, follow from the member function.
namespace ferrite::conductor::rpc {

/// What a call of Client takes besides the context, and gives.
template <auto Call>
struct Signature;
template <class R, class... A, Task<R> (Client::*Call)(RequestContext, A...)>
struct Signature<Call> {
    using Result = R;
    using Arguments = std::tuple<A...>;
};
template <auto Call>
using ResultOf = typename Signature<Call>::Result;
template <auto Call>
using ArgumentsOf = typename Signature<Call>::Arguments;

/// Whether a call may be made once more when nobody knows if it was carried out: it reads, or
/// brings about something that is then so.
enum class Repeat { never, safe };

template <auto Call>
struct Method {
    static constexpr auto call = Call;
    std::string_view name;
    Repeat repeat = Repeat::never;
};

inline constexpr std::tuple kMethods{
    // clang-format off
    Method<&Client::create_node>{"create_node"},
    Method<&Client::update_node>{"update_node"},
    Method<&Client::destroy_node>{"destroy_node"},
    Method<&Client::set_maintenance>{"set_maintenance", Repeat::safe},
    Method<&Client::create_port>{"create_port"},
    Method<&Client::update_port>{"update_port"},
    Method<&Client::destroy_port>{"destroy_port"},
    Method<&Client::update_portgroup>{"update_portgroup"},
    Method<&Client::destroy_portgroup>{"destroy_portgroup"},
    Method<&Client::update_volume_connector>{"update_volume_connector"},
    Method<&Client::destroy_volume_connector>{"destroy_volume_connector"},
    Method<&Client::update_volume_target>{"update_volume_target"},
    Method<&Client::destroy_volume_target>{"destroy_volume_target"},
    Method<&Client::create_allocation>{"create_allocation"},
    Method<&Client::destroy_allocation>{"destroy_allocation"},
    Method<&Client::change_power>{"change_power"},
    Method<&Client::provision>{"provision"},
    Method<&Client::validate>{"validate", Repeat::safe},
    Method<&Client::boot_device>{"boot_device", Repeat::safe},
    Method<&Client::set_boot_device>{"set_boot_device", Repeat::safe},
    Method<&Client::supported_boot_devices>{"supported_boot_devices", Repeat::safe},
    Method<&Client::change_traits>{"change_traits"},
    Method<&Client::vifs>{"vifs", Repeat::safe},
    Method<&Client::attach_vif>{"attach_vif"},
    Method<&Client::detach_vif>{"detach_vif"},
    Method<&Client::vendor_methods>{"vendor_methods", Repeat::safe},
    Method<&Client::call_vendor>{"call_vendor"},
    Method<&Client::virtual_media>{"virtual_media", Repeat::safe},
    Method<&Client::attach_virtual_media>{"attach_virtual_media"},
    Method<&Client::detach_virtual_media>{"detach_virtual_media"},
    Method<&Client::continue_inspection>{"continue_inspection"},
    Method<&Client::set_boot_mode>{"set_boot_mode"},
    Method<&Client::set_secure_boot>{"set_secure_boot"},
    Method<&Client::set_console>{"set_console"},
    Method<&Client::console>{"console", Repeat::safe},
    Method<&Client::inject_nmi>{"inject_nmi"},
    Method<&Client::indicators>{"indicators", Repeat::safe},
    Method<&Client::indicator_state>{"indicator_state", Repeat::safe},
    Method<&Client::set_indicator_state>{"set_indicator_state", Repeat::safe},
    Method<&Client::set_target_raid_config>{"set_target_raid_config", Repeat::safe},
    Method<&Client::agent_token>{"agent_token"},
    Method<&Client::heartbeat>{"heartbeat", Repeat::safe},
    // clang-format on
};

/// Calls `visit` with every row of the table.
template <class Visit>
constexpr void for_each_method(Visit visit) {
    std::apply([&](const auto&... row) { (visit(row), ...); }, kMethods);
}

/// The row of a call. A call without one does not compile.
template <auto Call>
consteval Method<Call> method_of() {
    Method<Call> found{};
    for_each_method([&](const auto& row) {
        if constexpr (std::is_same_v<decltype(row), const Method<Call>&>)
            found = {row.name, row.repeat};
    });
    if (found.name.empty()) throw "the call has no row in kMethods";
    return found;
}

template <class... A>
JsonArray encode_arguments(const std::tuple<A...>& arguments) {
    return std::apply([](const auto&... each) { return JsonArray{encode(each)...}; }, arguments);
}

/// Throws InvalidValue that says which of them is wrong.
template <class Arguments>
Arguments decode_arguments(const JsonArray& json) {
    constexpr auto kCount = std::tuple_size_v<Arguments>;
    if (json.size() != kCount)
        throw InvalidValue(fmt::format("{} arguments were expected, not {}", kCount, json.size()));
    Arguments arguments;
    auto read = [&]<std::size_t... I>(std::index_sequence<I...>) {
        (read_at(
             fmt::format("argument {}", I + 1),
             [&] { std::get<I>(arguments) = decode<std::tuple_element_t<I, Arguments>>(json[I]); }),
         ...);
    };
    read(std::make_index_sequence<kCount>());
    return arguments;
}

/// Makes `Call` of `client`, which outlives it.
template <auto Call>
Task<ResultOf<Call>> make_call(Client* client, RequestContext context,
                               ArgumentsOf<Call> arguments) {
    return std::apply(
        [&](auto&... each) { return (client->*Call)(std::move(context), std::move(each)...); },
        arguments);
}

/// A call with its arguments, to be made of a client.
using Prepared = std::function<Task<Json>(Client*, RequestContext)>;

/// What a server knows of a method.
struct Served {
    std::string_view name;
    /// Throws InvalidValue when these are no arguments of the method.
    Prepared (*prepare)(const JsonArray& arguments);
};

/// Null when there is no such method.
const Served* find_served(std::string_view name);

}  // namespace ferrite::conductor::rpc
