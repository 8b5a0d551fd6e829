// Config drives are what a user put into the API: base64, gzip, or an image.
#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "image/config_drive.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        auto image = ferrite::image::decode_config_drive(ferrite::as_text({data, size}));
        if (image.size() > ferrite::image::kLargestConfigDrive) __builtin_trap();
    } catch (const ferrite::InvalidValue&) {
        // The ordinary answer to nonsense.
    }
    return 0;
}
