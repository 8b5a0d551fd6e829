#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/http_server.h"
#include "netboot/boot_directory.h"

namespace ferrite::netboot {

/// The boot loaders that TFTP and HTTP serve, by the name under which they are asked for.
using BootFileTable = std::map<std::string, std::filesystem::path, std::less<>>;

/// What the boot service answers by HTTP:
///
///     /boot.ipxe                     a script that goes on to the next one
///     /boot/<mac>.ipxe               the script of a machine, from its plan of this moment
///     /boot/<mac>/kernel, /ramdisk   the files of its plan, with ranges
///     /<name>                        a boot loader of the table (UEFI HTTP boot)
///     <prefix><rest>                 a file that one of the `FileHook`s resolves (images for
///     agents)
///
/// GET and HEAD only. Every path is looked up in the plan, the table or a hook; none is joined to a
/// directory, so no request can leave what is meant to be served.
class BootHttp {
public:
    /// Resolves the part of the path behind `prefix` to a file, or to nothing for a 404. The hook
    /// checks tokens and names; it runs on a worker, several at a time, and may block for
    /// milliseconds.
    struct FileHook {
        std::string prefix;  ///< `/agent_images/`
        std::function<std::optional<std::filesystem::path>(std::string_view rest,
                                                           const HttpRequest& request)>
            resolve;
    };
    struct Options {
        std::string http_url;  ///< Of this service, as machines reach it; no slash at the end.
        BootFileTable files;
        std::vector<FileHook> hooks;
    };

    BootHttp(Options options, BootDirectory& directory);

    /// Any worker, several at a time.
    HttpResponse answer(const HttpRequest& request) const;

    /// For HttpServer, or for a router that mounts the paths above. This object must outlive it.
    HttpHandler handler() const;

private:
    Task<HttpResponse> serve(HttpRequest request) const;
    HttpResponse script(const HttpRequest& request, const MacAddress& mac) const;
    HttpResponse plan_file(const HttpRequest& request, const MacAddress& mac,
                           std::string_view name) const;
    HttpResponse machine(const HttpRequest& request, std::string_view rest) const;
    HttpResponse serve_file(const HttpRequest& request, BootEvent event,
                            const std::filesystem::path& path) const;
    BootClient client_of(const HttpRequest& request, const MacAddress& mac) const;

    Options options_;
    BootDirectory& directory_;
};

}  // namespace ferrite::netboot
