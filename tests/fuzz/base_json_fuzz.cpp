#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "base/json.h"

// JSON: any bytes are either refused with InvalidValue, or what is written of them can be read
// again. (Not to the same text: the library may round a number of twenty digits by its last bit.)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    std::string quoted;
    ferrite::append_json_string(quoted, text);
    ferrite::parse_json(quoted);
    ferrite::Json value;
    try {
        value = ferrite::parse_json(text);
    } catch (const ferrite::InvalidValue&) {
        return 0;
    }
    ferrite::parse_json(ferrite::to_text(value));
    return 0;
}
