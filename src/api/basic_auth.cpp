#include "api/basic_auth.h"

#include <algorithm>

#include <fmt/core.h>

#include "api/text.h"
#include "base/base64.h"
#include "base/completion.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"

namespace ferrite::api {
namespace {

constexpr std::size_t kMostVerified = 1024;
constexpr int kMostWaiting = 64;

/// This strategy has an envelope of its own (reference: api.md section 4.3).
HttpResponse refusal(int status, std::string_view why) {
    HttpResponse response;
    response.status = status;
    response.body = to_text(JsonObject{{"error", JsonObject{{"message", why}, {"code", status}}}});
    if (status == 401) response.headers.set("WWW-Authenticate", R"(Basic realm="Baremetal API")");
    return response;
}

/// The hashing, on the thread that is there for it. The asker may be gone when it ends.
Task<> compare(Secret password, Secret hash, std::shared_ptr<bool> right, Completion done) {
    *right = has_hash(password, hash);
    done.complete();
    co_return;
}

}  // namespace

/// One attempt that has to be decided by hashing.
struct BasicAuth::Login {
    Secret password;
    Secret hash;         ///< Of somebody else, when there is no such user.
    bool known = false;  ///< The user is in the file.
    bool right = false;  ///< The password was right before.
    Fingerprint print;
};

BasicCredentials parse_basic(std::string_view header) {
    auto space = header.find(' ');
    if (lower_case(header.substr(0, space)) != "basic" || space == header.npos)
        throw InvalidValue(
            "This service takes Authorization: Basic and the base64 of user:password.");
    auto decoded = decode_base64(header.substr(space + 1));
    auto text = decoded ? std::string(as_text(*decoded)) : std::string();
    auto colon = text.find(':');
    if (colon == text.npos)
        throw InvalidValue("The Authorization header holds no base64 of user:password.");
    return {.user = text.substr(0, colon), .password = Secret(text.substr(colon + 1))};
}

BasicAuth::BasicAuth(std::string file, FileWatch::Interval interval)
    : file_(std::move(file), interval), hashing_({.threads = 1, .name = "password"}) {
    MutexLock lock(mutex_);
    file_.has_changed();
    read();
}

BasicAuth::~BasicAuth() {
    hashing_.stop();
}

Task<Authentication> BasicAuth::authenticate(const HttpRequest* request) {
    auto header = request->headers.get("Authorization");
    if (header.empty())
        co_return Authentication{.refusal = refusal(401,
                                                    "This service wants a user name and a "
                                                    "password (HTTP basic).")};
    std::optional<BasicCredentials> sent;
    std::string problem;
    try {
        sent = parse_basic(header);
    } catch (const InvalidValue& bad) {
        problem = bad.message();
    }
    if (!sent) co_return Authentication{.refusal = refusal(400, problem)};
    auto user = sent->user;
    bool right = co_await verify(*sent);
    if (!right)
        co_return Authentication{.refusal =
                                     refusal(401, "The user name or the password is wrong.")};
    auto identity = std::make_shared<Identity>(*claimed_identity(request->headers));
    identity->user_id = std::move(user);
    co_return Authentication{.identity = std::move(identity), .enforcement = Enforcement::off};
}

BasicAuth::Login BasicAuth::look_up(const BasicCredentials& sent) {
    MutexLock lock(mutex_);
    if (file_.is_due() && file_.has_changed()) read_again();
    Login login{.password = sent.password,
                .print = fingerprint(fmt::format("{}:{}", sent.user, sent.password.reveal()))};
    auto entry = std::ranges::find(entries_, sent.user, &HtpasswdEntry::user);
    login.known = entry != entries_.end();
    if (login.known)
        login.hash = entry->hash;
    else if (!entries_.empty())
        login.hash = entries_.front().hash;
    auto before = verified_.find(login.print);
    login.right = login.known && before != verified_.end() && before->second == login.hash;
    return login;
}

/// Without such a user as much is computed as with him, so that nobody learns who has a password.
Task<bool> BasicAuth::verify(BasicCredentials sent) {
    auto login = look_up(sent);
    if (login.right || login.hash.empty()) co_return login.right;
    if (waiting_.load() >= kMostWaiting)
        throw Error(503, "too_many_logins",
                    "Too many passwords are being checked at this moment: try again.");
    ++waiting_;
    auto right = std::make_shared<bool>(false);
    Completion done;
    hashing_.spawn("password check", compare(login.password, login.hash, right, done));
    co_await done.wait();
    --waiting_;
    if (!*right || !login.known) co_return false;
    remember(login);
    co_return true;
}

void BasicAuth::remember(const Login& login) {
    MutexLock lock(mutex_);
    if (verified_.size() >= kMostVerified) verified_.clear();
    verified_.insert_or_assign(login.print, login.hash);
}

void BasicAuth::read() {
    entries_ = parse_htpasswd(file_.text(), file_.path());
    if (entries_.empty())
        log_warning("BASIC_AUTH_NO_USER", "file={} nobody can log in", file_.path());
}

void BasicAuth::read_again() {
    try {
        read();
        log_info("BASIC_AUTH_FILE_READ", "file={} users={}", file_.path(), entries_.size());
    } catch (const InvalidValue& problem) {
        log_error("BASIC_AUTH_FILE_BAD", "error=\"{}\" the passwords stay as they were",
                  problem.message());
    }
}

}  // namespace ferrite::api
