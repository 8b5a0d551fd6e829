#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "base/json.h"

namespace ferrite::api {

/// The named arguments of a request: the one way a handler reads its query string and, where the
/// endpoint takes arguments rather than a document, its JSON or form body; all are merged
/// (reference: api.md sections 1 and 5).
///
///     auto arguments = Arguments::of_query_and_body(call);
///     auto target = arguments.required_text("target");
///     auto timeout = arguments.integer("timeout");
///     arguments.finish();      // 400 for whatever else was sent
///
/// Readers return nothing for an absent argument and for JSON null, and throw InvalidValue that
/// names the argument when the value is of another kind.
class Arguments {
public:
    static Arguments of_query(const Call& call);
    static Arguments of_query_and_body(const Call& call);

    bool given(std::string_view name) const;
    std::optional<std::string> text(std::string_view name);
    /// Throws InvalidValue when the argument is absent; null is "not given" but present.
    std::optional<std::string> required_text(std::string_view name);
    std::optional<bool> flag(std::string_view name);
    std::optional<bool> required_flag(std::string_view name);  ///< As required_text().
    std::optional<std::int64_t> integer(std::string_view name);
    /// In canonical form.
    std::optional<std::string> uuid(std::string_view name);
    /// A UUID or a logical name.
    std::optional<std::string> ident(std::string_view name);
    std::optional<std::string> mac(std::string_view name);
    /// Comma-separated words: trimmed, in lower case, each once.
    std::optional<std::vector<std::string>> words(std::string_view name);
    /// The same without touching the case: values that are compared with stored text.
    std::optional<std::vector<std::string>> texts(std::string_view name);
    /// Any JSON; null when absent. A query argument is text.
    Json json(std::string_view name);

    /// Throws InvalidValue that lists the arguments nobody asked for.
    void finish() const;

    /// The names and texts of the query string, for links that repeat it.
    const std::vector<std::pair<std::string, std::string>>& query() const { return query_; }

private:
    explicit Arguments(const Call& call);
    void add_body(const Call& call);
    void require(std::string_view name) const;
    /// The value of `name`, which counts as asked for from now on; null when absent.
    Json take(std::string_view name);
    std::optional<std::vector<std::string>> list(std::string_view name, const Json& value) const;
    [[noreturn]] void refuse(std::string_view name, const Json& value,
                             std::string_view expected) const;

    bool lists_may_repeat_;
    std::vector<std::pair<std::string, std::string>> query_;
    JsonObject values_;
    std::set<std::string, std::less<>> asked_;
};

}  // namespace ferrite::api
