#include "netboot/boot_http.h"

#include "netboot/boot_script.h"
#include "netboot/file_response.h"

namespace ferrite::netboot {
namespace {

using Kind = BootEvent::Kind;

constexpr std::string_view kMachines = "/boot/";
constexpr std::string_view kScriptEnding = ".ipxe";

HttpResponse text(int status, std::string body) {
    HttpResponse response{.status = status, .body = std::move(body)};
    response.headers.set("Content-Type", "text/plain");
    // Scripts follow the state of the node: nothing on the way may keep one.
    response.headers.set("Cache-Control", "no-store");
    return response;
}

HttpResponse not_found() {
    return text(404, "not found\n");
}

std::string_view name_of(BootKind kind) {
    switch (kind) {
        case BootKind::none:
            return "none";
        case BootKind::local_disk:
            return "local_disk";
        case BootKind::network:
            return "network";
        case BootKind::san:
            return "san";
    }
    return "";
}

}  // namespace

BootHttp::BootHttp(Options options, BootDirectory& directory)
    : options_(std::move(options)), directory_(directory) {}

HttpHandler BootHttp::handler() const {
    return [this](HttpRequest request) { return serve(std::move(request)); };
}

Task<HttpResponse> BootHttp::serve(HttpRequest request) const {
    co_return answer(request);
}

HttpResponse BootHttp::answer(const HttpRequest& request) const {
    if (request.method != "GET" && request.method != "HEAD") {
        auto refusal = text(405, "only GET and HEAD\n");
        refusal.headers.set("Allow", "GET, HEAD");
        return refusal;
    }
    std::string_view path = request.path;
    if (path == "/boot.ipxe") return text(200, chain_script(options_.http_url));
    if (path.starts_with(kMachines)) return machine(request, path.substr(kMachines.size()));
    for (auto& hook : options_.hooks) {
        if (!path.starts_with(hook.prefix)) continue;
        auto file = hook.resolve(path.substr(hook.prefix.size()), request);
        return file ? file_response(request, *file) : not_found();
    }
    if (path.starts_with('/')) path.remove_prefix(1);
    auto file = options_.files.find(path);
    if (file == options_.files.end()) return not_found();
    return serve_file(request, {.client = client_of(request, {}), .detail = file->first},
                      file->second);
}

/// `<mac>.ipxe`, `<mac>/kernel`, `<mac>/ramdisk` or `<mac>/iso`.
HttpResponse BootHttp::machine(const HttpRequest& request, std::string_view rest) const {
    constexpr std::size_t kMacLength = 17;
    auto mac = MacAddress::parse(rest.substr(0, kMacLength));
    if (!mac) return not_found();
    rest.remove_prefix(kMacLength);
    if (rest == kScriptEnding) return script(request, *mac);
    if (rest == "/kernel" || rest == "/ramdisk" || rest == "/iso")
        return plan_file(request, *mac, rest.substr(1));
    return not_found();
}

HttpResponse BootHttp::script(const HttpRequest& request, const MacAddress& mac) const {
    auto client = client_of(request, mac);
    auto plan = directory_.plan_for(client);
    directory_.saw({.kind = Kind::script_served,
                    .client = client,
                    .node = plan ? plan->node : "",
                    .detail = std::string(plan ? name_of(plan->kind) : "unknown machine")});
    return text(200, boot_script(plan ? &*plan : nullptr, mac, options_.http_url));
}

HttpResponse BootHttp::plan_file(const HttpRequest& request, const MacAddress& mac,
                                 std::string_view name) const {
    auto client = client_of(request, mac);
    auto plan = directory_.plan_for(client);
    BootEvent event{.client = client, .node = plan ? plan->node : "", .detail = std::string(name)};
    std::filesystem::path path;
    if (plan && plan->kind == BootKind::network && name != "iso")
        path = name == "kernel" ? plan->kernel : plan->ramdisk;
    if (plan && plan->kind == BootKind::san && name == "iso") path = plan->san_target;
    if (path.is_absolute()) return serve_file(request, std::move(event), path);
    event.kind = Kind::download_failed;
    event.detail += ": the node is not to boot from the network now";
    directory_.saw(event);
    return not_found();
}

HttpResponse BootHttp::serve_file(const HttpRequest& request, BootEvent event,
                                  const std::filesystem::path& path) const {
    auto response = file_response(request, path);
    event.kind = response.status < 400 ? Kind::download : Kind::download_failed;
    if (response.status >= 400)
        event.detail += ": " + response.body.substr(0, response.body.find('\n'));
    if (response.file && request.method == "GET") event.bytes = response.file->length;
    directory_.saw(event);
    return response;
}

BootClient BootHttp::client_of(const HttpRequest& request, const MacAddress& mac) const {
    return {.mac = mac,
            .ip = IpAddress::parse(request.remote_address).value_or(IpAddress{}),
            .stage = mac.is_zero() ? BootStage::uefi_http : BootStage::ipxe};
}

}  // namespace ferrite::netboot
