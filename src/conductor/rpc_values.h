#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <boost/describe/enum_from_string.hpp>
#include <boost/describe/enum_to_string.hpp>
#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>
#include <fmt/core.h>

#include "base/error.h"
#include "base/json.h"
#include "conductor/rpc_types.h"

/// Arguments and results of the calls of `conductor::Client` as JSON, for conductors and API
/// processes among themselves.
///
///     Json json = rpc::encode(heartbeat);
///     auto same = rpc::decode<Heartbeat>(json);   // throws InvalidValue that says where
///
/// Plain structs go member by member; what is stored of a node, a port, ... goes by its field
/// table, hidden fields and `id` too. A member that a document lacks keeps its initial value and
/// one that nobody knows is passed over, so that two versions understand each other while a cluster
/// is brought up to date.
namespace ferrite::conductor::rpc {

template <class T>
concept Stored = !std::is_same_v<decltype(kFieldsOf<T>), const std::nullptr_t>;
template <class T>
concept Described = boost::describe::has_describe_members<T>::value;
template <class T>
concept Document =
    std::same_as<T, Json> || std::same_as<T, JsonObject> || std::same_as<T, JsonArray>;

template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
template <class T>
inline constexpr bool kIsVector = false;
template <class T>
inline constexpr bool kIsVector<std::vector<T>> = true;
template <class T>
inline constexpr bool kIsMap = false;
template <class T>
inline constexpr bool kIsMap<std::map<std::string, T, std::less<>>> = true;

template <class T>
Json encode(const T& value);
template <class T>
T decode(const Json& json);

template <class T>
using MembersOf = boost::describe::describe_members<T, boost::describe::mod_public>;

/// The size that the described members make: another one than the struct's own when a member was
/// added to the struct and not to its description.
template <class T>
constexpr std::size_t described_size() {
    std::size_t size = 0, alignment = 1;
    boost::mp11::mp_for_each<MembersOf<T>>([&](auto row) {
        using Member = std::remove_reference_t<decltype(std::declval<T&>().*row.pointer)>;
        size = (size + alignof(Member) - 1) / alignof(Member) * alignof(Member) + sizeof(Member);
        alignment = std::max(alignment, alignof(Member));
    });
    return (size + alignment - 1) / alignment * alignment;
}

[[noreturn]] inline void refuse(std::string_view wanted) {
    throw InvalidValue(fmt::format("{} was expected", wanted));
}

/// Runs `read` and says in its error where the document is wrong.
template <class F>
void read_at(std::string_view place, F read) {
    try {
        read();
    } catch (Error& error) {
        error.within(place);
        throw;
    }
}

// -- a field of what is stored

template <class M>
Json encode_field(const M& value) {
    if constexpr (std::is_same_v<M, model::JsonText>)
        return value.absent() ? Json() : Json(value.text());
    else if constexpr (std::is_same_v<M, Timestamp>)
        return Json(value.time_since_epoch().count());
    else if constexpr (kIsOptional<M>)
        return value ? encode_field(*value) : Json();
    else
        return encode(value);
}

template <class M>
void decode_field(const Json& json, M& value) {
    if constexpr (std::is_same_v<M, model::JsonText>) {
        if (json.is_null()) return value.storage().clear();
        auto text = decode<std::string>(json);
        parse_json(text, 64);
        value.storage() = std::move(text);
    } else if constexpr (std::is_same_v<M, Timestamp>) {
        value = Timestamp(std::chrono::microseconds(decode<std::int64_t>(json)));
    } else if constexpr (kIsOptional<M>) {
        if (json.is_null()) return value.reset();
        decode_field(json, value.emplace());
    } else {
        value = decode<M>(json);
    }
}

template <Stored R>
Json encode_row(const R& row) {
    JsonObject object{{"id", row.id}};
    for (const auto& field : kFieldsOf<R>())
        std::visit(
            [&](auto member) {
                if constexpr (!std::is_same_v<decltype(member), std::monostate>)
                    object[field.name] = encode_field(row.*member);
            },
            field.member);
    return object;
}

template <Stored R>
R decode_row(const JsonObject& object) {
    R row;
    if (const auto* id = object.if_contains("id")) row.id = decode<std::int64_t>(*id);
    for (const auto& field : kFieldsOf<R>()) {
        const auto* json = object.if_contains(field.name);
        if (!json) continue;
        read_at(field.name, [&] {
            std::visit(
                [&](auto member) {
                    if constexpr (!std::is_same_v<decltype(member), std::monostate>)
                        decode_field(*json, row.*member);
                },
                field.member);
        });
    }
    return row;
}

// -- a plain struct

template <Described T>
Json encode_struct(const T& value) {
    static_assert(described_size<T>() == sizeof(T), "a member is missing in its description");
    JsonObject object;
    boost::mp11::mp_for_each<MembersOf<T>>(
        [&](auto row) { object[row.name] = encode(value.*row.pointer); });
    return object;
}

template <Described T>
T decode_struct(const JsonObject& object) {
    T value;
    boost::mp11::mp_for_each<MembersOf<T>>([&](auto row) {
        const auto* json = object.if_contains(row.name);
        if (!json) return;
        read_at(row.name, [&] {
            using Member = std::remove_reference_t<decltype(value.*row.pointer)>;
            value.*row.pointer = decode<Member>(*json);
        });
    });
    return value;
}

// -- anything

template <class T>
Json encode(const T& value) {
    if constexpr (Document<T> || std::same_as<T, std::string> || std::integral<T>) {
        return Json(value);
    } else if constexpr (std::is_enum_v<T>) {
        return Json(boost::describe::enum_to_string(value, ""));
    } else if constexpr (std::same_as<T, std::chrono::seconds>) {
        return Json(value.count());
    } else if constexpr (kIsOptional<T>) {
        // A list of one or none: null may be a value of its own.
        return value ? JsonArray{encode(*value)} : JsonArray{};
    } else if constexpr (kIsVector<T>) {
        JsonArray array;
        for (const auto& item : value) array.push_back(encode(item));
        return array;
    } else if constexpr (kIsMap<T>) {
        JsonObject object;
        for (const auto& [key, item] : value) object[key] = encode(item);
        return object;
    } else if constexpr (Stored<T>) {
        return encode_row(value);
    } else {
        return encode_struct(value);
    }
}

inline const JsonObject& object_of(const Json& json) {
    if (!json.is_object()) refuse("an object");
    return json.get_object();
}
inline const JsonArray& array_of(const Json& json) {
    if (!json.is_array()) refuse("a list");
    return json.get_array();
}

template <class T>
T decode(const Json& json) {
    if constexpr (std::same_as<T, Json>) {
        return json;
    } else if constexpr (std::same_as<T, JsonObject>) {
        return object_of(json);
    } else if constexpr (std::same_as<T, JsonArray>) {
        return array_of(json);
    } else if constexpr (std::same_as<T, std::string>) {
        if (!json.is_string()) refuse("a text");
        return std::string(std::string_view(json.get_string()));
    } else if constexpr (std::same_as<T, bool>) {
        if (!json.is_bool()) refuse("true or false");
        return json.get_bool();
    } else if constexpr (std::same_as<T, std::int64_t>) {
        if (!json.is_int64()) refuse("a whole number");
        return json.get_int64();
    } else if constexpr (std::is_enum_v<T>) {
        T value{};
        if (!boost::describe::enum_from_string(decode<std::string>(json).c_str(), value))
            refuse("a word that is known here");
        return value;
    } else if constexpr (std::same_as<T, std::chrono::seconds>) {
        return std::chrono::seconds(decode<std::int64_t>(json));
    } else if constexpr (kIsOptional<T>) {
        const auto& array = array_of(json);
        if (array.size() > 1) refuse("a list of one or none");
        if (array.empty()) return T();
        return T(decode<typename T::value_type>(array.front()));
    } else if constexpr (kIsVector<T>) {
        T items;
        for (const auto& item : array_of(json))
            items.push_back(decode<typename T::value_type>(item));
        return items;
    } else if constexpr (kIsMap<T>) {
        T items;
        for (const auto& [key, item] : object_of(json))
            items.emplace(std::string(std::string_view(key)),
                          decode<typename T::mapped_type>(item));
        return items;
    } else if constexpr (Stored<T>) {
        return decode_row<T>(object_of(json));
    } else {
        return decode_struct<T>(object_of(json));
    }
}

}  // namespace ferrite::conductor::rpc
