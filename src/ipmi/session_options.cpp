#include "ipmi/session_options.h"

#include <fmt/format.h>

#include "base/error.h"
#include "ipmi/cipher_suite.h"

namespace ferrite::ipmi {
namespace {

constexpr std::size_t kLongestUser = 16;
constexpr std::size_t kLongestPasswordV15 = 16;
constexpr std::size_t kLongestKey = 20;

void check_length(std::string_view what, std::size_t length, std::size_t most) {
    if (length > most)
        throw InvalidValue(
            fmt::format("IPMI {} has {} bytes; at most {} are possible", what, length, most));
}

void check_suite(std::uint8_t id) {
    if (find_cipher_suite(id) == nullptr)
        throw InvalidValue(
            fmt::format("IPMI cipher suite {} is not supported; use 17, 3, 16, 15, 2 or 1", id));
}

void check_positive(std::string_view what, std::chrono::milliseconds value) {
    if (value.count() <= 0) throw InvalidValue(fmt::format("IPMI {} must be above 0", what));
}

}  // namespace

void validate(const SessionOptions& options) {
    if (options.host.empty()) throw InvalidValue("The IPMI address is empty");
    if (options.port == 0) throw InvalidValue("The IPMI port must be between 1 and 65535");
    check_length("user name", options.user.size(), kLongestUser);
    check_length("password", options.password.reveal().size(),
                 options.protocol == Protocol::v1_5 ? kLongestPasswordV15 : kLongestKey);
    check_length("Kg key", options.kg_key.reveal().size(), kLongestKey);
    if (options.cipher_suite) check_suite(*options.cipher_suite);
    for (auto id : options.cipher_suites_to_try) check_suite(id);
    if (!options.cipher_suite && options.cipher_suites_to_try.empty())
        throw InvalidValue("The list of IPMI cipher suites to try is empty");
    check_positive("timeout", options.timeout);
    check_positive("retry interval", options.retry_interval);
    check_positive("idle timeout", options.idle_timeout);
    if (options.min_command_interval.count() < 0)
        throw InvalidValue("IPMI min command interval must not be negative");
}

}  // namespace ferrite::ipmi
