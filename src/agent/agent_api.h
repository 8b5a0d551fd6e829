#pragma once

#include <string>

#include "agent/command_board.h"
#include "base/http_message.h"
#include "base/secret.h"
#include "base/task.h"

namespace ferrite::agent {

/// The REST API of the agent: routes, token check and error bodies (reference: agent.md section 3).
/// It knows nothing of sockets, so tests call it with requests of their own.
///
///     AgentApi api(board, "1.2.3");
///     api.set_token(token);
///     HttpServer server(executor, options, [&](HttpRequest r) { return api.answer(std::move(r));
///     });
class AgentApi {
public:
    /// `version` is shown by /v1/status.
    AgentApi(CommandBoard& board, std::string version);

    /// The token every call on commands must carry; without one all are refused. Before serving.
    void set_token(Secret token) { token_ = std::move(token); }

    /// How large a request may be: a config drive travels inside a command, but only with the
    /// token.
    std::size_t body_limit(const HttpRequest& head) const;

    /// Any thread. Never throws.
    Task<HttpResponse> answer(HttpRequest request);

private:
    Task<HttpResponse> dispatch(HttpRequest request);
    Task<HttpResponse> commands(HttpRequest request);
    Task<HttpResponse> command(HttpRequest request, std::string id);
    Task<HttpResponse> run_command(HttpRequest request);
    bool is_authorised(const HttpRequest& request) const;

    CommandBoard& board_;
    std::string version_;
    double started_at_;
    Secret token_;
};

}  // namespace ferrite::agent
