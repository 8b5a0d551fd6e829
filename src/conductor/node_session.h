#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "conductor/client.h"
#include "conductor/services.h"
#include "hardware/interfaces.h"
#include "store/nodes.h"

namespace ferrite::conductor {

/// The exclusive hold on a node that every change needs: its lock (`reservation`), a working copy
/// and its interfaces (reference: conductor.md section 2.4).
///
///     auto session = co_await NodeSession::lock(services, uuid);
///     session->node.maintenance = true;
///     co_await session->release();       // saves, and gives the lock back
///
/// One coroutine at a time. When it goes out of scope unreleased, the lock is given back without
/// saving. A lock that another conductor took over, because this one was held to be dead, is lost:
/// whatever would be written is refused with Error "lease_lost".
class NodeSession final : public hardware::NodeContext {
public:
    /// How long to try for a lock that somebody has: as configured, not at all, or for ever.
    enum class Patience { retry, once, patient };
    enum class Interfaces { resolve, skip };

    /// Takes the lock. Throws NotFound; Error (409, "node_locked") that names the holder; and
    /// InvalidValue when one of the node's interfaces is not there any more.
    static Task<std::unique_ptr<NodeSession>> lock(Services* services, std::string uuid,
                                                   Patience patience = Patience::retry,
                                                   Interfaces interfaces = Interfaces::resolve);

    /// A look at a node without its lock: for reading and asking, never for saving.
    static std::unique_ptr<NodeSession> look(Services& services, const std::string& uuid);

    ~NodeSession() override;

    /// Looks up the node's interfaces, for a session that was locked without. Throws InvalidValue.
    void resolve_interfaces();

    Task<> save() override;
    Task<> ensure_held() override;
    /// Saves what changed and gives the lock back, in one transaction.
    Task<> release();
    /// Gives the lock back and forgets what changed.
    Task<> abandon();

    /// Runs `f` as one transaction, in which the lock cannot be lost.
    Task<> write_held(std::function<void(store::Sql&)> f);

    /// Asks the database whether the lock is still this one's. While it cannot be asked, it is.
    Task<bool> still_holds();
    /// False once the lock was given back or is known to be lost.
    bool holds() const { return locked_; }
    /// Who asked for what is done from now on: named in the node's history.
    void asked_by(const RequestContext& context);

    void on_power_action(std::string_view status, std::string_view to_power) override;

    /// Sets last_error and keeps the event in the node's history. Written with the next save().
    void record_error(std::string_view event_type, std::string text);
    void record(std::string_view event_type, std::string text);

    Services& services() const { return *services_; }

private:
    struct Event {
        std::string severity, type, text;
        model::Node state;
    };

    explicit NodeSession(Services& services) : services_(services.shared_from_this()) {}
    void write(store::Sql& db);
    Task<> write_unless_lost(std::function<void(store::Sql&)> f);
    void write_history(store::Sql& db) const;
    void on_saved();

    std::shared_ptr<Services> services_;
    model::Node stored_;  ///< The node as the database has it.
    std::vector<Event> events_;
    store::nodes::Lease lease_;
    std::string user_, project_;
    unsigned epoch_ = 0;  ///< Of Presence, when the lock was taken.
    bool locked_ = false;
};

/// Awaits `work` on a held node. What it throws goes on to the caller once the lock is given back.
Task<> give_back_on_failure(NodeSession* session, Task<> work);

}  // namespace ferrite::conductor
