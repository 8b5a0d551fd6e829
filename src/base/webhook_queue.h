#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/http_client.h"
#include "base/runtime.h"
#include "base/secret.h"

namespace ferrite {

/// Posts JSON documents to a URL behind whoever has something to tell, in order, one at a time. A
/// receiver that is away is tried again, later and later; meanwhile so many documents wait and no
/// more. What is lost is counted and logged.
///
/// Each request has `Content-Type: application/json` and, with a secret, `X-Ferrite-Signature:
/// sha256=<HMAC-SHA256 of the body in hexadecimal>`.
///
///     WebhookQueue hook(runtime, http, {.url = "https://hooks.example/ferrite"});
///     hook.push(headers, body);
///
/// Any thread. What waits when it goes is lost.
class WebhookQueue {
public:
    struct Options {
        std::string url;  ///< Whoever knows it may often post to it: only its host is logged.
        Secret secret;    ///< Empty: no signature.
        std::size_t capacity = 1000;                   ///< Documents that wait.
        unsigned attempts = 5;                         ///< For each; then it is lost.
        std::chrono::milliseconds first_pause{1'000};  ///< Doubles with each attempt.
        std::chrono::milliseconds longest_pause{60'000};
        std::chrono::milliseconds timeout{10'000};  ///< For one attempt.
        std::string ca_file;                        ///< PEM bundle in place of the system's.
    };

    /// `runtime` and `http` must outlive it; `runtime` must be stopped before `http` goes.
    WebhookQueue(Runtime& runtime, HttpClient& http, Options options);
    ~WebhookQueue();
    WebhookQueue(const WebhookQueue&) = delete;
    WebhookQueue& operator=(const WebhookQueue&) = delete;

    /// Sends `body` with `headers` and those above. Never waits. False when the queue is full and
    /// the document lost.
    bool push(HttpHeaders headers, std::string body);

    /// How many documents were lost so far, for whatever reason.
    std::uint64_t lost() const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

/// HMAC-SHA256 of `text` in lower-case hexadecimal.
std::string hmac_sha256_hex(std::string_view key, std::string_view text);

}  // namespace ferrite
