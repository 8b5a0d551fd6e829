#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>

#include "api/call.h"
#include "model/field.h"

namespace ferrite::api {

/// What the writers of a document know beside the row.
struct Showing {
    const Call& call;
    std::string base;              ///< Start of links, ready for use inside of a JSON string.
    std::string self_link;         ///< The list of links up to the path below the version.
    std::string bookmark_link;     ///< What stands between the two paths.
    bool brief = false;            ///< A list without detail.
    bool shows_passwords = false;  ///< The policy does not hide passwords of drivers.
    bool shows_instance_secrets = false;  ///< The same for those of instances.
    /// Some fields of a node may be hidden from the caller: each node's rules have to be asked.
    bool redacts = false;

    explicit Showing(const Call& of_call);
};

/// How a field is shown whose value is not simply what is stored.
template <class R>
struct View {
    std::string_view field;
    /// Stored fields that `append` looks at.
    std::array<std::string_view, 4> needs;
    /// Appends the value as JSON.
    void (*append)(const Showing& showing, const R& row, std::string& out);
};

/// A resource as the API knows it: its field table, and what the table can not say.
template <class R>
struct Resource {
    std::string_view noun;        ///< "node": in messages.
    std::string_view collection;  ///< "nodes": in paths, and the key of a list.
    std::span<const model::Field<R>> fields;
    std::span<const View<R>> views;
    /// The fields of a brief list in the order in which a `next` link names them.
    std::string_view brief_names;
    /// The field that markers and links name.
    std::string_view key_field;
    std::string R::* key;
    /// Fields that may be asked for and set below their version, and are only left out of the
    /// answer there.
    std::span<const std::string_view> ungated;

    /// A field that is newer than the version of a request is unknown to it (400) rather than too
    /// new (406).
    bool newer_is_unknown = false;

    bool gates(std::string_view field) const {
        return std::ranges::find(ungated, field) == ungated.end();
    }
};

/// Whether a request may speak of the field at all.
template <class R>
bool is_offered(const Resource<R>& resource, const Call& call, const model::Field<R>& field) {
    return resource.newer_is_unknown ? call.has(field.since) : call.offers(field.since);
}

/// Throws InvalidValue unless `ident` is a UUID or a name of the API's letters.
void check_ident(std::string_view ident, std::string_view noun);

/// `[{"href": "<base>/v1/<path>", "rel": "self"}, {"href": "<base>/<path>", "rel": "bookmark"}]`.
/// The words are what the service itself made of identifiers: they need no escaping.
void append_links(std::string& out, const Showing& showing, std::string_view collection,
                  std::string_view key, std::string_view below = "");

}  // namespace ferrite::api
