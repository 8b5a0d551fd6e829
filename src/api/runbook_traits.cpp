#include <fmt/core.h>

#include "api/arguments.h"
#include "api/handlers.h"
#include "api/runbooks.h"
#include "api/traits.h"
#include "model/traits.h"
#include "store/runbooks.h"

/// The traits of a runbook, of which a node must have one to be worked on by it (reference: api.md
/// section 20).
namespace ferrite::api {
namespace {

using model::JsonText;
using model::Runbook;

/// Stores what `change` makes of the traits as they are at that moment.
template <class Change>
Task<> change_traits(store::Store* store, Runbook runbook, Change change) {
    co_await store->write([&](store::Sql& db) {
        auto before = store::runbooks::get(db, runbook.uuid);
        auto after = before;
        after.traits = change(before.traits);
        store::runbooks::save(db, before, after);
    });
}

Runbook find_without_arguments(const Call& call) {
    Arguments::of_query(call).finish();
    return find_runbook(call, call.words[0], call.rule);
}

}  // namespace

HttpResponse show_runbook_traits(const Call& call) {
    return json_reply(200, traits_document(find_without_arguments(call).traits));
}

Task<HttpResponse> set_runbook_traits(Call call) {
    auto runbook = find_without_arguments(call);
    auto traits = read_traits(call.document());
    co_await change_traits(&call.store(), runbook, [&](const JsonText&) { return traits; });
    co_return empty_reply(204);
}

Task<HttpResponse> add_runbook_trait(Call call) {
    auto runbook = find_without_arguments(call);
    const auto& trait = call.words[1];
    model::check_trait(trait);
    check_no_body(call.document());
    co_await change_traits(&call.store(), runbook,
                           [&](const JsonText& traits) { return with_trait(traits, trait); });
    co_return located(empty_reply(204), call,
                      fmt::format("runbooks/{}/traits/{}", call.words[0], trait));
}

Task<HttpResponse> delete_runbook_traits(Call call) {
    auto runbook = find_without_arguments(call);
    co_await change_traits(&call.store(), runbook, [](const JsonText&) { return JsonText(); });
    co_return empty_reply(204);
}

Task<HttpResponse> delete_runbook_trait(Call call) {
    auto runbook = find_without_arguments(call);
    const auto& trait = call.words[1];
    co_await change_traits(&call.store(), runbook,
                           [&](const JsonText& traits) { return without_trait(traits, trait); });
    co_return empty_reply(204);
}

}  // namespace ferrite::api
