#pragma once

#include <string_view>

#include "api/resource.h"
#include "model/allocation.h"

namespace ferrite::api {

/// Allocations as the API shows them (reference: api.md section 18).
const Resource<model::Allocation>& allocation_resource();

/// The allocation that the request's path names, by UUID or name. Throws InvalidValue for what is
/// neither, NotFound for what is unknown or hidden from the caller, 403 for what he may see only.
model::Allocation find_allocation(const Call& call, std::string_view ident);

}  // namespace ferrite::api
