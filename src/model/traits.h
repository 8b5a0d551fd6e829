#pragma once

#include <cstddef>
#include <string_view>

/// Traits: names of what a machine can do, by which users choose one (reference: api.md
/// section 11.6).
namespace ferrite::model {

/// The most traits that one node may have.
inline constexpr std::size_t kMostTraits = 50;

/// Whether `name` may be a trait: CUSTOM_ and capital letters, digits and underscores, or a name of
/// the standard list; 255 characters at most.
bool is_trait(std::string_view name);

/// Throws InvalidValue unless `name` may be a trait.
void check_trait(std::string_view name);

}  // namespace ferrite::model
