// The bytes of a connection, cut into pieces as the first byte says, through the request reader.

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/http_request_reader.h"
#include "base/http_response_head.h"

namespace {

using ferrite::HttpRequestReader;
using Phase = HttpRequestReader::Phase;

constexpr std::size_t kMaxHeader = 1024;
constexpr std::size_t kMaxBody = 512;

void check(bool holds) {
    if (!holds) std::abort();
}

void check_complete(HttpRequestReader& reader) {
    auto& request = reader.request();
    check(request.body.size() <= kMaxBody);
    check(!request.path.empty());
    check(request.path.find('\0') == std::string::npos);
    ferrite::HttpResponse echo;
    for (const auto& [name, value] : request.headers) echo.headers.add(name, value);
    auto head = ferrite::http_response_head(echo, {.keep_alive = reader.keep_alive()});
    check(head.find("\r\n\r\n") == head.size() - 4);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    std::size_t step = data[0] == 0 ? size : data[0];
    auto rest = ferrite::as_text({data + 1, size - 1});

    std::optional<HttpRequestReader> reader(std::in_place, kMaxHeader);
    std::string input;
    bool allowed = false;
    while (!rest.empty()) {
        input += rest.substr(0, step);
        rest.remove_prefix(std::min(step, rest.size()));
        for (std::size_t used = 1; used > 0 && !input.empty();) {
            used = reader->feed(input);
            check(used <= input.size());
            input.erase(0, used);
            if (reader->phase() == Phase::refused) return 0;
            if (reader->phase() == Phase::body && !std::exchange(allowed, true))
                reader->allow_body(kMaxBody);
            if (reader->phase() == Phase::complete) {
                check_complete(*reader);
                reader.emplace(kMaxHeader);
                allowed = false;
            }
        }
        // What is kept waiting for more is bounded.
        check(input.size() <= kMaxHeader + step);
    }
    return 0;
}
