#include "api/request_id.h"

#include <cstdlib>
#include <memory>
#include <string_view>
#include <typeinfo>

#include <cxxabi.h>
#include <fmt/core.h>

#include "base/error.h"
#include "base/uuid.h"

namespace ferrite::api {
namespace {

std::string type_name(const std::exception& problem) {
    int status = 0;
    std::unique_ptr<char, decltype(&std::free)> name(
        abi::__cxa_demangle(typeid(problem).name(), nullptr, nullptr, &status), &std::free);
    return status == 0 ? name.get() : typeid(problem).name();
}

}  // namespace

std::string global_request_id(const HttpHeaders& headers) {
    constexpr std::string_view kStart = "req-";
    auto sent = headers.get("X-Openstack-Request-Id");
    if (!sent.starts_with(kStart)) return {};
    auto id = sent.substr(kStart.size());
    return normalised_uuid(id) == id ? std::string(sent) : std::string();
}

std::string log_id(const conductor::RequestContext& context) {
    if (context.global_request_id.empty()) return context.request_id;
    return context.request_id + "/" + context.global_request_id;
}

std::string describe_failure(const HttpRequest& request, const std::exception& problem) {
    const auto* error = dynamic_cast<const Error*>(&problem);
    return fmt::format("{}{}: {}\n  while handling {} {}", type_name(problem),
                       error ? fmt::format(" ({})", error->code()) : "", problem.what(),
                       request.method, request.path.substr(0, 200));
}

}  // namespace ferrite::api
