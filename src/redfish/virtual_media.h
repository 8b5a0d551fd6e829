#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/task.h"
#include "redfish/client.h"

/// Images that a BMC shows to its machine as if they were disks or CDs (the VirtualMedia schema).
namespace ferrite::redfish {

/// What we read of one VirtualMedia resource, a slot for one image.
struct VirtualMedia {
    std::string path;
    std::vector<std::string> media_types;  ///< `CD`, `DVD`, `Floppy`, `USBStick`.
    bool inserted = false;
    std::string image;        ///< URL of what is inserted.
    std::string insert_path;  ///< Where InsertMedia is posted to; empty: not offered.
    std::string eject_path;
};

/// Reads the resource; members that are missing or of another type are left empty.
VirtualMedia virtual_media_from_json(std::string path, const Json& resource);

bool takes(const VirtualMedia& slot, std::string_view media_type);

/// The slots of a system; where it has none of its own, those of the managers that it is managed
/// by. Throws redfish::Error.
Task<std::vector<VirtualMedia>> read_virtual_media(Client* client, std::string system_id);

/// Has the BMC read the image at `url` and show it, write-protected, as one of `media_types`, in
/// the first slot that takes it. What is in that slot is ejected first. Throws redfish::Error of
/// the last slot, and InvalidValue when there is none for these types.
Task<> insert_media(Client* client, std::string system_id, std::vector<std::string> media_types,
                    std::string url);

/// Empties every slot that takes one of `media_types`; all slots when that is empty.
Task<> eject_media(Client* client, std::string system_id, std::vector<std::string> media_types);

}  // namespace ferrite::redfish
