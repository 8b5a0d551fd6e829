#pragma once

#include <optional>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "api/arguments.h"
#include "api/document.h"
#include "api/text.h"
#include "base/error.h"

namespace ferrite::api {

/// Throws unless each of `names` may be selected: 400 for what is no field, 406 for what the
/// version has not yet.
template <class R>
void check_selection(const Resource<R>& resource, const Call& call,
                     const std::vector<std::string>& names) {
    require_version(call, model::since(1, 8), "Selecting fields");
    for (const auto& name : names) {
        const auto* field = find_field(resource.fields, std::string_view(name));
        bool known = field && field->selectable && field->shown != model::Shown::never &&
                     is_offered(resource, call, *field);
        if (!known)
            throw InvalidValue(
                fmt::format("'{}' is no field of a {} that can be selected with "
                            "fields=.",
                            name.substr(0, 100), resource.noun));
    }
    for (const auto& name : names)
        if (resource.gates(name))
            require_version(call, find_field(resource.fields, std::string_view(name))->since,
                            fmt::format("The field {}", name));
}

/// The document of a GET of one resource: all of it, or what `fields=` names.
template <class R>
Document<R> shown_document(const Resource<R>& resource, const Call& call,
                           const std::optional<std::vector<std::string>>& fields) {
    if (!fields) return Document<R>::of_kind(resource, call, model::Shown::detail);
    check_selection(resource, call, *fields);
    return Document<R>::of_names(resource, call, *fields);
}

}  // namespace ferrite::api
