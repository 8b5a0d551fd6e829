#include "api/basic_auth.h"

#include <array>
#include <fstream>

#include <crypt.h>
#include <gmock/gmock.h>

#include "api/api_fixture.h"
#include "base/base64.h"

namespace ferrite::api {
namespace {

using testing::HasSubstr;
using testing::Not;

/// A line of a password file. The cost is the smallest that bcrypt has.
std::string line_for(std::string_view user, const std::string& password,
                     const char* prefix = "$2b$") {
    std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> salt{};
    crypt_gensalt_rn(prefix, 4, nullptr, 0, salt.data(), salt.size());
    crypt_data data{};
    return fmt::format("{}:{}\n", user, crypt_r(password.c_str(), salt.data(), &data));
}

std::string basic(std::string_view pair) {
    return "Basic " + encode_base64(as_bytes(pair));
}

class BasicAuthTest : public ApiTest {
protected:
    BasicAuthTest() {
        write(line_for("ann", "right") + "# nobody\n\n" + line_for("bob", "o:ther"));
        api_ = std::make_unique<Api>(ApiOptions{}, store_, conductor_,
                                     std::make_unique<BasicAuth>(file_, FileWatch::Interval(0)));
    }

    void write(const std::string& text) { std::ofstream(file_, std::ios::trunc) << text; }

    Reply with(std::string authorization, std::string path = "/v1/nodes",
               std::string method = "GET") {
        HttpRequest request;
        request.method = std::move(method);
        request.headers.set("X-OpenStack-Ironic-API-Version", "1.115");
        request.path = std::move(path);
        request.headers.set("Host", "api.example:6385");
        if (!authorization.empty()) request.headers.set("Authorization", std::move(authorization));
        return send(std::move(request));
    }

    std::string file_ = directory_ + "/htpasswd";
};

TEST_F(BasicAuthTest, LetsInWhoKnowsThePassword) {
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(with(basic("ann:right")).status, 200);
        EXPECT_EQ(with(basic("bob:o:ther")).status, 200);
        EXPECT_EQ(with("bAsIc " + basic("ann:right").substr(6)).status, 200);
        for (auto wrong : {"ann:wrong", "ann:", "eve:right", ":", "bob:right", "Ann:right"}) {
            auto reply = with(basic(wrong));
            EXPECT_EQ(reply.status, 401) << wrong;
            EXPECT_EQ(reply.headers.get("WWW-Authenticate"), R"(Basic realm="Baremetal API")");
            EXPECT_EQ(member(reply.at("error"), "code"), 401);
            EXPECT_THAT(reply.text, Not(HasSubstr("wrong\"")));
        }
    }
}

TEST_F(BasicAuthTest, AsksForCredentialsAndRefusesWhatAreNone) {
    auto nothing = with("");
    EXPECT_EQ(nothing.status, 401);
    EXPECT_FALSE(nothing.headers.has("X-OpenStack-Ironic-API-Version"));
    for (auto bad : {"Bearer abc", "Basic", "Basic !!!", "Basic YWJj", "Digest username=\"a\""}) {
        auto reply = with(bad);
        EXPECT_EQ(reply.status, 400) << bad;
        EXPECT_EQ(member(reply.at("error"), "code"), 400) << bad;
    }
}

TEST_F(BasicAuthTest, AsksNothingOnPublicPaths) {
    struct Row {
        std::string_view method;
        std::string_view path;
        int status;
    };
    constexpr Row kRows[] = {
        {"GET", "/", 200},
        {"GET", "/v1", 200},
        {"GET", "/v1/", 200},
        {"GET", "/v1.json", 404},
        {"GET", "/v1/lookup", 400},
        {"GET", "/v1/lookup/", 400},
        {"GET", "/lookup", 401},
        {"POST", "/v1/heartbeat/abc", 400},
        {"POST", "/v1/heartbeat/ABC", 401},
        {"POST", "/v1/heartbeat/a.b", 401},
        {"DELETE", "/v1/nodes", 401},
        {"GET", "/nodes", 401},
        {"GET", "/v1/nowhere", 401},
    };
    for (const auto& [method, path, status] : kRows)
        EXPECT_EQ(with("", std::string(path), std::string(method)).status, status) << path;
    EXPECT_EQ(with(basic("ann:right"), "/v1/nodes", "DELETE").status, 400);
}

TEST_F(BasicAuthTest, ReadsItsFileAgain) {
    EXPECT_EQ(with(basic("ann:right")).status, 200);
    write(line_for("ann", "changed") + line_for("cat", "meow"));
    EXPECT_EQ(with(basic("ann:right")).status, 401);
    EXPECT_EQ(with(basic("ann:changed")).status, 200);
    EXPECT_EQ(with(basic("cat:meow")).status, 200);
    write("ann:{SHA}nonsense\n");
    EXPECT_EQ(with(basic("ann:changed")).status, 200);
    write("# nobody\n");
    EXPECT_EQ(with(basic("ann:changed")).status, 401);
}

TEST_F(BasicAuthTest, NamesTheUserToTheHistory) {
    HttpRequest request;
    request.headers.set("Authorization", basic("ann:right"));
    request.headers.set("X-User-Id", "root");
    request.headers.set("X-Project-Id", "p1");
    BasicAuth auth(file_);
    std::optional<Authentication> found;
    auto ask = [](BasicAuth* a, HttpRequest* r, std::optional<Authentication>* f) -> Task<> {
        *f = co_await a->authenticate(r);
    };
    runtime_.run(ask(&auth, &request, &found));
    EXPECT_EQ(found->identity->user_id, "ann");
    EXPECT_EQ(found->identity->project_id, "p1");
    EXPECT_EQ(found->enforcement, Enforcement::off);
}

TEST(Htpasswd, ReadsBcryptAndNothingElse) {
    auto hash = "$2y$05$" + std::string(53, 'a');
    auto entries = parse_htpasswd("a:" + hash + "\r\n#x\n \nb:" + hash + ":more\na:" + hash, "f");
    ASSERT_EQ(entries.size(), 2u);
    EXPECT_EQ(entries[1].user, "b");
    EXPECT_EQ(entries[1].hash.reveal(), hash);
    for (const std::string& bad : std::vector<std::string>{
             "a", "a:", ":" + hash, "a:$apr1$abc$def", "a:{SHA}abc=", "a:plain",
             "a:$2x$05$" + std::string(53, 'a'), "a:$2y$05$" + std::string(52, 'a'),
             "a:$2y$05$" + std::string(52, 'a') + "!"}) {
        try {
            parse_htpasswd("#\n" + bad, "/etc/htpasswd");
            ADD_FAILURE() << bad;
        } catch (const InvalidValue& problem) {
            EXPECT_THAT(problem.message(), HasSubstr("/etc/htpasswd:2"));
            EXPECT_THAT(problem.message(), Not(HasSubstr("aaaa")));
        }
    }
}

TEST(Htpasswd, KnowsThePrefixesOfBcrypt) {
    for (auto prefix : {"$2y$", "$2a$", "$2b$"}) {
        auto entries = parse_htpasswd(line_for("u", "pw", prefix), "f");
        ASSERT_EQ(entries.size(), 1u);
        EXPECT_TRUE(has_hash(Secret("pw"), entries[0].hash)) << prefix;
        EXPECT_FALSE(has_hash(Secret("pW"), entries[0].hash)) << prefix;
    }
}

TEST(BasicAuthStart, FailsWithoutAGoodFile) {
    EXPECT_THROW(BasicAuth("/nonexistent/htpasswd"), InvalidValue);
}

TEST(FileWatch, NoticesWhatChanges) {
    auto path = std::filesystem::temp_directory_path() / fmt::format("watch-{}", getpid());
    std::filesystem::remove(path);
    FileWatch watch(path);
    EXPECT_TRUE(watch.is_due());
    EXPECT_FALSE(watch.has_changed());
    EXPECT_FALSE(watch.exists());
    EXPECT_FALSE(watch.is_due());
    std::ofstream(path) << "one";
    EXPECT_TRUE(watch.has_changed());
    EXPECT_FALSE(watch.has_changed());
    EXPECT_EQ(watch.text(), "one");
    std::ofstream(path) << "three";
    EXPECT_TRUE(watch.has_changed());
    std::filesystem::remove(path);
    EXPECT_TRUE(watch.has_changed());
    EXPECT_FALSE(watch.exists());
    EXPECT_THROW(watch.text(), InvalidValue);
}

}  // namespace
}  // namespace ferrite::api
