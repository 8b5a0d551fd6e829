// A whole request of a client: `METHOD path?query`, header lines, an empty line, the body. Whatever
// comes in, the API must answer with a status and valid JSON (or nothing), and never with a crash.
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "../api/fake_conductor.h"
#include "api/api.h"
#include "base/json.h"
#include "base/runtime.h"

namespace {

using namespace ferrite;

/// One service for all inputs: they meet what earlier ones left behind, as clients do.
struct Service {
    std::string directory = [] {
        std::string pattern = std::filesystem::temp_directory_path() / "ferrite-api-fuzz-XXXXXX";
        return std::string(mkdtemp(pattern.data()));
    }();
    store::Store store{{.path = directory + "/db"}};
    api::FakeConductor conductor{store};
    Runtime runtime{{.threads = 1, .name = "api"}};
    api::Api api{{}, store, conductor};

    Service() {
        store.write_now([](store::Sql& db) {
            model::Node node;
            node.uuid = "11110001-0000-4000-8000-000000000001";
            node.name = "n";
            node.driver = "fake-hardware";
            node.provision_state = "manageable";
            store::nodes::insert(db, node);
        });
    }
    ~Service() {
        runtime.stop();
        std::filesystem::remove_all(directory);
    }
};

std::string_view take_line(std::string_view& text) {
    auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

HttpRequest read_request(std::string_view text) {
    HttpRequest request;
    auto first = take_line(text);
    auto space = std::min(first.find(' '), first.size());
    request.method = first.substr(0, space);
    request.target = first.substr(std::min(space + 1, first.size()));
    auto question = std::min(request.target.find('?'), request.target.size());
    request.path = percent_decode(request.target.substr(0, question)).value_or("/");
    request.query = request.target.substr(std::min(question + 1, request.target.size()));
    while (!text.empty()) {
        auto line = take_line(text);
        if (line.empty()) break;
        auto colon = std::min(line.find(':'), line.size());
        request.headers.add(std::string(line.substr(0, colon)),
                            std::string(line.substr(std::min(colon + 1, line.size()))));
    }
    request.body = text;
    return request;
}

Task<> answer(api::Api* api, HttpRequest request, HttpResponse* response) {
    *response = co_await api->handle(std::move(request));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Service service;
    auto request = read_request({reinterpret_cast<const char*>(data), size});
    HttpResponse response;
    service.runtime.run(answer(&service.api, std::move(request), &response));
    if (response.status < 200 || response.status > 599 || response.status == 500) std::abort();
    if (!response.body.empty()) parse_json(response.body, 128);
    return 0;
}
