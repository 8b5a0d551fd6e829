// What another process says: calls, with every argument of every method, and answers.

#include "base/bytes.h"
#include "base/error.h"
#include "conductor/rpc_message.h"
#include "conductor/rpc_methods.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ferrite::conductor;
    auto text = ferrite::as_text({data, size});
    try {
        auto request = rpc::parse_request(text);
        if (const auto* method = rpc::find_served(request.method))
            method->prepare(request.arguments);
    } catch (const ferrite::Error&) {
    }
    try {
        auto result = rpc::parse_response(text, "1");
        rpc::decode<ferrite::model::Node>(result);
    } catch (const ferrite::Error&) {
    }
    return 0;
}
