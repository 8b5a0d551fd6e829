#include <chrono>
#include <cstdlib>
#include <random>

#include <fmt/ranges.h>

#include "api/api_fixture.h"
#include "api/routes.h"
#include "base/log.h"

/// Requests by the thousand for every row of the route table and every method, bent in path, query,
/// headers and body: none may crash the API, fail inside it (500), be answered with what is no
/// JSON, or take long. Environment: FERRITE_STORM is the number of requests, FERRITE_STORM_SEED
/// another sequence of them.
namespace ferrite::api {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kFew = 6000;
/// After so many the database is a fresh one: lists stay short.
constexpr std::size_t kWave = 20'000;
/// After so many a DELETE may have hit what the others need.
constexpr std::size_t kBetween = 40;
/// Far beyond what an answer takes, even with sanitizers on a busy machine.
constexpr std::chrono::seconds kTooLong{10};

constexpr auto kNode = "11110001-0000-4000-8000-000000000001";

constexpr std::string_view kMethods[] = {"GET",  "POST",    "PUT",   "PATCH", "DELETE",
                                         "HEAD", "OPTIONS", "TRACE", "BREW",  ""};

/// What may stand for a `{word}` of a pattern, or anywhere in a path.
constexpr std::string_view kWords[] = {
    "11110001-0000-4000-8000-000000000001",
    "11110001000040008000000000000001",
    "99990001-0000-4000-8000-000000000009",
    "node-1",
    "node-1.json",
    "port-1",
    "group-1",
    "fake-hardware",
    "cond1",
    "detail",
    "validate",
    "states",
    "provision",
    "power",
    "power_state",
    "properties",
    "maintenance",
    "traits",
    "CUSTOM_ONE",
    "vifs",
    "methods",
    "supported",
    "0",
    "-1",
    "..",
    ".",
    "%00",
    "*",
    "~",
    "a b",
    "\xC3\xA9t\xC3\xA9",
    "\xFF\xFE",
    "';--",
    "name\n",
    "52:54:00:00:00:01",
    "",
};

constexpr std::string_view kParameters[] = {
    "fields",
    "limit",
    "marker",
    "sort_key",
    "sort_dir",
    "detail",
    "chassis_uuid",
    "instance_uuid",
    "associated",
    "maintenance",
    "provision_state",
    "driver",
    "resource_class",
    "fault",
    "conductor_group",
    "conductor",
    "owner",
    "lessee",
    "project",
    "description_contains",
    "retired",
    "parent_node",
    "include_children",
    "shard",
    "sharded",
    "node",
    "node_uuid",
    "address",
    "addresses",
    "portgroup",
    "physical_network",
    "type",
    "target",
    "verb",
    "power",
    "agent_token",
    "agent_version",
    "callback_url",
    "method",
    "interface",
    "state",
    "boot_device",
    "persistent",
    "reason",
    "_method",
    "volume_id",
    "connector_id",
    "node_ident",
    "timeout",
    "enabled",
    "instance_name",
    "unknown",
    "",
};

constexpr std::string_view kValues[] = {
    "",
    "1",
    "0",
    "-1",
    "true",
    "False",
    "None",
    "null",
    "uuid",
    "name",
    "uuid,name,links",
    "desc",
    "asc",
    "1e9",
    "99999999999999999999",
    "nan",
    "power on",
    "manage",
    "active",
    "pxe",
    "52:54:00:00:00:01",
    "11110001-0000-4000-8000-000000000001",
    "a,b,,c",
    "%",
    "%zz",
    "%00",
    "links",
    "node_uuid",
    "\xFF",
    "[]",
    "{}",
    "2026-01-01T00:00:00+00:00",
    "tags",
    "properties",
    "http://192.0.2.1:9999",
    "*",
    "_",
    "'",
    "\"",
    "..",
    "1.5",
};

/// A document, and a part of the patterns where it means something; empty: nowhere in particular.
struct Body {
    std::string_view place;
    std::string_view text;
};
constexpr Body kBodies[] = {
    // clang-format off
    {"nodes", R"({"driver":"fake-hardware","name":"storm","properties":{"cpus":4},"extra":{"a":[1,{"b":null}]}})"},
    {"nodes", R"({"uuid":"11110001-0000-4000-8000-000000000077","driver":"ipmi","driver_info":{"ipmi_password":"x"}})"},
    {"nodes", R"({"driver":"fake-hardware","chassis_uuid":null,"resource_class":"x","traits":[]})"},
    {"", R"([{"op":"replace","path":"/extra","value":{"a":1}}])"},
    {"nodes/{node}", R"([{"op":"add","path":"/properties/cpus","value":2},{"op":"remove","path":"/properties/cpus"}])"},
    {"nodes/{node}", R"([{"op":"test","path":"/name","value":"x"},{"op":"remove","path":"/instance_info"}])"},
    {"nodes/{node}", R"([{"op":"replace","path":"/maintenance","value":"true"},{"op":"replace","path":"/driver","value":"ipmi"}])"},
    {"", R"([{"op":"add","path":"/extra/a/-","value":[]},{"op":"move","from":"/a","path":"/b"}])"},
    {"ports", R"({"node_uuid":"11110001-0000-4000-8000-000000000001","address":"52:54:00:00:00:99"})"},
    {"ports", R"({"node_uuid":"11110001-0000-4000-8000-000000000001","address":"52:54:00:00:00:98","local_link_connection":{"switch_id":"00:11:22:33:44:55","port_id":"1","switch_info":"s"},"pxe_enabled":true})"},
    {"portgroups", R"({"node_uuid":"11110001-0000-4000-8000-000000000001","address":"52:54:00:00:00:97","mode":"802.3ad","properties":{"bond_miimon":100}})"},
    {"chassis", R"({"description":"rack","extra":{}})"},
    {"states/power", R"({"target":"power on","timeout":30})"},
    {"states/provision", R"({"target":"manage"})"},
    {"states/provision", R"({"target":"active","configdrive":"aGVsbG8=","deploy_steps":[{"interface":"deploy","step":"write_image","args":{},"priority":80}]})"},
    {"states/provision", R"({"target":"active","configdrive":{"meta_data":{"a":1},"network_data":{"links":[]},"user_data":"x"}})"},
    {"states/provision", R"({"target":"clean","clean_steps":[{"interface":"deploy","step":"erase_devices","args":{}}]})"},
    {"states/provision", R"({"target":"service","service_steps":[{"interface":"vendor","step":"send_raw"}]})"},
    {"states/provision", R"({"target":"rescue","rescue_password":"secret"})"},
    {"states/boot_mode", R"({"target":"uefi"})"},
    {"states/", R"({"target":true,"enabled":"on"})"},
    {"states/raid", R"({"target_raid_config":1,"logical_disks":[{"size_gb":"MAX","raid_level":"1","is_root_volume":true}]})"},
    {"maintenance", R"({"reason":"because"})"},
    {"boot_device", R"({"boot_device":"pxe","persistent":true})"},
    {"vifs", R"({"id":"11110001-0000-4000-8000-000000000055"})"},
    {"traits", R"({"traits":["CUSTOM_A","HW_CPU_X86_VMX"]})"},
    {"vendor_passthru", R"({"method":"first_method","bar":"x"})"},
    {"vmedia", R"({"device_type":"cdrom","image_url":"http://192.0.2.1/x.iso","image_download_source":"http"})"},
    {"volume/connectors", R"({"type":"iqn","connector_id":"iqn.2026-01.x:1","node_uuid":"11110001-0000-4000-8000-000000000001"})"},
    {"volume/targets", R"({"volume_type":"iscsi","boot_index":0,"volume_id":"v1","properties":{},"node_uuid":"11110001-0000-4000-8000-000000000001"})"},
    {"allocations", R"({"resource_class":"x","candidate_nodes":["node-1"],"traits":["CUSTOM_A"],"name":"alloc"})"},
    {"deploy_templates", R"({"name":"CUSTOM_T","steps":[{"interface":"deploy","step":"x","args":{},"priority":1,"order":1}]})"},
    {"inspection_rules", R"({"description":"rule","actions":[{"op":"set-attribute","args":{"path":"/a","value":1}}],"conditions":[{"op":"eq","args":{"values":[1,1]}}]})"},
    {"events", R"({"events":[{"event":"network.bind_port","port_id":"11110001-0000-4000-8000-000000000055","mac_address":"52:54:00:00:00:01","status":"ACTIVE","device_id":"x","binding:host_id":"x"}]})"},
    {"heartbeat", R"({"callback_url":"https://192.0.2.1:9999","agent_token":"t","agent_version":"9.0","agent_verify_ca":"-----BEGIN CERTIFICATE-----","agent_status":"start","agent_status_message":"m"})"},
    {"continue_inspection", R"({"inventory":{"interfaces":[{"mac_address":"52:54:00:00:00:01"}]},"plugin_data":{}})"},
    {"indicators", R"({"state":"ON"})"},
    {"runbooks", R"({"name":"CUSTOM_R","steps":[{"interface":"deploy","step":"x","args":{},"order":1}],"public":false})"},
    {"", "null"},
    {"", "true"},
    {"", "[]"},
    {"", "{}"},
    {"", "\"text\""},
    {"", "0"},
    {"", ""},
    // clang-format on
};

constexpr std::pair<std::string_view, std::string_view> kHeaders[] = {
    {"X-OpenStack-Ironic-API-Version", "1.50"},
    {"X-OpenStack-Ironic-API-Version", "latest"},
    {"X-OpenStack-Ironic-API-Version", "nonsense"},
    {"X-OpenStack-Ironic-API-Version", "1.99999999999999999999"},
    {"OpenStack-API-Version", "baremetal 1.80"},
    {"OpenStack-API-Version", "compute 2.1,baremetal,,baremetal 1.x"},
    {"Accept", "text/html"},
    {"Accept", "application/json;q=0.1, */*;q=nan"},
    {"Accept", ";;;,,"},
    {"Content-Type", "text/plain"},
    {"Content-Type", "application/x-www-form-urlencoded"},
    {"Content-Type", ""},
    {"Host", "evil\"host"},
    {"Host", ""},
    {"X-Forwarded-Host", "front.example"},
    {"Forwarded", "for=;proto=\";host=[::1"},
    {"Origin", "https://page.example"},
    {"Access-Control-Request-Method", "PATCH"},
    {"Access-Control-Request-Headers", ",,x-auth-token,\xFF"},
    {"X-Openstack-Request-Id", "req-11110001-0000-4000-8000-00000000000a"},
    {"OpenStack-System-Scope", "all"},
    {"X-Auth-Token", "token"},
    {"Authorization", "Basic !!!!"},
    {"X-Roles", "admin,member"},
    {"X-Project-Id", "\xFF"},
    {"If-None-Match", "*"},
};

/// Makes the requests; the same seed makes the same ones.
class Storm {
public:
    explicit Storm(std::uint64_t seed) : random_(seed) {}

    HttpRequest next() {
        HttpRequest request;
        const auto& route = routes()[below(routes().size())];
        request.method = one_in(4) ? any(kMethods) : route.method;
        request.path = path_of(route.pattern);
        request.query = one_in(request.method == "GET" ? 2 : 6) ? query() : "";
        request.target = request.path + "?" + request.query;
        request.remote_address = "192.0.2.7";
        request.headers.add("Host", "api.example:6385");
        if (!one_in(8))
            request.headers.add("X-OpenStack-Ironic-API-Version",
                                one_in(3) ? "1." + std::to_string(below(120)) : "1.115");
        request.body = body(request.method, route.pattern);
        if (!request.body.empty() && !one_in(10))
            request.headers.add("Content-Type", "application/json");
        while (one_in(5)) {
            auto [name, value] = kHeaders[below(std::size(kHeaders))];
            request.headers.set(name, std::string(value));
        }
        return request;
    }

private:
    std::size_t below(std::size_t limit) { return random_() % limit; }
    bool one_in(std::size_t n) { return below(n) == 0; }
    template <std::size_t N>
    std::string any(const std::string_view (&words)[N]) {
        return std::string(words[below(N)]);
    }

    std::string path_of(std::string_view pattern) {
        if (one_in(50)) return bent("/" + any(kWords));
        std::string path = one_in(10) ? "" : "/v1";
        for (std::size_t at = 0; at < pattern.size();) {
            auto end = std::min(pattern.find('/', at), pattern.size());
            auto word = pattern.substr(at, end - at);
            path += '/';
            if (word.starts_with("{node}") && !one_in(5))
                path += kNode;
            else if (word.starts_with('{') || word == "*" || one_in(40))
                path += any(kWords);
            else
                path += word;
            at = end + 1;
        }
        if (one_in(20)) path += "/" + any(kWords);
        if (one_in(30)) path += ".json";
        if (one_in(60)) path += std::string(5000, 'x');
        return one_in(30) ? bent(std::move(path)) : path;
    }

    std::string query() {
        std::string text;
        do {
            auto value = any(kValues);
            if (one_in(200)) value.assign(50'000, ',');
            text += (text.empty() ? "" : "&") + any(kParameters) + (one_in(20) ? "" : "=") +
                    (one_in(2) ? percent_encode(value) : value);
        } while (one_in(2));
        return one_in(20) ? bent(std::move(text)) : text;
    }

    std::string body(std::string_view method, std::string_view pattern) {
        if (one_in(400)) return large_body();
        if (method == "GET" && !one_in(10)) return {};
        auto text = fitting_body(method, pattern);
        if (text.empty()) return text;
        if (!one_in(3)) text = to_text(changed(parse_json(text)));
        return one_in(15) ? bent(std::move(text)) : text;
    }

    /// Mostly one that the handler takes apart, sometimes any.
    std::string fitting_body(std::string_view method, std::string_view pattern) {
        const Body* body = &kBodies[below(std::size(kBodies))];
        bool wants_patch = method == "PATCH";
        for (int i = 0; i < 60 && !one_in(80); ++i) {
            bool is_patch = body->text.starts_with("[{");
            bool is_at_home = is_patch || !body->place.empty();
            if (is_at_home && is_patch == wants_patch && pattern.find(body->place) != pattern.npos)
                break;
            body = &kBodies[below(std::size(kBodies))];
        }
        return std::string(body->text);
    }

    /// What costs much when an answer is made carelessly.
    std::string large_body() {
        std::string text;
        switch (below(4)) {
            case 0:
                text = R"({"driver":"fake-hardware","extra":{"a":")" + std::string(300'000, 'a') +
                       "\"}}";
                break;
            case 1:
                for (int i = 0; i < 3000; ++i)
                    text += fmt::format(R"({}{{"op":"add","path":"/extra/k{}","value":{}}})",
                                        i ? "," : "[", i, i);
                text += "]";
                break;
            case 2:
                text = std::string(200, '[') + std::string(200, ']');
                break;
            default:
                for (int i = 0; i < 5000; ++i)
                    text += fmt::format(R"({}"k{}":{{"a":[]}})", i ? "," : "{", i);
                text += "}";
        }
        return text;
    }

    /// A copy with one or a few values exchanged for others, somewhere.
    Json changed(Json value) {
        do {
            replace_in(value, 0);
        } while (one_in(2));
        return value;
    }

    void replace_in(Json& value, int depth) {
        if (value.is_object() && !value.as_object().empty() && !one_in(4)) {
            auto& object = value.as_object();
            auto member = object.begin() + below(object.size());
            if (one_in(6))
                object.erase(member);
            else if (one_in(8))
                object[any(kParameters)] = other_value();
            else
                replace_in(member->value(), depth + 1);
        } else if (value.is_array() && !value.as_array().empty() && !one_in(4)) {
            auto& array = value.as_array();
            if (one_in(6))
                array.push_back(Json(array[below(array.size())]));
            else
                replace_in(array[below(array.size())], depth + 1);
        } else if (depth > 0 || one_in(10)) {
            value = other_value();
        }
    }

    Json other_value() {
        switch (below(14)) {
            case 0:
                return nullptr;
            case 1:
                return true;
            case 2:
                return -1;
            case 3:
                return std::int64_t{1} << 62;
            case 4:
                return 1e308;
            case 5:
                return JsonArray{};
            case 6:
                return JsonObject{};
            case 7:
                return JsonArray{nullptr, JsonObject{{"a", 1}}, "x"};
            case 8:
                return JsonObject{{"", nullptr}, {"a/b~c", JsonArray{1}}};
            case 9:
                return string_value(std::string(300, 'n'));
            case 10:
                return string_value("/" + any(kParameters));
            case 11:
                return string_value(any(kWords));
            default:
                return string_value(any(kValues));
        }
    }

    static Json string_value(const std::string& text) { return boost::json::string(text); }

    /// With some bytes changed, taken out or doubled.
    std::string bent(std::string text) {
        do {
            if (text.empty()) return text;
            auto at = below(text.size());
            switch (below(4)) {
                case 0:
                    text[at] = static_cast<char>(below(256));
                    break;
                case 1:
                    text.erase(at, 1 + below(8));
                    break;
                case 2:
                    text.insert(at, text.substr(at, 1 + below(16)));
                    break;
                default:
                    text.resize(at);
            }
        } while (one_in(2));
        return text;
    }

    std::mt19937_64 random_;
};

std::string describe(const HttpRequest& request) {
    std::string text = request.method + " " + request.path + "?" + request.query + "\n";
    for (const auto& [name, value] : request.headers) text += name + ": " + value + "\n";
    return text.substr(0, 2000) + "\n" + request.body.substr(0, 2000);
}

struct Findings {
    std::vector<std::string> wrong;
    std::map<int, std::size_t> statuses;
    Clock::duration slowest{};
    std::string slowest_request;
};

/// What is wrong with the answer; empty when nothing is.
std::string judge(const HttpResponse& response, Clock::duration time) {
    if (response.status < 200 || response.status > 599 || response.status == 500)
        return fmt::format("status {}: {}", response.status, response.body.substr(0, 500));
    if (time > kTooLong) return "it took too long";
    if (response.body.empty() || response.headers.get("Content-Type") != "application/json")
        return {};
    try {
        parse_json(response.body, 128);
    } catch (const InvalidValue& failure) {
        return failure.message() + ": " + response.body.substr(0, 500);
    }
    return {};
}

/// Makes what the requests speak of, as far as it is not there (any more).
Task<> furnish(Api* api) {
    constexpr std::pair<std::string_view, std::string_view> kThings[] = {
        {"/v1/chassis", R"({"uuid":"11110001-0000-4000-8000-000000000055"})"},
        {"/v1/nodes",
         R"({"uuid":"11110001-0000-4000-8000-000000000001","name":"node-1","driver":"fake-hardware"})"},
        {"/v1/ports",
         R"({"node_uuid":"11110001-0000-4000-8000-000000000001","address":"52:54:00:00:00:01","name":"port-1"})"},
        {"/v1/portgroups",
         R"({"node_uuid":"11110001-0000-4000-8000-000000000001","name":"group-1"})"},
    };
    for (auto [path, body] : kThings) {
        HttpRequest request;
        request.method = "POST";
        request.path = path;
        request.headers.set("X-OpenStack-Ironic-API-Version", "1.115");
        request.headers.set("Content-Type", "application/json");
        request.body = body;
        co_await api->handle(std::move(request));
    }
}

Task<> send_many(Api* api, Storm* storm, std::size_t count, Findings* findings) {
    for (std::size_t i = 0; i < count && findings->wrong.size() < 20; ++i) {
        if (i % kBetween == 0) co_await furnish(api);
        auto request = storm->next();
        auto copy = request;
        auto began = Clock::now();
        auto response = co_await api->handle(std::move(copy));
        auto time = Clock::now() - began;
        ++findings->statuses[response.status];
        if (time > findings->slowest) {
            findings->slowest = time;
            findings->slowest_request = request.method + " " + request.path.substr(0, 100);
        }
        if (auto problem = judge(response, time); !problem.empty())
            findings->wrong.push_back(problem + "\n" + describe(request));
    }
}

std::size_t number(const char* variable, std::size_t fallback) {
    const char* text = std::getenv(variable);
    return text ? std::strtoull(text, nullptr, 10) : fallback;
}

/// A service of its own for each wave.
class Scene : public ApiTest {
public:
    void TestBody() override {}
    Api& api() { return *api_; }
    Runtime& runtime() { return runtime_; }

    Scene() { make_api({.cors = {.allowed_origin = {"*"}}, .healthcheck = {.enabled = true}}); }
};

TEST(RequestStorm, NothingFailsInside) {
    Storm storm(number("FERRITE_STORM_SEED", 1));
    Findings findings;
    auto wanted = number("FERRITE_STORM", kFew);
    for (std::size_t sent = 0; sent < wanted && findings.wrong.empty(); sent += kWave) {
        Scene scene;
        scene.runtime().run(
            send_many(&scene.api(), &storm, std::min(kWave, wanted - sent), &findings));
    }
    for (const auto& problem : findings.wrong) ADD_FAILURE() << problem;
    std::size_t answered = 0;
    for (auto [status, times] : findings.statuses) answered += times;
    fmt::print("{} requests, by status {}, slowest {} ms ({})\n", answered, findings.statuses,
               std::chrono::duration_cast<std::chrono::milliseconds>(findings.slowest).count(),
               findings.slowest_request);
    EXPECT_GT(findings.statuses[200], answered / 50);
}

}  // namespace
}  // namespace ferrite::api
