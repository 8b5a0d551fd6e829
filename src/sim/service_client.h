#pragma once

#include <string>

#include "base/http_client.h"
#include "base/json.h"
#include "base/task.h"

namespace ferrite::sim {

/// The provisioning service as its users see it: requests to its public API. Any thread.
class ServiceClient {
public:
    struct Reply {
        int status = 0;  ///< 0: there was no answer.
        Json body;
        std::string problem;  ///< What the service says is wrong, or why there was no answer.

        bool ok() const { return status >= 200 && status < 300; }
    };

    /// `client` must outlive it; `url` is the API's root, such as http://127.0.0.1:6385.
    ServiceClient(HttpClient& client, std::string url);

    const std::string& url() const { return url_; }

    /// One request, with `body` unless that is null. Never throws for what the service or the
    /// network does. `microversion` is the minor number.
    Task<Reply> call(std::string method, std::string path, Json body, unsigned microversion);

private:
    HttpClient& client_;
    const std::string url_;
};

}  // namespace ferrite::sim
