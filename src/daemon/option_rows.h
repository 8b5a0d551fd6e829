#pragma once

#include "daemon/options.h"

/// The rows of the option table, by subject. Private to the option files of the daemon.
namespace ferrite::daemon {

void add_service_rows(OptionTable<Options>& table);
void add_cluster_rows(OptionTable<Options>& table);
void add_web_rows(OptionTable<Options>& table);
void add_auth_rows(OptionTable<Options>& table);
void add_conductor_rows(OptionTable<Options>& table);
void add_hardware_rows(OptionTable<Options>& table);
void add_notification_rows(OptionTable<Options>& table);

}  // namespace ferrite::daemon
