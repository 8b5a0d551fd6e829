#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <variant>

#include "base/time.h"
#include "model/field.h"

/// Values for every field of a resource, made up from its field table.
namespace ferrite::store {

/// A stored value as the database orders it: NULL, numbers, text.
using Stored = std::variant<std::monostate, std::int64_t, std::string>;

inline Timestamp time_of(std::int64_t number) {
    return Timestamp(std::chrono::seconds(1'700'000'000 + number));
}

inline void set(std::string& value, std::string_view name, std::int64_t number) {
    value = std::string(name) + " " + std::to_string(number) + " \xc3\xa4'\"\\";
}
inline void set(bool& value, std::string_view, std::int64_t number) {
    value = number % 2 != 0;
}
inline void set(std::int64_t& value, std::string_view, std::int64_t number) {
    value = number - 2;
}
inline void set(Timestamp& value, std::string_view, std::int64_t number) {
    value = time_of(number);
}
inline void set(model::JsonText& value, std::string_view name, std::int64_t number) {
    value = model::JsonText(std::string(R"({")") + std::string(name) + R"(":)" +
                            std::to_string(number) + "}");
}
template <class T>
void set(std::optional<T>& value, std::string_view name, std::int64_t number) {
    set(value.emplace(), name, number);
}

/// Sets `field` of `row` to the value of that number.
template <class R>
void set_field(const model::Field<R>& field, R& row, std::int64_t number) {
    std::visit(
        [&](auto member) {
            if constexpr (!std::is_same_v<decltype(member), std::monostate>)
                set(row.*member, field.name, number);
        },
        field.member);
}

template <class R>
void clear_field(const model::Field<R>& field, R& row) {
    std::visit(
        [&](auto member) {
            if constexpr (!std::is_same_v<decltype(member), std::monostate>) row.*member = {};
        },
        field.member);
}

inline Stored stored(const std::string& value) {
    return value;
}
inline Stored stored(bool value) {
    return std::int64_t{value};
}
inline Stored stored(std::int64_t value) {
    return value;
}
inline Stored stored(Timestamp value) {
    return std::int64_t{value.time_since_epoch().count()};
}
inline Stored stored(const model::JsonText& value) {
    if (value.absent()) return {};
    return value.text();
}
template <class T>
Stored stored(const std::optional<T>& value) {
    if (!value) return {};
    return stored(*value);
}

template <class R>
Stored stored_value(const model::Field<R>& field, const R& row) {
    return std::visit(
        [&](auto member) -> Stored {
            if constexpr (std::is_same_v<decltype(member), std::monostate>)
                return {};
            else
                return stored(row.*member);
        },
        field.member);
}

}  // namespace ferrite::store
