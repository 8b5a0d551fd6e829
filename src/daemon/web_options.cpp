#include "daemon/web_options.h"

#include <algorithm>
#include <charconv>

#include "daemon/option_rows.h"

namespace ferrite::daemon {
namespace {

using PortFiles = std::vector<std::pair<std::uint16_t, std::string>>;

/// `6385:/run/ferrite/off, 6386:/run/other/off`
OptionType<PortFiles> port_files() {
    auto words = list();
    return {.allowed = "a list of PORT:FILE",
            .parse = [parse = words.parse](OptionTexts texts) -> std::optional<PortFiles> {
                PortFiles files;
                for (const auto& word : parse(texts).value_or(std::vector<std::string>())) {
                    auto colon = std::min(word.find(':'), word.size());
                    std::uint16_t port = 0;
                    auto [end, failure] = std::from_chars(word.data(), word.data() + colon, port);
                    if (failure != std::errc() || end != word.data() + colon ||
                        colon + 1 >= word.size())
                        return std::nullopt;
                    files.emplace_back(port, word.substr(colon + 1));
                }
                return files;
            },
            .print =
                [](const PortFiles& files) {
                    std::string text;
                    for (const auto& [port, file] : files)
                        text += (text.empty() ? "" : ",") + std::to_string(port) + ":" + file;
                    return text;
                }};
}

/// `10.0.0.0/8, fd00::/8, 192.0.2.7`
OptionType<std::vector<std::string>> address_ranges() {
    auto type = list();
    type.allowed = "a list of addresses or ADDRESS/BITS";
    type.parse = [parse = type.parse](OptionTexts texts) {
        auto ranges = parse(texts);
        if (ranges && !std::ranges::all_of(*ranges, api::is_address_range)) ranges.reset();
        return ranges;
    };
    return type;
}

void add_cors_rows(OptionTable<Options>& table) {
    using O = api::CorsOptions;
    table.section<O>(
        "cors", &Options::cors,
        {
            {"allowed_origin", &O::allowed_origin, list(),
             "Origins (https://host[:port]) whose web pages may use the API; * for all."},
            {"allow_credentials", &O::allow_credentials, flag(),
             "Let those pages send the user's credentials."},
            {"expose_headers", &O::expose_headers, list(),
             "Headers of an answer that pages may read besides the simple ones."},
            {"max_age", &O::max_age, seconds(),
             "Seconds for which a browser may keep the answer to its question beforehand."},
            {"allow_methods", &O::allow_methods, list(), "Methods that pages may use."},
            {"allow_headers", &O::allow_headers, list(),
             "Headers that pages may send besides the simple ones, X-Auth-Token and the version."},
        });
}

void add_healthcheck_rows(OptionTable<Options>& table) {
    using O = api::HealthcheckOptions;
    table.section<O>(
        "healthcheck", &Options::healthcheck,
        {
            {"enabled", &O::enabled, flag(), "Answer load balancers, without authentication."},
            {"path", &O::path, text(), "Path of that page."},
            {"detailed", &O::detailed, flag(), "Tell more there: file names, time and platform."},
            {"disable_by_file_path", &O::disable_by_file_path, text(),
             "While this file exists, the page says 503."},
            {"disable_by_file_paths", &O::disable_by_file_paths, port_files(),
             "The same for one port each."},
            {"enable_by_file_paths", &O::enable_by_file_paths, list(),
             "While one of these files is missing, the page says 503."},
            {"allowed_source_ranges", &O::allowed_source_ranges, address_ranges(),
             "Networks whose requests are answered; empty: all."},
            {"ignore_proxied_requests", &O::ignore_proxied_requests, flag(),
             "Do not answer requests that came through a proxy."},
        });
}

void add_serving_rows(OptionTable<Options>& table) {
    using O = ServingOptions;
    table.section<O>(
        "ferrite_api", &Options::serving,
        {
            {"access_log", &O::access_log, text(),
             "File that gets a line for every request; empty: none."},
            {"client_ca_file", &O::client_ca_file, text(),
             "Authorities (PEM) of the certificates that clients must show; empty: none is asked "
             "for.",
             FormerName{"ssl", "ca_file"}},
            {"client_certificates", &O::client_certificates,
             choice<ClientCertificates>({{"optional", ClientCertificates::optional},
                                         {"required", ClientCertificates::required}}),
             "Whether a client may also come without a certificate."},
            {"max_connections", &O::max_connections, integer<std::size_t>(1, 1'000'000),
             "Connections at one time; the next is refused."},
            {"header_timeout", &O::header_timeout, seconds(1),
             "Seconds for the head of a request to arrive."},
            {"body_timeout", &O::body_timeout, seconds(1),
             "Seconds of silence while a body arrives or an answer is taken."},
            {"whole_body_timeout", &O::whole_body_timeout, seconds(1),
             "Seconds for a whole body to arrive."},
            {"idle_timeout", &O::idle_timeout, seconds(1),
             "Seconds for which a connection without a request is kept."},
        });
}

}  // namespace

void add_web_rows(OptionTable<Options>& table) {
    table.section<MiddlewareOptions>(
        "oslo_middleware", &Options::middleware,
        {{"enable_proxy_headers_parsing", &MiddlewareOptions::enable_proxy_headers_parsing, flag(),
          "Believe the Forwarded or X-Forwarded headers of a proxy in front when making links."}});
    add_healthcheck_rows(table);
    add_cors_rows(table);
    add_serving_rows(table);
}

}  // namespace ferrite::daemon
