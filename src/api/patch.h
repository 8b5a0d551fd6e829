#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/body.h"
#include "api/call.h"
#include "base/json.h"
#include "model/mask.h"

namespace ferrite::api {

/// One step of a JSON patch, in the subset that the API takes (reference: api.md section 9.1).
struct PatchStep {
    enum class Op { add, replace, remove };
    Op op = Op::add;
    std::vector<std::string> path;  ///< Never empty; `/extra/a` is {"extra", "a"}.
    std::optional<Json> value;

    const std::string& root() const { return path.front(); }
    bool whole_field() const { return path.size() == 1; }
    /// True for an add or replace of the field itself.
    bool sets(std::string_view field) const {
        return op != Op::remove && whole_field() && root() == field;
    }
    std::string text() const;  ///< `replace /extra/a`
};

/// What a path may be made of: plain words, as for most resources, or anything, with `~0` for `~`
/// and `~1` for `/` (RFC 6901).
enum class PatchPaths { words, pointers };

/// Reads and checks the body of a PATCH. Throws InvalidValue that names the step.
std::vector<PatchStep> read_patch(const Json& body, PatchPaths paths = PatchPaths::words);

/// Changes `document` step by step. Throws InvalidValue for the first step that can not be done.
void apply_patch(JsonObject& document, const std::vector<PatchStep>& steps);

/// Throws InvalidValue for a step on anything but a field that may be patched, and a 406 for a
/// field that is newer than the version.
template <class R>
void check_patch_roots(const Resource<R>& resource, const Call& call,
                       const std::vector<PatchStep>& steps) {
    auto patchable = [&](const model::Field<R>* field) {
        return field && field->settable_on_patch && is_offered(resource, call, *field);
    };
    for (const auto& step : steps) {
        if (patchable(find_field(resource.fields, std::string_view(step.root())))) continue;
        std::string allowed;
        for (const auto& field : resource.fields)
            if (patchable(&field))
                allowed += fmt::format("{}{}", allowed.empty() ? "" : ", ", field.name);
        throw InvalidValue(fmt::format("'/{}' can not be patched. These fields of a {} can: {}.",
                                       step.root().substr(0, 100), resource.noun, allowed));
    }
}

template <class R>
void check_patch_versions(const Resource<R>& resource, const Call& call,
                          const std::vector<PatchStep>& steps) {
    for (const auto& step : steps)
        if (const auto* field = find_field(resource.fields, std::string_view(step.root()));
            field && resource.gates(field->name))
            require_version(call, field->since, fmt::format("The field {}", field->name));
}

/// `before` with the patch applied. A field that was removed gets its untouched value, as does one
/// that was set to null and has no null. Throws InvalidValue.
template <class R>
R patched(const Resource<R>& resource, const R& before, const std::vector<PatchStep>& steps,
          std::span<const std::string_view> also_secret = {}) {
    std::set<std::string_view> touched;
    for (const auto& step : steps) touched.insert(step.root());
    JsonObject document;
    for (const auto& field : resource.fields)
        if (touched.contains(field.name)) document[field.name] = field_json(field, before);
    const JsonObject stored = document;
    apply_patch(document, steps);

    R row = before;
    for (const auto& field : resource.fields) {
        if (!touched.contains(field.name)) continue;
        auto* value = document.if_contains(field.name);
        if (!value && !field.nullable)
            throw InvalidValue(fmt::format("The field {} can not be removed: a {} needs it.",
                                           field.name, resource.noun));
        if (!value) {
            reset_field(field, row);
            continue;
        }
        if (field.masked) model::restore_masked(*value, stored.at(field.name), also_secret);
        if (*value != stored.at(field.name)) set_field(field, row, *value);
    }
    return row;
}

}  // namespace ferrite::api
