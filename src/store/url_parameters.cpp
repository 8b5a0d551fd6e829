#include "store/url_parameters.h"

#include <algorithm>
#include <span>

#include <boost/algorithm/string/predicate.hpp>
#include <fmt/core.h>
#include <fmt/ranges.h>

#include "base/error.h"

namespace ferrite::store {
namespace {

struct Parameter {
    std::string_view name;
    /// The values that it can have, with blanks between; kNumber; or empty for any text.
    std::string_view values = "";
};

constexpr std::string_view kNumber = "a number";
constexpr std::string_view kFlag = "true false yes no on off 1 0";

/// libpq's.
constexpr Parameter kPostgresql[] = {
    {"host"},
    {"sslmode", "disable allow prefer require verify-ca verify-full"},
    {"sslrootcert"},
    {"sslcert"},
    {"sslkey"},
    {"sslpassword"},
    {"sslcrl"},
    {"sslcrldir"},
    {"sslsni", "0 1"},
    {"ssl_min_protocol_version", "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3"},
    {"ssl_max_protocol_version", "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3"},
    {"channel_binding", "disable prefer require"},
    {"gssencmode", "disable prefer require"},
    {"krbsrvname"},
    {"target_session_attrs", "any read-write read-only primary standby prefer-standby"},
    {"application_name"},
    {"options"},
    {"client_encoding", "utf8 utf-8 unicode"},
    {"connect_timeout", kNumber},
    {"keepalives", "0 1"},
    {"keepalives_idle", kNumber},
    {"keepalives_interval", kNumber},
    {"keepalives_count", kNumber},
    {"tcp_user_timeout", kNumber},
};

/// PyMySQL's, and mysqlclient's ssl_mode.
constexpr Parameter kMariadb[] = {
    {"unix_socket"},
    {"ssl_mode", "DISABLED PREFERRED REQUIRED VERIFY_CA VERIFY_IDENTITY"},
    {"ssl_ca"},
    {"ssl_capath"},
    {"ssl_cert"},
    {"ssl_key"},
    {"ssl_cipher"},
    {"ssl_check_hostname", kFlag},
    {"ssl_verify_cert", kFlag},
    {"ssl_verify_identity", kFlag},
    {"charset", "utf8 utf8mb3 utf8mb4"},
    {"use_unicode", "true yes on 1"},
    {"connect_timeout", kNumber},
    {"read_timeout", kNumber},
    {"write_timeout", kNumber},
};

std::span<const Parameter> parameters_of(Database::Kind kind) {
    if (kind == Database::Kind::postgresql) return kPostgresql;
    return kMariadb;
}

bool is_one_of(std::string_view value, std::string_view values) {
    while (!values.empty()) {
        auto end = std::min(values.find(' '), values.size());
        if (boost::algorithm::iequals(value, values.substr(0, end))) return true;
        values.remove_prefix(std::min(end + 1, values.size()));
    }
    return false;
}

bool is_number(std::string_view value) {
    return !value.empty() && value.size() < 10 &&
           std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; });
}

bool can_have(const Parameter& parameter, std::string_view value) {
    if (parameter.values.empty()) return !value.empty();
    return parameter.values == kNumber ? is_number(value) : is_one_of(value, parameter.values);
}

}  // namespace

void check_url_parameter(Database::Kind kind, std::string_view name, std::string_view value) {
    auto known = parameters_of(kind);
    auto parameter = std::ranges::find(known, name, &Parameter::name);
    if (parameter == known.end()) {
        std::vector<std::string_view> names;
        for (const auto& one : known) names.push_back(one.name);
        throw InvalidValue(fmt::format(
            "the URL's parameter '{}' is not known: correct it or take it out; there are {}",
            name.substr(0, 40), fmt::join(names, ", ")));
    }
    if (can_have(*parameter, value)) return;
    throw InvalidValue(
        fmt::format("the URL's parameter '{}' can not have that value: write {}", name,
                    parameter->values.empty()
                        ? "some text behind it, or take it out"
                        : fmt::format("{}{}", parameter->values == kNumber ? "" : "one of ",
                                      parameter->values)));
}

void refuse_repeated_parameter(std::string_view name) {
    throw InvalidValue(
        fmt::format("the URL's parameter '{}' is there more than once: leave one of them", name));
}

bool is_set(std::string_view flag) {
    return is_one_of(flag, "true yes on 1");
}

}  // namespace ferrite::store
