// Checksum files come from web servers.
#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "image/checksum_source.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto text = ferrite::as_text({data, size});
    try {
        auto found =
            ferrite::image::find_checksum(text, "disk.img", ferrite::image::Md5Policy::allowed);
        if (found.value.size() < 32) __builtin_trap();
    } catch (const ferrite::InvalidValue&) {
        // The ordinary answer to nonsense.
    }
    return 0;
}
