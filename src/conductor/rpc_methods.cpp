#include "conductor/rpc_methods.h"

#include <algorithm>
#include <vector>

namespace ferrite::conductor::rpc {
namespace {

template <auto Call>
Task<Json> carry_out(Client* client, RequestContext context, ArgumentsOf<Call> arguments) {
    auto work = make_call<Call>(client, std::move(context), std::move(arguments));
    if constexpr (std::is_void_v<ResultOf<Call>>) {
        co_await std::move(work);
        co_return Json();
    } else {
        co_return encode(co_await std::move(work));
    }
}

template <auto Call>
Prepared prepare(const JsonArray& json) {
    return [arguments = decode_arguments<ArgumentsOf<Call>>(json)](Client* client,
                                                                   RequestContext context) {
        return carry_out<Call>(client, std::move(context), arguments);
    };
}

std::vector<Served> make_table() {
    std::vector<Served> table;
    for_each_method(
        [&]<auto Call>(const Method<Call>& row) { table.push_back({row.name, &prepare<Call>}); });
    return table;
}

}  // namespace

const Served* find_served(std::string_view name) {
    static const auto table = make_table();
    auto found = std::ranges::find(table, name, &Served::name);
    return found == table.end() ? nullptr : &*found;
}

}  // namespace ferrite::conductor::rpc
