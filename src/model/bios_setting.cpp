#include "model/bios_setting.h"

namespace ferrite::model {
namespace {

using enum FieldType;

constexpr Field<BiosSetting> kFields[] = {
    // clang-format off
    field("node_uuid", uuid, &BiosSetting::node_uuid, since(1, 40), hidden, indexed),
    field("created_at", timestamp, &BiosSetting::created_at, since(1, 40), brief),
    field("updated_at", timestamp, &BiosSetting::updated_at, since(1, 40), brief),
    field("name", text, &BiosSetting::name, since(1, 40), brief),
    field("value", text, &BiosSetting::value, since(1, 40), brief),
    field("attribute_type", text, &BiosSetting::attribute_type, since(1, 74)),
    field("allowable_values", list, &BiosSetting::allowable_values, since(1, 74)),
    field("lower_bound", integer, &BiosSetting::lower_bound, since(1, 74)),
    field("upper_bound", integer, &BiosSetting::upper_bound, since(1, 74)),
    field("min_length", integer, &BiosSetting::min_length, since(1, 74)),
    field("max_length", integer, &BiosSetting::max_length, since(1, 74)),
    field("read_only", boolean, &BiosSetting::read_only, since(1, 74)),
    field("reset_required", boolean, &BiosSetting::reset_required, since(1, 74)),
    field("unique", boolean, &BiosSetting::unique_value, since(1, 74)),
    computed<BiosSetting>("links", list, since(1, 40), brief, unselectable),
    // clang-format on
};

}  // namespace

std::span<const Field<BiosSetting>> bios_setting_fields() {
    return kFields;
}

}  // namespace ferrite::model
