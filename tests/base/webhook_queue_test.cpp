#include "base/webhook_queue.h"

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/http_server.h"

namespace ferrite {
namespace {

using namespace std::chrono_literals;

struct WebhookTest : testing::Test {
    WebhookTest() { server.start(); }
    ~WebhookTest() override { runtime.stop(); }

    static Task<HttpResponse> receive(WebhookTest* self, HttpRequest request) {
        std::lock_guard lock(self->mutex);
        self->received.push_back(std::move(request));
        HttpResponse response;
        response.status = self->refusals > 0 ? self->refuse_with : 204;
        if (self->refusals > 0) --self->refusals;
        co_return response;
    }
    WebhookQueue::Options options() {
        return {.url = "http://127.0.0.1:" + std::to_string(server.port()) + "/hook",
                .first_pause = 1ms,
                .longest_pause = 5ms};
    }
    bool eventually(const std::function<bool()>& condition) {
        for (auto end = std::chrono::steady_clock::now() + 60s;
             std::chrono::steady_clock::now() < end; std::this_thread::sleep_for(2ms))
            if (condition()) return true;
        return false;
    }
    std::size_t count() {
        std::lock_guard lock(mutex);
        return received.size();
    }

    std::mutex mutex;
    std::vector<HttpRequest> received;
    int refusals = 0;
    int refuse_with = 503;
    Runtime runtime{{.threads = 2, .name = "test"}};
    HttpClient http{runtime.executor()};
    HttpServer server{runtime.executor(), {}, [this](HttpRequest request) {
                          return receive(this, std::move(request));
                      }};
};

TEST_F(WebhookTest, PostsInOrderAndSigns) {
    auto settings = options();
    settings.secret = Secret("key");
    WebhookQueue hook(runtime, http, settings);
    for (int i = 0; i < 5; ++i) {
        HttpHeaders headers;
        headers.set("X-Event", std::to_string(i));
        EXPECT_TRUE(hook.push(headers, "body " + std::to_string(i)));
    }
    ASSERT_TRUE(eventually([&] { return count() == 5; }));
    for (std::size_t i = 0; i < 5; ++i) {
        const auto& request = received[i];
        EXPECT_EQ(request.method, "POST");
        EXPECT_EQ(request.path, "/hook");
        EXPECT_EQ(request.body, "body " + std::to_string(i));
        EXPECT_EQ(request.headers.get("X-Event"), std::to_string(i));
        EXPECT_EQ(request.headers.get("Content-Type"), "application/json");
        EXPECT_EQ(request.headers.get("X-Ferrite-Signature"),
                  "sha256=" + hmac_sha256_hex("key", request.body));
    }
    EXPECT_EQ(hook.lost(), 0u);
}

TEST_F(WebhookTest, TriesAgainWhileTheReceiverIsAway) {
    refusals = 3;
    WebhookQueue hook(runtime, http, options());
    hook.push({}, "one");
    EXPECT_TRUE(eventually([&] { return count() == 4; }));
    EXPECT_EQ(hook.lost(), 0u);
}

TEST_F(WebhookTest, LosesWhatIsRefusedOrTriedTooOftenAndGoesOn) {
    auto settings = options();
    settings.attempts = 2;
    WebhookQueue hook(runtime, http, settings);
    refusals = 1;
    refuse_with = 400;
    hook.push({}, "refused");
    ASSERT_TRUE(eventually([&] { return hook.lost() == 1; }));
    {
        std::lock_guard lock(mutex);
        refusals = 2;
        refuse_with = 500;
    }
    hook.push({}, "tried");
    hook.push({}, "good");
    ASSERT_TRUE(eventually([&] { return count() == 4; }));
    EXPECT_EQ(hook.lost(), 2u);
    EXPECT_EQ(received.back().body, "good");
}

TEST_F(WebhookTest, AFullQueueLosesTheNewest) {
    auto settings = options();
    settings.url = "http://127.0.0.1:9/";  // discard: nobody listens
    settings.capacity = 2;
    settings.first_pause = 1h;
    WebhookQueue hook(runtime, http, settings);
    int taken = 0;
    for (int i = 0; i < 10; ++i) taken += hook.push({}, "x");
    EXPECT_LE(taken, 3) << "two wait, and one is on its way";
    EXPECT_EQ(hook.lost(), static_cast<std::uint64_t>(10 - taken));
}

TEST(HmacTest, AgreesWithRfc4231) {
    EXPECT_EQ(hmac_sha256_hex("Jefe", "what do ya want for nothing?"),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

}  // namespace
}  // namespace ferrite
