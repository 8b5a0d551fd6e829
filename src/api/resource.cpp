#include "api/resource.h"

#include <fmt/core.h>

#include "base/error.h"
#include "base/json.h"
#include "base/uuid.h"
#include "model/node.h"

namespace ferrite::api {

Showing::Showing(const Call& of_call)
    : call(of_call),
      shows_passwords(call.access.reveals("show_password")),
      shows_instance_secrets(call.access.reveals("show_instance_secrets")),
      redacts(!call.access.may("node:get:filter_threshold")) {
    append_json_string(base, of_call.base);
    base = base.substr(1, base.size() - 2);
    self_link.append(R"([{"href":")").append(base).append("/v1/");
    bookmark_link.append(R"(","rel":"self"},{"href":")").append(base).append("/");
}

void append_links(std::string& out, const Showing& showing, std::string_view collection,
                  std::string_view key, std::string_view below) {
    out += showing.self_link;
    out += collection;
    out += '/';
    out += key;
    out += below;
    out += showing.bookmark_link;
    out += collection;
    out += '/';
    out += key;
    out += below;
    out += R"(","rel":"bookmark"}])";
}

void check_ident(std::string_view ident, std::string_view noun) {
    if (normalised_uuid(ident) || model::is_logical_name(ident)) return;
    throw InvalidValue(
        fmt::format("'{}' is neither the UUID nor the name of a {}.", ident.substr(0, 100), noun));
}

}  // namespace ferrite::api
