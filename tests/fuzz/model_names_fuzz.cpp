#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "model/node.h"
#include "model/port.h"

// Names and addresses of any bytes: a name that an early version takes, a later one takes too; an
// address that is taken stays as it is when it is read again.

namespace {

bool accepted(std::string_view name, ferrite::model::MicroVersion version) {
    try {
        ferrite::model::check_node_name(name, version);
        return true;
    } catch (const ferrite::InvalidValue&) {
        return false;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ferrite::model;
    std::string_view text(reinterpret_cast<const char*>(data), size);
    bool early = accepted(text, since(1, 9));
    bool late = accepted(text, since(1, 10));
    if (early && !late) std::abort();
    if (late && !is_logical_name(text)) std::abort();
    if (auto mac = normalised_mac(text); mac && normalised_mac(*mac) != mac) std::abort();
    return 0;
}
