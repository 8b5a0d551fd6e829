#pragma once

#include <vector>

#include "conductor/client.h"
#include "conductor/services.h"
#include "model/conductor.h"

namespace ferrite::conductor {

/// What this conductor offers, by name of the hardware type; `hosts` has this one.
std::vector<DriverInfo> own_offers(const Services& services);

/// The same as it is kept in the conductor's row, for all processes of the cluster.
model::JsonText offers_text(const std::vector<DriverInfo>& offers);

/// What another conductor offers, by its row. Of a program that keeps no offers there, or in words
/// that this one does not understand, only the names of its drivers are known.
std::vector<DriverInfo> offers_of(const model::Conductor& row);

}  // namespace ferrite::conductor
