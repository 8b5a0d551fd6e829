#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/basic_auth.h"
#include "conductor/membership.h"
#include "conductor/rpc_client.h"
#include "conductor/rpc_server.h"
#include "daemon/options.h"

/// Several processes as one service: who does what, and who may call whom.
namespace ferrite::daemon {

enum class Role { api, conductor, boot };

bool has_role(const Options& options, Role role);

/// Appends what can not be in [ferrite]roles, [DEFAULT]rpc_transport and [json_rpc], and what is
/// better otherwise.
void check_cluster(const Options& options, std::vector<std::string>& errors,
                   std::vector<std::string>& warnings);

bool uses_rpc(const Options& options);
/// The URL at which others call this conductor; empty when they do not.
std::string rpc_endpoint(const Options& options);

conductor::Membership::Options membership_settings(const Options& options);
conductor::RpcClient::Options rpc_client_settings(const Options& options);

/// Decides who may call the conductor of this process: whoever has a password in the user file, or
/// knows the one user of the section.
class RpcAdmission {
public:
    /// Throws InvalidValue that names file and line when the user file is bad or absent.
    explicit RpcAdmission(const RpcOptions& options);

    /// Nothing for a caller who is let in, else what to answer. `request` outlives the task.
    Task<std::optional<HttpResponse>> admit(const HttpRequest* request);

    /// Whether the head alone speaks for it. A wrong password of the user file shows only later,
    /// for that takes time to find out.
    bool recognise(const HttpRequest& head) const;

private:
    std::optional<api::BasicAuth> users_;
    std::string username_;
    Secret password_;
};

/// `admission` is null when everybody is let in, and outlives the server.
conductor::RpcServer::Options rpc_server_settings(const Options& options, RpcAdmission* admission);

}  // namespace ferrite::daemon
