#pragma once

#include <cstddef>
#include <memory>

#include "base/bytes.h"
#include "base/runtime.h"
#include "base/task.h"
#include "base/urgency.h"
#include "ipmi/message.h"
#include "ipmi/session_options.h"

namespace ferrite::ipmi {

class Line;

/// Carries the packets of all IPMI sessions of a process: one UDP socket per address family, one
/// timer, no thread of its own. A packet finds its session by the session id that we chose for it
/// or, where it carries none, by the BMC's address.
///
///     Transport transport(runtime);
///     Session bmc(transport, {.host = "10.0.0.7", .user = "admin", .password = secret});
class Transport {
public:
    struct Options {
        int buffer_bytes = 4 * 1024 * 1024;  ///< Of the sockets: a burst of thousands of answers.
    };

    /// `runtime` must live longer. Sockets are opened when first needed.
    explicit Transport(Runtime& runtime);
    Transport(Runtime& runtime, Options options);
    /// Fails what waits with Reason::closed. Sessions may outlive it, and fail then.
    ~Transport();
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;

    /// How many sessions exist, open or not. Any thread.
    std::size_t session_count() const;

    /// A place for one more session. Throws InvalidValue as validate() does. Any thread.
    std::shared_ptr<Line> connect(SessionOptions options);

    struct State;

private:
    std::shared_ptr<State> state_;
};

/// One session's place in a Transport: takes raw commands, from any thread, and runs them one at a
/// time. Session gives them names.
class Line : public std::enable_shared_from_this<Line> {
public:
    struct Entry;

    Line(std::shared_ptr<Transport::State> state, std::shared_ptr<Entry> entry);
    ~Line();
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;

    /// The data after the completion code. Throws ipmi::Error, and InvalidValue for more data than
    /// a packet holds. Lasts at most the session's timeout after the commands before it; when the
    /// BMC cannot be reached, those behind fail at once. A poll must bear being sent twice.
    Task<Bytes> call(Request request, Urgency urgency);

    /// Closes the session; what waits fails with Reason::closed. The next call opens it again.
    void close();

private:
    std::shared_ptr<Transport::State> state_;
    std::shared_ptr<Entry> entry_;
};

}  // namespace ferrite::ipmi
