// The answer to a lookup and an image_info arrive over the network.

#include "agent/agent_error.h"
#include "agent/image_info.h"
#include "agent/provisioning_api.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto text = ferrite::as_text({data, size});
    try {
        ferrite::agent::parse_lookup(text);
    } catch (const ferrite::InvalidValue&) {
    }
    try {
        auto info = ferrite::agent::parse_image_info(ferrite::parse_json(text),
                                                     ferrite::image::Md5Policy::allowed);
        for (const auto& url : info.urls) info.access_to(url);
    } catch (const ferrite::Error&) {
    }
    return 0;
}
