#pragma once

#include <span>
#include <string_view>

#include "base/json.h"
#include "model/micro_version.h"

/// The OpenAPI 3.1 description of this service, made from what the service itself runs on: the
/// route table and the field tables. What those cannot say (in words: what an operation is for, and
/// the shape of bodies that are no resource) stands in the tables below, a row each.
namespace ferrite::api {

/// What is to be said of one route beside the route table.
struct Operation {
    std::string_view method;
    std::string_view pattern;  ///< As in the route table.
    int status = 200;          ///< Of success.
    /// Name of a schema. A resource's own name: as that resource is created. "Patch": a JSON patch.
    std::string_view request;
    /// Name of a schema, `[Name]` for a list under the collection's name; empty: no body.
    std::string_view response;
    std::string_view summary;
};
std::span<const Operation> operations();

/// A query parameter of a list beside paging, choice of fields and sorting, which every list takes.
struct QueryParameter {
    std::string_view collection;  ///< The pattern of the list.
    std::string_view name;
    std::string_view type;  ///< JSON Schema type; "uuid" for a string that is one.
    model::MicroVersion since{1};
};
std::span<const QueryParameter> query_parameters();

/// The document, with everything up to the microversion `max`. Fields and operations name the
/// version they appear in under `x-openstack: {"min-ver": "1.46"}`.
Json openapi_document(model::MicroVersion max);

}  // namespace ferrite::api
