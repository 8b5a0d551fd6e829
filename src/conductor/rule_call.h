#pragma once

#include <functional>

#include "base/http_client.h"
#include "base/json.h"
#include "base/task.h"

namespace ferrite::conductor {

/// How an inspection rule reaches other services: HttpClient::fetch(), as a rule.
using Fetch = std::function<Task<HttpFetched>(HttpFetch)>;

/// Carries out the action `api-call` (reference: conductor.md section 10.4): GETs `url`, with
/// `headers` and by way of the one of `proxies` for the URL's scheme, so that another service
/// learns of the inspection. Without an answer in `timeout` seconds it is tried `retries` times
/// again, with pauses of `backoff_factor` seconds that double. What the service says is not looked
/// at. Throws InvalidValue for arguments that make no sense, HttpClientError without an answer, and
/// Error when the answer is an error. `fetch` outlives the task.
Task<> call_api(const Fetch* fetch, JsonObject args);

}  // namespace ferrite::conductor
