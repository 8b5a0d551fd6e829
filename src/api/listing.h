#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/selection.h"
#include "store/page_query.h"
#include "store/sql.h"

/// Lists: paging, sorting, choice of fields and the `next` link (reference: api.md section 6).
namespace ferrite::api {

/// What the path says of the list's form: a brief one, unless `detail=` asks for more; the detailed
/// one (`/v1/nodes/detail`); or whole items always, of a resource that knows no `detail=`.
enum class ListPath { plain, detail, whole };

/// The arguments that every list takes.
struct ListArguments {
    std::optional<std::vector<std::string>> fields;
    std::optional<bool> detail;
    std::optional<std::int64_t> limit;
    std::optional<std::string> marker;
    std::string sort_key;
    std::string sort_dir;
};

/// What a marker must look like.
enum class MarkerIs { uuid, name };

/// Reads the arguments.
ListArguments read_list_arguments(Arguments& arguments, ListPath path,
                                  std::string_view default_sort_key = "id",
                                  MarkerIs marker = MarkerIs::uuid);

/// Checks `detail` against the version that it is there `since`, and against `fields`.
void check_detail(const Call& call, const ListArguments& list,
                  model::MicroVersion since = model::since(1, 43));

std::int64_t page_limit(const Call& call, std::optional<std::int64_t> asked);
bool is_descending(const std::string& sort_dir);
/// The parameters of a `next` link up to the limit.
std::string next_parameters(const Call& call, const ListArguments& arguments, ListPath path,
                            std::string_view filters, std::string_view brief_names);
/// Filters of the request as a `next` link repeats them.
std::string repeated_filters(const Call& call, const Arguments& arguments);

/// Makes room for a page of rows like the one in `body`, within reason.
void reserve_for(std::string& body, std::int64_t rows);

template <class R>
void check_sort_key(const Resource<R>& resource, const Call& call, const std::string& sort_key) {
    if (sort_key == "id") return;
    const auto* field = find_field(resource.fields, std::string_view(sort_key));
    bool sortable = field && field->stored() && field->sortable &&
                    field->shown != model::Shown::never && is_offered(resource, call, *field);
    if (!sortable)
        throw InvalidValue(fmt::format("A list of {} can not be sorted by '{}'.",
                                       resource.collection, sort_key.substr(0, 100)));
}

/// Section 8.8's order of checks: versions of `fields` and `sort_key`.
template <class R>
void check_list_versions(const Resource<R>& resource, const Call& call,
                         const ListArguments& arguments) {
    if (arguments.fields) check_selection(resource, call, *arguments.fields);
    if (const auto* field = find_field(resource.fields, std::string_view(arguments.sort_key));
        field && is_offered(resource, call, *field))
        require_version(call, field->since, fmt::format("The field {}", field->name));
}

/// Which rows `Reader` is asked for and what it does with each.
template <class R>
using PageReader = std::function<std::int64_t(store::Sql& db, const store::PageQuery& query,
                                              std::span<const model::Field<R>* const> columns,
                                              const std::function<void(const R&)>& each)>;

/// A list request whose filters are in `query.where` already.
template <class R>
struct ListRequest {
    const Resource<R>& resource;
    ListArguments arguments;
    ListPath path = ListPath::plain;
    std::string url;      ///< Behind `/v1/` in a `next` link.
    std::string filters;  ///< What a `next` link repeats: `name=value&...`
    store::PageQuery query;
    PageReader<R> read;
    std::vector<std::string_view> also_read;  ///< Fields that `read` looks at.
    bool with_next = true;
    model::MicroVersion detail_since = model::since(1, 43);
};

/// The document that each row of the list becomes.
template <class R>
Document<R> list_document(const Call& call, const ListRequest<R>& list, bool detailed) {
    auto document =
        list.arguments.fields
            ? Document<R>::of_names(list.resource, call, *list.arguments.fields)
            : Document<R>::of_kind(list.resource, call,
                                   detailed ? model::Shown::detail : model::Shown::brief);
    for (auto field : list.also_read) document.need(field);
    return document;
}

/// Writes the whole answer. What is left to check is checked in the order of the reference: detail
/// against fields, limit, sort_dir, sort_key, marker.
template <class R>
HttpResponse list_reply(const Call& call, ListRequest<R> list) {
    const auto& arguments = list.arguments;
    check_detail(call, arguments, list.detail_since);
    list.query.limit = page_limit(call, arguments.limit);
    list.query.descending = is_descending(arguments.sort_dir);
    check_sort_key(list.resource, call, arguments.sort_key);
    list.query.sort_key = arguments.sort_key;
    list.query.marker = arguments.marker;

    Showing showing(call);
    showing.brief = list.path == ListPath::plain && !arguments.detail.value_or(false);
    auto document = list_document(call, list, !showing.brief);
    std::string body = fmt::format(R"({{"{}":[)", list.resource.collection);
    std::string last_key;
    auto count = call.store().read([&](store::Sql& db) {
        return list.read(db, list.query, document.columns(), [&](const R& row) {
            bool first = body.back() == '[';
            if (!first) body += ',';
            document.append(showing, row, body);
            if (first) reserve_for(body, list.query.limit);
            last_key = row.*list.resource.key;
        });
    });
    body += ']';
    if (list.with_next && count > 0 && count == list.query.limit) {
        auto parameters = next_parameters(call, arguments, list.path, list.filters,
                                          showing.brief ? list.resource.brief_names : "");
        body += R"(,"next":)";
        append_json_string(body, fmt::format("{}/v1/{}?{}limit={}&marker={}", call.base, list.url,
                                             parameters, list.query.limit, last_key));
    }
    body += '}';
    return json_reply(200, std::move(body));
}

/// The document of rows that are shown as one whole list, such as the BIOS settings of a node: all
/// or some of the fields, or what `fields` names and the times. Throws as check_selection() does,
/// and InvalidValue for `fields` with `detailed`.
template <class R>
Document<R> part_list_document(const Resource<R>& resource, const Call& call,
                               std::optional<std::vector<std::string>> fields, bool detailed) {
    if (!fields)
        return Document<R>::of_kind(resource, call,
                                    detailed ? model::Shown::detail : model::Shown::brief);
    if (detailed) throw InvalidValue("detail=true and fields= exclude each other: leave one out.");
    check_selection(resource, call, *fields);
    fields->insert(fields->end(), {"created_at", "updated_at"});
    return Document<R>::of_names(resource, call, *fields);
}

/// A list without pages.
template <class R>
HttpResponse part_list_reply(const Resource<R>& resource, const Call& call,
                             const Document<R>& document, const std::vector<R>& rows) {
    Showing showing(call);
    std::string body = fmt::format(R"({{"{}":[)", resource.collection);
    for (const auto& row : rows) {
        if (body.back() != '[') body += ',';
        document.append(showing, row, body);
    }
    body += "]}";
    return json_reply(200, std::move(body));
}

}  // namespace ferrite::api
