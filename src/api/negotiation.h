#pragma once

#include <string>

#include "api/manners.h"
#include "base/http_message.h"
#include "model/micro_version.h"

namespace ferrite::api {

/// What the version headers of a request come to (reference: api.md section 3).
struct Negotiation {
    model::MicroVersion version;  ///< Valid when `problem` is empty.
    std::string problem;          ///< Why it is a 406.
    bool understood = true;       ///< False when the header is no version at all.
};

Negotiation negotiate(const HttpHeaders& headers, model::MicroVersion max, const Manners& manners);

/// True when a path that ends in `.json` loses that ending: clients below 1.91 that say so with the
/// X- header (section 3.4).
bool strips_json_suffix(const HttpHeaders& headers);

/// Version header fields of an answer.
void add_version_range(HttpHeaders& headers, model::MicroVersion max);
void add_version(HttpHeaders& headers, model::MicroVersion version, model::MicroVersion max);

}  // namespace ferrite::api
