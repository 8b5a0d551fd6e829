// Root-device hints and boot parameters are texts that people type.

#include "agent/boot_parameters.h"
#include "agent/root_hints.h"
#include "base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ferrite::agent;
    auto text = ferrite::as_text({data, size});
    auto half = text.size() / 2;
    for (auto kind : {HintTest::Kind::text, HintTest::Kind::number}) {
        try {
            HintTest::parse(text.substr(0, half), kind).holds(text.substr(half));
        } catch (const ferrite::InvalidValue&) {
        }
    }
    try {
        read_options(BootParameters::parse(text));
    } catch (const ferrite::InvalidValue&) {
    }
    boot_interface_mac(text);
    return 0;
}
