#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferrite {

/// Header fields in order of arrival; names compare without regard to case.
class HttpHeaders {
public:
    using Field = std::pair<std::string, std::string>;

    /// The first field of that name, or an empty view.
    std::string_view get(std::string_view name) const;
    bool has(std::string_view name) const;
    /// Replaces every field of that name by one.
    void set(std::string_view name, std::string value);
    void add(std::string name, std::string value);

    auto begin() const { return fields_.begin(); }
    auto end() const { return fields_.end(); }

private:
    std::vector<Field> fields_;
};

/// A request as a server's handler sees it: complete, within the limits of the server.
struct HttpRequest {
    std::string method;          ///< Upper case.
    std::string target;          ///< As sent: path and query.
    std::string path;            ///< Percent-decoded, without the query.
    std::string query;           ///< Raw text behind `?`, still encoded.
    HttpHeaders headers;
    std::string body;
    std::string remote_address;  ///< Numeric address of the peer, empty for a unix socket.
    std::uint16_t remote_port = 0;
    bool tls = false;
};

/// A stretch of a file as a response body; it is streamed from the page cache, never read whole.
struct FileBody {
    std::filesystem::path path;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

struct HttpResponse {
    int status = 200;
    HttpHeaders headers;
    std::string body;
    std::optional<FileBody> file;  ///< Sent in place of `body` when set.
};

/// The parameters of a query string or form in order, percent-decoded, `+` as a space. Empty when
/// the text is malformed (bad escape) and `ok` is given and set to false.
std::vector<std::pair<std::string, std::string>> parse_query(std::string_view query,
                                                             bool* ok = nullptr);

/// Percent-decoding of a path or query word; nothing for a bad escape.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);

/// Percent-encodes everything but RFC 3986 unreserved characters.
std::string percent_encode(std::string_view text);

}  // namespace ferrite
