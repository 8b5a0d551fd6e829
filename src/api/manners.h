#pragma once

#include "model/micro_version.h"

namespace ferrite::api {

/// Where releases differ in something a client can see and no microversion tells them apart. A
/// service that is pinned to a release (`pin_release_version`) answers as that release did, so that
/// a mixed or staged upgrade shows its clients one face.
struct Manners {
    bool standard_version_header = true;  ///< `OpenStack-API-Version: baremetal 1.50` counts.
    bool root_negotiates = true;          ///< A bad version header is refused on `/` too.
    bool lists_may_repeat = true;         ///< `fields=a&fields=b` is `fields=a,b`.
    bool next_keeps_filters = true;       ///< A `next` link repeats the filters of its request.
    bool any_uuid_form = true;            ///< A UUID without hyphens or in capitals finds its node.
    bool cpus_are_a_size = false;         ///< The property cpus must be a number, as memory_mb.
    bool router_hides_parts = false;  ///< The 404 of shards and below portgroups is the router's.
    bool volumes_need_power_off = false;  ///< To delete one, whatever the state of its node is.
    int below_nested_list = 400;          ///< Status of `GET /v1/nodes/N/ports/P`.
};

/// The manners of the release whose newest microversion is `max`.
constexpr Manners manners_of(model::MicroVersion max) {
    if (max > model::since(1, 82)) return {};
    return {.standard_version_header = false,
            .root_negotiates = false,
            .lists_may_repeat = false,
            .next_keeps_filters = false,
            .any_uuid_form = false,
            .cpus_are_a_size = true,
            .router_hides_parts = true,
            .volumes_need_power_off = true,
            .below_nested_list = 403};
}

}  // namespace ferrite::api
