#pragma once

#include <memory>
#include <string>

#include "base/http_message.h"
#include "base/task.h"

/// Words, such as `request=req-...`, that every line of the log carries which is written on behalf
/// of one thing, without being handed to every function in between.
///
///     co_return co_await with_log_words("request=" + id, answer(request));
namespace ferrite {

/// Runs `work`, and all that it awaits, so that its lines end with `words`, on whichever thread it
/// goes on. Does nothing when there are no words.
Task<> with_log_words(std::string words, Task<> work);
Task<HttpResponse> with_log_words(std::string words, Task<HttpResponse> work);

/// The same for a block that awaits nothing: never alive across a `co_await`.
class LogScope {
public:
    explicit LogScope(const std::string& words);  ///< `words` outlives the scope.
    ~LogScope();
    LogScope(const LogScope&) = delete;
    LogScope& operator=(const LogScope&) = delete;

private:
    const std::string* before_;
};

/// The words of what runs on this thread now, to be handed on to work that is spawned; or empty.
const std::string& log_words();

}  // namespace ferrite
