#pragma once

#include <array>
#include <span>
#include <string_view>

namespace ferrite::model {

/// Members of a node's documents that are secret although not all of their names hold a secret word
/// (base/secret_words.h).
inline constexpr std::array<std::string_view, 4> kSecretNodeNames = {
    "snmp_auth_key", "snmp_priv_key", "image_url", "configdrive"};
/// Those of driver_info and driver_internal_info.
inline constexpr std::span<const std::string_view> kSecretDriverNames{kSecretNodeNames.data(), 2};
/// Those of instance_info; an empty one is shown.
inline constexpr std::span<const std::string_view> kSecretInstanceNames{kSecretNodeNames.data() + 2,
                                                                        2};

}  // namespace ferrite::model
