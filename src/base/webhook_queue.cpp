#include "base/webhook_queue.h"

#include <algorithm>
#include <array>
#include <deque>
#include <mutex>
#include <utility>

#include <fmt/core.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/log.h"

namespace ferrite {
namespace {

using Clock = std::chrono::steady_clock;

/// A receiver that is away for hours is a line in the log now and then, not one for each document.
constexpr std::chrono::seconds kBetweenWarnings{60};

enum class Outcome { delivered, refused, try_again };

Outcome outcome_of(int status) {
    if (status >= 200 && status < 300) return Outcome::delivered;
    // Too early, too many, or trouble of the receiver's own: the document itself is not at fault.
    bool passes = status == 408 || status == 425 || status == 429 || status >= 500;
    return passes ? Outcome::try_again : Outcome::refused;
}

}  // namespace

std::string hmac_sha256_hex(std::string_view key, std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
    std::string hex;
    for (unsigned i = 0; i < size; ++i) hex += fmt::format("{:02x}", digest[i]);
    return hex;
}

struct WebhookQueue::State : std::enable_shared_from_this<State> {
    struct Document {
        HttpHeaders headers;
        std::string body;
    };

    Runtime& runtime;
    HttpClient& http;
    const Options options;
    std::mutex mutex;
    std::deque<Document> waiting;
    bool sending = false;
    bool stopped = false;
    std::uint64_t lost = 0;
    std::uint64_t lost_unsaid = 0;
    Clock::time_point last_warning{};

    State(Runtime& r, HttpClient& h, Options o) : runtime(r), http(h), options(std::move(o)) {}

    /// Under the mutex.
    void count_lost(std::string_view why) {
        ++lost;
        ++lost_unsaid;
        if (last_warning != Clock::time_point() && Clock::now() - last_warning < kBetweenWarnings)
            return;
        log_warning("WEBHOOK_LOST", "documents={} in_all={} reason=\"{}\"",
                    std::exchange(lost_unsaid, 0), lost, why);
        last_warning = Clock::now();
    }

    HttpFetch request_for(const Document& document) const {
        HttpFetch request;
        request.method = "POST";
        request.url = options.url;
        request.path_is_secret = true;
        request.headers = document.headers;
        request.headers.set("Content-Type", "application/json");
        if (!options.secret.empty())
            request.headers.set(
                "X-Ferrite-Signature",
                "sha256=" + hmac_sha256_hex(options.secret.reveal(), document.body));
        request.body = document.body;
        request.connect_timeout = request.timeout = options.timeout;
        request.stall_timeout = std::chrono::ceil<std::chrono::seconds>(options.timeout);
        request.follow_redirects = false;
        request.ca_file = options.ca_file;
        return request;
    }

    /// The document that is next; nothing, and the sender ends, when there is none.
    std::optional<Document> next() {
        std::lock_guard lock(mutex);
        sending = !stopped && !waiting.empty();
        if (!sending) return std::nullopt;
        auto document = std::move(waiting.front());
        waiting.pop_front();
        return document;
    }

    void give_up(std::string_view why) {
        std::lock_guard lock(mutex);
        count_lost(why);
    }

    static Task<> deliver(std::shared_ptr<State> self, Document document) {
        auto pause = self->options.first_pause;
        for (unsigned attempt = 1;; ++attempt) {
            std::string why;
            auto outcome = Outcome::try_again;
            try {
                auto answer = co_await self->http.fetch(self->request_for(document));
                outcome = outcome_of(answer.status);
                why = fmt::format("it answers {}", answer.status);
            } catch (const std::exception& error) {
                why = error.what();
            }
            if (outcome == Outcome::delivered) co_return;
            if (outcome == Outcome::refused || attempt >= self->options.attempts)
                co_return self->give_up(why);
            co_await sleep_for(pause);
            pause = std::min(2 * pause, self->options.longest_pause);
        }
    }

    static Task<> send_all(std::shared_ptr<State> self) {
        while (auto document = self->next()) co_await deliver(self, std::move(*document));
    }
};

WebhookQueue::WebhookQueue(Runtime& runtime, HttpClient& http, Options options)
    : state_(std::make_shared<State>(runtime, http, std::move(options))) {}

WebhookQueue::~WebhookQueue() {
    std::lock_guard lock(state_->mutex);
    state_->stopped = true;
    state_->waiting.clear();
}

bool WebhookQueue::push(HttpHeaders headers, std::string body) {
    bool idle = false;
    {
        std::lock_guard lock(state_->mutex);
        if (state_->waiting.size() >= state_->options.capacity) {
            state_->count_lost("the queue is full");
            return false;
        }
        state_->waiting.push_back({std::move(headers), std::move(body)});
        idle = !std::exchange(state_->sending, true);
    }
    if (idle) state_->runtime.spawn("webhook", State::send_all(state_));
    return true;
}

std::uint64_t WebhookQueue::lost() const {
    std::lock_guard lock(state_->mutex);
    return state_->lost;
}

}  // namespace ferrite
