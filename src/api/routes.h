#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "api/envelope.h"

namespace ferrite::api {

/// How a request is refused whose version is older than the route (reference: api.md section 3.5).
/// `hidden_404`: the router's, or a handler's, as `Manners::router_hides_parts` says.
enum class TooOld { fault_404, fault_405, fault_406, router_404, router_405, hidden_404 };

/// One row of the route table. A handler that only reads is a plain function; one that asks the
/// conductor is a coroutine.
struct Route {
    using Answer = HttpResponse (*)(const Call&);
    using Work = Task<HttpResponse> (*)(Call);

    std::string_view method;
    /// Words behind `/v1/`; `{node}` and the like match any one word, `*` all that follow.
    std::string_view pattern;
    /// The policy rule behind `baremetal:` that a caller must pass; for what belongs to a node, in
    /// the light of that node. Empty: everybody may.
    std::string_view rule;
    Answer answer = nullptr;
    Work work = nullptr;
    model::MicroVersion since{1};
    TooOld too_old = TooOld::fault_404;

    constexpr Route(std::string_view m, std::string_view p, std::string_view r, Answer a,
                    model::MicroVersion s = {1}, TooOld t = TooOld::fault_404)
        : method(m), pattern(p), rule(r), answer(a), since(s), too_old(t) {}
    constexpr Route(std::string_view m, std::string_view p, std::string_view r, Work w,
                    model::MicroVersion s = {1}, TooOld t = TooOld::fault_404)
        : method(m), pattern(p), rule(r), work(w), since(s), too_old(t) {}
};

/// Where a request goes: a route, or why to none.
struct RouteMatch {
    const Route* route = nullptr;
    RouterRefusal refusal;
    std::vector<std::string> words;  ///< What the `{}` words of the pattern stood for.
};

/// The words of a path behind an optional `/v1`; nothing for a path with an empty word. One `/` at
/// the end is ignored.
std::optional<std::vector<std::string>> path_words(std::string_view path);

/// Finds the row for `method` and the words of the path. The first pattern that fits wins.
RouteMatch find_route(std::string_view method, const std::vector<std::string>& words);

/// The row of exactly this method and pattern, or null.
const Route* route_of(std::string_view method, std::string_view pattern);

/// All routes (route_table.cpp).
std::span<const Route> routes();

/// Which methods the `Allow` header of a 405 names: they belong to the collection, not to the one
/// path. The first pattern that fits the beginning of the path wins.
struct Allowed {
    std::string_view pattern;
    std::string_view methods;
};
std::span<const Allowed> allowed_methods();

}  // namespace ferrite::api
