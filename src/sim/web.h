#pragma once

#include "base/http_message.h"
#include "base/task.h"
#include "sim/fleet.h"

namespace ferrite::sim {

/// What the simulator serves over HTTP.
///
///     GET  /                     sums over the fleet
///     GET  /machines             a line for each machine
///     GET  /machines/N           the truth about one: power, boots, images written, drivers ...
///     PUT  /machines/N/faults    {"faults": ["slow-bmc:3s"]} in place of those it had
///     *    /agents/N/v1/...      the agent on it, while one runs (reference: agent.md section 3)
///
/// Any thread; `fleet` must outlive it.
class Web {
public:
    explicit Web(Fleet& fleet) : fleet_(fleet) {}

    Task<HttpResponse> answer(HttpRequest request);

private:
    Task<HttpResponse> agent(HttpRequest request, Machine* machine, std::string path);
    Task<HttpResponse> give_command(HttpRequest request, Machine* machine);
    Task<HttpResponse> show_command(Machine* machine, std::string id, bool wait);
    HttpResponse control(const HttpRequest& request);
    HttpResponse set_faults(const HttpRequest& request, Machine& machine);

    Fleet& fleet_;
};

}  // namespace ferrite::sim
