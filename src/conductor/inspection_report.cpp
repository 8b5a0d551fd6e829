#include "conductor/inspection_report.h"

#include <exception>

#include <fmt/core.h>

#include "base/error.h"
#include "base/log.h"
#include "conductor/failure.h"
#include "conductor/inspection_hooks.h"
#include "conductor/inspection_rules.h"
#include "conductor/locked.h"
#include "conductor/node_update.h"
#include "conductor/state_change.h"
#include "model/states.h"
#include "store/inventories.h"
#include "store/ports.h"

namespace ferrite::conductor {
namespace {

namespace states = model::states;

/// A card that is another node's by now is not worth failing for.
void insert_port(store::Sql& db, model::Port port) {
    if (auto other = store::ports::find_by_address(db, port.address)) {
        log_warning("INSPECTION_PORT_TAKEN", "node={} address={} owner={}", port.node_uuid,
                    port.address, other->node_uuid);
        return;
    }
    store::ports::insert(db, port);
}

void write_ports(store::Sql& db, const std::vector<model::Port>& before, Inspected& inspected) {
    for (const auto& port : inspected.lost_ports) store::ports::remove(db, port);
    for (auto& port : inspected.ports)
        for (const auto& old : before)
            if (old.uuid == port.uuid) store::ports::save(db, old, port);
    for (const auto& port : inspected.new_ports) insert_port(db, port);
}

Task<> keep_inventory(NodeSession* session, InspectionReport report) {
    model::NodeInventory row;
    row.node_uuid = session->node.uuid;
    row.inventory_data = model::JsonText(Json(std::move(report.inventory)));
    report.plugin_data.erase("logs");
    row.plugin_data = model::JsonText(Json(std::move(report.plugin_data)));
    co_await session->write_held([&](store::Sql& db) { store::inventories::put(db, row); });
}

/// Saves the node as `found`. When that can not be, it is left as it was: it must be possible to
/// save that the inspection has failed.
Task<> take_over(NodeSession* session, model::Node found) {
    auto before = session->node;
    std::exception_ptr failure;
    try {
        apply_update(*session, before, found, false);
        co_await session->save();
    } catch (...) {
        failure = std::current_exception();
    }
    if (!failure) co_return;
    session->node = std::move(before);
    std::rethrow_exception(failure);
}

/// Works the report into the node; throws what fails the inspection.
Task<> work_in(NodeSession* session, InspectionReport report) {
    const auto& options = session->services().options.inspection;
    auto before = session->ports;
    auto found = session->node;
    Inspected inspected{.node = found,
                        .ports = session->ports,
                        .inventory = report.inventory,
                        .plugin_data = report.plugin_data};
    run_inspection_hooks(options, inspected);
    auto rules =
        session->services().store.read([](store::Sql& db) { return inspection_rules(db, "main"); });
    co_await apply_inspection_rules(std::move(rules), &inspected,
                                    &session->services().options.fetch);
    co_await take_over(session, found);
    co_await session->write_held([&](store::Sql& db) { write_ports(db, before, inspected); });
    if (options.keep_inventory) co_await keep_inventory(session, std::move(report));
}

Task<> finish(NodeSession* session, InspectionReport report) {
    auto& node = session->node;
    bool waited = !report.discovered;
    auto failure = co_await failure_of(work_in(session, std::move(report)));
    if (waited) {
        auto left = co_await failure_of(session->driver.inspect->clean_up(session));
        if (!failure) failure = left;
    }
    forget_operation(node, Forget::steps_and_agent);
    if (failure) session->record_error("introspection", *failure);
    if (waited) change_state(node, failure ? "fail" : "done", Follows::nothing);
}

}  // namespace

Task<> take_inspection_report(Services* services, std::string uuid, InspectionReport report) {
    auto awaited = report.discovered ? states::enroll : states::inspect_wait;
    auto check = [&](NodeSession& held) {
        if (!held.node.in_state(awaited))
            throw NotFound(fmt::format("Node {} awaits no inspection report.", uuid));
    };
    auto session = co_await locked_for_work(services, uuid, check, NodeSession::Patience::once);
    log_info("INSPECTION_REPORT", "node={}", session->node.uuid);
    if (!report.discovered) {
        change_state(session->node, "resume", Follows::work);
        co_await session->save();
    }
    carry_out(*services, std::move(session), "inspection",
              [report = std::move(report)](Services*, NodeSession* held) {
                  return finish(held, report);
              });
}

}  // namespace ferrite::conductor
