#pragma once

#include "api/call.h"

namespace ferrite::api {

/// What look-up and heartbeat begin with: 403 when the ramdisk endpoints are switched off, 404
/// below version 1.22 (reference: api.md section 22).
void check_ramdisk_endpoint(const Call& call);

}  // namespace ferrite::api
