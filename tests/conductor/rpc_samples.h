#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <variant>
#include <vector>

#include "base/time.h"
#include "conductor/rpc_methods.h"

/// A value of any type that a call takes or gives, with every member set to something that is not
/// its initial value: what comes back unchanged was carried whole.
namespace ferrite::conductor::rpc {

template <class T>
T sample(int seed = 1);

inline void fill(model::JsonText& text, int seed) {
    text = model::JsonText(Json{{"tiefe", {{"zahl", seed}, {"text", "ä\n\"\\"}}}});
}
inline void fill(Timestamp& time, int seed) {
    time = Timestamp(std::chrono::microseconds(1'700'000'000'123'456 + seed));
}
inline void fill(std::monostate, int) {}
template <class T>
void fill(T& value, int seed) {
    value = sample<T>(seed);
}
template <class T>
void fill(std::optional<T>& value, int seed) {
    fill(value.emplace(), seed);
}

template <class T>
T sample(int seed) {
    if constexpr (std::is_same_v<T, Json>) {
        return JsonArray{nullptr, seed, "text", JsonObject{{"in", true}}};
    } else if constexpr (std::is_same_v<T, JsonObject>) {
        return {{"key", seed}, {"other", nullptr}};
    } else if constexpr (std::is_same_v<T, JsonArray>) {
        return {seed, "two", nullptr};
    } else if constexpr (std::is_same_v<T, std::string>) {
        return "wörd " + std::to_string(seed);
    } else if constexpr (std::is_same_v<T, bool>) {
        return true;
    } else if constexpr (std::is_integral_v<T>) {
        return static_cast<T>(9'007'199'254'740'993 + seed);
    } else if constexpr (std::is_enum_v<T>) {
        return static_cast<T>(1);
    } else if constexpr (std::is_same_v<T, std::chrono::seconds>) {
        return std::chrono::seconds(seed);
    } else if constexpr (kIsOptional<T>) {
        return sample<typename T::value_type>(seed);
    } else if constexpr (kIsVector<T>) {
        return {sample<typename T::value_type>(seed), sample<typename T::value_type>(seed + 1)};
    } else if constexpr (kIsMap<T>) {
        return {{"a", sample<typename T::mapped_type>(seed)}};
    } else if constexpr (Stored<T>) {
        T row;
        row.id = seed;
        for (const auto& field : kFieldsOf<T>())
            std::visit(
                [&](auto member) {
                    if constexpr (!std::is_same_v<decltype(member), std::monostate>)
                        fill(row.*member, ++seed);
                },
                field.member);
        return row;
    } else {
        T value;
        boost::mp11::mp_for_each<MembersOf<T>>([&](auto row) { fill(value.*row.pointer, ++seed); });
        return value;
    }
}

template <class... A>
std::tuple<A...> sample_tuple(std::type_identity<std::tuple<A...>>) {
    int seed = 0;
    return std::tuple<A...>{sample<A>(seed += 100)...};
}

}  // namespace ferrite::conductor::rpc
