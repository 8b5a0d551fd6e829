#include "hardware/config_drive.h"

#include "image/config_drive.h"

namespace ferrite::hardware {

std::string config_drive_for_agent(const model::Node& node) {
    Json drive = node.instance_info.get("configdrive");
    if (drive.is_string()) return std::string(drive.as_string());
    if (!drive.is_object()) return {};
    auto contents = image::ConfigDriveContents::from_json(drive);
    contents.identify(node.uuid, node.name.value_or(""));
    return image::encode_config_drive(image::build_config_drive(contents));
}

}  // namespace ferrite::hardware
