#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "model/capabilities.h"

// Capabilities of any bytes, as the text of a document and as the document: they are read or
// absent, never an error, and a boot mode has no capital letters.

namespace {

void look_at(const ferrite::model::JsonText& document) {
    ferrite::model::Node node;
    node.instance_info = document;
    node.properties = document;
    node.driver_internal_info = document;
    for (char c : ferrite::model::boot_mode_of(node, "uefi"))
        if (c >= 'A' && c <= 'Z') std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    std::string document = R"({"capabilities":)";
    ferrite::append_json_string(document, text);
    look_at(ferrite::model::JsonText(document + '}'));
    try {
        ferrite::parse_json(text);
    } catch (const ferrite::InvalidValue&) {
        return 0;  // a document is JSON or it is not stored
    }
    look_at(ferrite::model::JsonText(std::string(text)));
    return 0;
}
