#include "model/node_properties.h"

#include <fmt/core.h>

#include "base/error.h"

namespace ferrite::model {
namespace {

std::string_view without_spaces(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r\n";
    auto first = text.find_first_not_of(kSpace);
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

bool is_size(const Json& value) {
    if (value.is_int64()) return value.get_int64() >= 0;
    if (value.is_double()) return value.get_double() >= 0;
    if (!value.is_string()) return value.is_uint64();
    auto text = without_spaces(value.get_string());
    return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

}  // namespace

void check_sizes(const Node& node, std::span<const std::string_view> names) {
    if (node.properties.absent()) return;
    auto properties = node.properties.value();
    for (auto name : names) {
        const auto& size = member(properties, name);
        if (!size.is_null() && !is_size(size))
            throw InvalidValue(
                fmt::format("The property {} of node {} must be a whole number, 0 or more.", name,
                            node.label()));
    }
}

}  // namespace ferrite::model
