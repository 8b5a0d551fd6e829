// Query strings, percent escapes, header fields and addresses.

#include <cstdlib>

#include "base/bytes.h"
#include "base/http_message.h"
#include "base/ip_address.h"

namespace {

void check(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto text = ferrite::as_text({data, size});

    bool ok = false;
    auto words = ferrite::parse_query(text, &ok);
    check(ok || words.empty());
    std::string again;
    for (const auto& [name, value] : words) {
        again += ferrite::percent_encode(name) + "=" + ferrite::percent_encode(value) + "&";
    }
    check(ferrite::parse_query(again) == words);
    check(ferrite::percent_decode(ferrite::percent_encode(text)) == text);

    ferrite::HttpHeaders headers;
    for (const auto& [name, value] : words) {
        headers.add(name, value);
        check(headers.has(name));
        headers.set(name, value);
        check(headers.get(name) == value);
    }

    if (auto address = ferrite::IpAddress::parse(text))
        check(ferrite::IpAddress::parse(address->to_text()) == address);
    return 0;
}
