#include "image/http_access.h"

#include "base/base64.h"

namespace ferrite::image {

Secret basic_authorization(std::string_view user, const Secret& password) {
    std::string pair = std::string(user) + ":" + password.reveal();
    return Secret("Basic " + encode_base64(as_bytes(pair)));
}

HttpFetch make_fetch(std::string method, std::string url, const HttpAccess& access) {
    HttpFetch fetch;
    fetch.method = std::move(method);
    fetch.url = std::move(url);
    fetch.connect_timeout = access.connect_timeout;
    fetch.stall_timeout = access.stall_timeout;
    fetch.verify_tls = access.verify_tls;
    fetch.ca_file = access.ca_file;
    fetch.proxy = access.proxy;
    if (!access.authorization.empty())
        fetch.headers.set("Authorization", access.authorization.reveal());
    return fetch;
}

std::string display_url(std::string_view url) {
    url = url.substr(0, url.find_first_of("?#"));
    auto scheme_end = url.find("://");
    if (scheme_end == std::string_view::npos) return std::string(url);
    auto authority = scheme_end + 3;
    auto authority_end = std::min(url.find('/', authority), url.size());
    auto at = url.substr(0, authority_end).rfind('@');
    if (at == std::string_view::npos || at < authority) return std::string(url);
    return std::string(url.substr(0, authority)) + std::string(url.substr(at + 1));
}

std::string url_file_name(std::string_view url) {
    url = url.substr(0, url.find_first_of("?#"));
    auto name = url.substr(url.rfind('/') + 1);
    return percent_decode(name).value_or(std::string(name));
}

}  // namespace ferrite::image
