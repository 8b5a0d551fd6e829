#include "api/listing.h"

#include <algorithm>
#include <array>

namespace ferrite::api {
namespace {

/// What a `next` link says by itself.
constexpr std::array<std::string_view, 6> kPaging = {"limit",    "marker", "sort_key",
                                                     "sort_dir", "fields", "detail"};
/// The filters that a `next` link has always repeated, when they were true.
constexpr std::array<std::string_view, 3> kRepeatedWhenTrue = {"associated", "maintenance",
                                                               "retired"};

std::string repeated(std::string_view name, std::string_view value) {
    return fmt::format("{}={}&", name, value);
}

bool is_one_of(std::span<const std::string_view> names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

}  // namespace

ListArguments read_list_arguments(Arguments& arguments, ListPath path,
                                  std::string_view default_sort_key, MarkerIs marker) {
    ListArguments list;
    if (path != ListPath::detail) list.fields = arguments.words("fields");
    if (path == ListPath::plain) list.detail = arguments.flag("detail");
    if (arguments.given("limit")) {
        list.limit = arguments.integer("limit");
    }
    list.marker = marker == MarkerIs::uuid ? arguments.uuid("marker") : arguments.text("marker");
    list.sort_key = arguments.text("sort_key").value_or("");
    if (list.sort_key.empty()) list.sort_key = default_sort_key;
    list.sort_dir = arguments.text("sort_dir").value_or("asc");
    return list;
}

void check_detail(const Call& call, const ListArguments& list, model::MicroVersion since) {
    if (list.detail && !call.has(since))
        throw InvalidValue(fmt::format(
            "The argument detail is part of the API since version {}: ask for .../detail, or send "
            "a newer version.",
            since.text()));
    if (list.detail.value_or(false) && list.fields)
        throw InvalidValue("detail=true and fields= exclude each other: leave one out.");
}

std::int64_t page_limit(const Call& call, std::optional<std::int64_t> asked) {
    auto max = call.options().max_limit;
    if (!asked) return max;
    if (*asked <= 0) throw InvalidValue("The limit of a list must be 1 or more.");
    return std::min(*asked, max);
}

bool is_descending(const std::string& sort_dir) {
    if (sort_dir != "asc" && sort_dir != "desc")
        throw InvalidValue(fmt::format("sort_dir must be asc or desc, and '{}' is neither.",
                                       sort_dir.substr(0, 100)));
    return sort_dir == "desc";
}

std::string next_parameters(const Call& call, const ListArguments& arguments, ListPath path,
                            std::string_view filters, std::string_view brief_names) {
    auto text = repeated("sort_key", arguments.sort_key) + repeated("sort_dir", arguments.sort_dir);
    text += filters;
    if (arguments.detail) text += repeated("detail", *arguments.detail ? "True" : "False");
    if (arguments.fields)
        text += repeated("fields", joined(*arguments.fields, ","));
    else if (path == ListPath::plain && !brief_names.empty() && call.has(model::since(1, 8)))
        text += repeated("fields", brief_names);
    return text;
}

void reserve_for(std::string& body, std::int64_t rows) {
    constexpr std::size_t kMost = 8u << 20;
    auto wanted = body.size() * static_cast<std::size_t>(std::min<std::int64_t>(rows, 10'000));
    body.reserve(std::min(wanted + wanted / 16, kMost));
}

std::string repeated_filters(const Call& call, const Arguments& arguments) {
    std::string text;
    for (const auto& [name, value] : arguments.query()) {
        if (is_one_of(kPaging, name)) continue;
        if (call.parts->manners.next_keeps_filters)
            text += repeated(percent_encode(name), percent_encode(value));
        else if (is_one_of(kRepeatedWhenTrue, name) && boolean_word(value).value_or(false))
            text += repeated(name, "True");
    }
    return text;
}

}  // namespace ferrite::api
