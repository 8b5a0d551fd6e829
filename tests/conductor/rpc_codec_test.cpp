#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conductor/rpc_message.h"
#include "conductor/rpc_samples.h"

namespace ferrite::conductor::rpc {
namespace {

using testing::HasSubstr;

/// Through text and back.
template <class T>
T carried(const T& value) {
    return decode<T>(parse_json(to_text(encode(value)), 64));
}

TEST(RpcCodec, ArgumentsAndResultOfEveryCallArriveAsTheyWere) {
    int calls = 0;
    for_each_method([&]<auto Call>(const Method<Call>& row) {
        using Arguments = ArgumentsOf<Call>;
        auto sent = sample_tuple(std::type_identity<Arguments>());
        auto text = to_text(encode_arguments(sent));
        auto arrived = decode_arguments<Arguments>(parse_json(text, 64).as_array());
        EXPECT_EQ(to_text(encode_arguments(arrived)), text) << row.name;
        if constexpr (!std::is_void_v<ResultOf<Call>>) {
            auto result = sample<ResultOf<Call>>();
            EXPECT_EQ(to_text(encode(carried(result))), to_text(encode(result))) << row.name;
        }
        ++calls;
    });
    EXPECT_EQ(calls, std::tuple_size_v<decltype(kMethods)>);
}

TEST(RpcCodec, EveryMethodIsServedUnderItsName) {
    for_each_method([](const auto& row) { EXPECT_NE(find_served(row.name), nullptr) << row.name; });
    EXPECT_EQ(find_served("drivers"), nullptr);
    EXPECT_EQ(find_served(""), nullptr);
}

TEST(RpcCodec, InitialValuesArriveToo) {
    model::Node node;
    EXPECT_EQ(to_text(encode(carried(node))), to_text(encode(node)));
    EXPECT_TRUE(carried(node).driver_info.absent());
    EXPECT_EQ(carried(Heartbeat{}).agent_version, std::nullopt);
}

TEST(RpcCodec, AVendorsNullIsNotNothing) {
    EXPECT_EQ(carried(VendorReply{}), std::nullopt);
    EXPECT_EQ(carried(VendorReply{Json()}), VendorReply{Json()});
    EXPECT_EQ(carried(VendorReply{JsonArray{}}), VendorReply{JsonArray{}});
}

TEST(RpcCodec, JsonThatIsStoredKeepsItsText) {
    model::Node node;
    node.extra = model::JsonText(std::string(R"({"b":1.50,"a":[]})"));
    EXPECT_EQ(carried(node).extra.text(), R"({"b":1.50,"a":[]})");
}

TEST(RpcCodec, WhatAnotherVersionDoesNotKnowIsPassedOver) {
    auto beat = decode<Heartbeat>(parse_json(R"({"callback_url":"http://a","new":[1]})"));
    EXPECT_EQ(beat.callback_url, "http://a");
    EXPECT_EQ(decode<model::Port>(parse_json(R"({"address":"aa","new":1})")).address, "aa");
}

struct Wrong {
    std::string arguments;  ///< Of update_node: (before, node, reset_interfaces).
    std::string says;
};

TEST(RpcCodec, WrongArgumentsAreRefusedAndNamed) {
    const Wrong kWrong[] = {
        {R"([])", "3 arguments were expected, not 0"},
        {R"([{}, {}, true, 1])", "3 arguments were expected, not 4"},
        {R"([[], {}, true])", "argument 1: an object"},
        {R"([{"driver": 1}, {}, true])", "argument 1: driver: a text"},
        {R"([{"id": "1"}, {}, true])", "argument 1: a whole number"},
        {R"([{}, {"extra": "{no json"}, true])", "argument 2: extra"},
        {R"([{}, {"maintenance": "yes"}, true])", "argument 2: maintenance: true or false"},
        {R"([{}, {"created_at": 1.5}, true])", "argument 2: created_at: a whole number"},
        {R"([{}, {}, null])", "argument 3: true or false"},
    };
    for (const auto& [arguments, says] : kWrong) {
        auto json = parse_json(arguments);
        try {
            find_served("update_node")->prepare(json.as_array());
            ADD_FAILURE() << arguments;
        } catch (const InvalidValue& error) {
            EXPECT_THAT(error.message(), HasSubstr(says)) << arguments;
        }
    }
}

TEST(RpcCodec, WordsThatAreNoneAreRefused) {
    EXPECT_THROW(decode<TraitChange>(parse_json(R"({"kind":"explode"})")), InvalidValue);
    EXPECT_EQ(decode<TraitChange>(parse_json(R"({"kind":"remove"})")).kind,
              TraitChange::Kind::remove);
}

TEST(RpcMessage, ARequestArrivesWhole) {
    Request sent{.id = "7",
                 .method = "validate",
                 .context = {"req-1", "req-2", "mia", "lab"},
                 .arguments = {"uuid", nullptr}};
    auto arrived = parse_request(request_text(sent));
    EXPECT_EQ(arrived.id, "7");
    EXPECT_EQ(arrived.method, "validate");
    EXPECT_EQ(arrived.context.request_id, "req-1");
    EXPECT_EQ(arrived.context.global_request_id, "req-2");
    EXPECT_EQ(arrived.context.user, "mia");
    EXPECT_EQ(arrived.context.project, "lab");
    EXPECT_EQ(arrived.arguments, sent.arguments);
}

struct Bad {
    std::string text;
    int code;
};

TEST(RpcMessage, WhatIsNoCallHasTheNumberOfJsonRpc) {
    const Bad kBad[] = {
        {"", kParseError},
        {"{", kParseError},
        {std::string(200, '['), kParseError},
        {"[]", kInvalidRequest},
        {"7", kInvalidRequest},
        {R"({"jsonrpc":"1.0","id":"1","method":"validate"})", kInvalidRequest},
        {R"({"jsonrpc":"2.0","method":"validate"})", kInvalidRequest},
        {R"({"jsonrpc":"2.0","id":"1","method":7})", kInvalidRequest},
        {R"({"jsonrpc":"2.0","id":"1","method":"validate"})", kInvalidParams},
        {R"({"jsonrpc":"2.0","id":"1","method":"validate","params":[]})", kInvalidParams},
        {R"({"jsonrpc":"2.0","id":"1","method":"validate","params":{"context":{}}})",
         kInvalidParams},
        {R"({"jsonrpc":"2.0","id":"1","method":"v","params":{"context":{"user":1},"arguments":[]}})",
         kInvalidParams},
    };
    for (const auto& [text, code] : kBad) try {
            parse_request(text);
            ADD_FAILURE() << text;
        } catch (const ProtocolError& error) {
            EXPECT_EQ(error.rpc_code, code) << text;
        }
}

/// What is thrown at the other side when `error` is thrown at this one.
template <class Expected>
Expected thrown_again(const Error& error) {
    try {
        parse_response(error_text("1", error), "1");
    } catch (const Expected& arrived) {
        return arrived;
    }
    throw std::logic_error("another class, or none");
}

TEST(RpcMessage, ErrorsStayWhatTheyAre) {
    EXPECT_EQ(thrown_again<NotFound>(NotFound("no such node")).message(), "no such node");
    EXPECT_EQ(thrown_again<Conflict>(Conflict("busy")).http_status(), 409);
    EXPECT_EQ(thrown_again<InvalidValue>(InvalidValue("bad")).code(), "invalid_value");
    auto odd = thrown_again<Error>(Error(507, "image_no_space", "full"));
    EXPECT_EQ(odd.http_status(), 507);
    EXPECT_EQ(odd.code(), "image_no_space");
    EXPECT_EQ(thrown_again<Error>(Error(42, "odd", "x")).http_status(), 500);
    auto protocol = thrown_again<Error>(ProtocolError(kMethodNotFound, "There is no 'fly'."));
    EXPECT_EQ(protocol.http_status(), 503);
    EXPECT_THAT(protocol.message(), HasSubstr("There is no 'fly'."));
}

TEST(RpcMessage, AnswersOfSomethingElseAreRefused) {
    for (std::string text : {"", "<html>", "{}", "[]", R"({"result":1})",
                             R"({"jsonrpc":"2.0","id":"2","result":1})", R"({"error":"odd"})"}) {
        try {
            parse_response(text, "1");
            ADD_FAILURE() << text;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), "rpc_protocol") << text;
            EXPECT_EQ(error.http_status(), 503);
        }
    }
    EXPECT_EQ(parse_response(result_text("1", nullptr), "1"), Json());
}

}  // namespace
}  // namespace ferrite::conductor::rpc
