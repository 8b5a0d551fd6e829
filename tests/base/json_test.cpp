#include "base/json.h"

#include <limits>
#include <string>

#include <gmock/gmock.h>

#include "base/error.h"

namespace ferrite {
namespace {

using testing::HasSubstr;

std::string parse_failure(std::string_view text, std::size_t max_depth = 32) {
    try {
        parse_json(text, max_depth);
    } catch (const InvalidValue& error) {
        return error.message();
    }
    return "";
}

std::string quoted(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

TEST(Json, WritesWhatItReads) {
    for (std::string_view text :
         {R"({})", R"([])", R"(null)", R"({"a":[1,-2,true,false,null,"x"],"b":{"c":1.5}})",
          R"(18446744073709551615)", R"(-9223372036854775808)", R"("é€😀")"}) {
        EXPECT_EQ(to_text(parse_json(text)), text);
    }
}

TEST(Json, DropsSpacesAndKeepsTheOrderOfKeys) {
    EXPECT_EQ(to_text(parse_json(" { \"b\" : 1 ,\n \"a\" : [ 1 , 2 ] } \n")),
              R"({"b":1,"a":[1,2]})");
}

TEST(Json, WritesNumbersAsTheShortestTextThatReadsBack) {
    EXPECT_EQ(to_text(Json(1.0)), "1.0");
    EXPECT_EQ(to_text(Json(0.1)), "0.1");
    EXPECT_EQ(to_text(Json(-0.0)), "-0.0");
    EXPECT_EQ(to_text(Json(100000.0)), "100000.0");
    EXPECT_EQ(to_text(Json(1e16)), "1e+16");
    EXPECT_EQ(to_text(Json(1.5e-7)), "1.5e-07");
    EXPECT_EQ(to_text(Json(std::numeric_limits<double>::infinity())), "null");
}

TEST(Json, EscapesStrings) {
    EXPECT_EQ(quoted("a\"b\\c/d"), R"("a\"b\\c/d")");
    EXPECT_EQ(quoted("\n\r\t\b\f"), R"("\n\r\t\b\f")");
    EXPECT_EQ(quoted(std::string_view("\0\x1f\x7f", 3)), "\"\\u0000\\u001f\x7f\"");
    EXPECT_EQ(quoted(""), "\"\"");
}

TEST(Json, EscapesAByteWhereverItStandsAmongPlainOnes) {
    for (char odd : {'"', '\\', '\n', '\x1f', '\0'}) {
        for (std::size_t size = 1; size <= 25; ++size) {
            for (std::size_t at = 0; at < size; ++at) {
                std::string text(size, '\x7f');
                text[at] = odd;
                auto written = quoted(std::string_view(text));
                EXPECT_EQ(std::string(parse_json(written).get_string()), text) << at;
                EXPECT_EQ(written.find('\n'), written.npos);
            }
        }
    }
}

TEST(Json, CopiesWhatNeedsNoEscape) {
    for (std::size_t size = 0; size <= 25; ++size)
        for (char plain : {' ', '!', '#', '[', ']', '~', '\x7f'}) {
            std::string text(size, plain);
            EXPECT_EQ(quoted(std::string_view(text)), '"' + text + '"');
        }
}

TEST(Json, ReplacesABadByteWhereverItStandsAmongPlainOnes) {
    for (std::size_t size = 1; size <= 25; ++size)
        for (std::size_t at = 0; at < size; ++at) {
            std::string text(size, '!');
            text[at] = '\xFF';
            auto expected = text;
            EXPECT_EQ(quoted(std::string_view(text)),
                      '"' + expected.replace(at, 1, "\xEF\xBF\xBD") + '"');
        }
}

TEST(Json, ReplacesBytesThatAreNoUtf8) {
    EXPECT_EQ(quoted("a\xFFz"), "\"a\xEF\xBF\xBDz\"");
    EXPECT_EQ(quoted("\xC0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
    EXPECT_EQ(quoted("cut \xE2\x82"), "\"cut \xEF\xBF\xBD\xEF\xBF\xBD\"");
    EXPECT_EQ(parse_failure(quoted("\xED\xA0\x80")), "") << "what is written can be read";
}

TEST(Json, TheLastOfTwoEqualKeysWins) {
    EXPECT_EQ(to_text(parse_json(R"({"a":1,"b":2,"a":3})")), R"({"a":3,"b":2})");
}

TEST(Json, SaysWhereTheTextIsWrong) {
    EXPECT_THAT(parse_failure(R"({"a":1,})"), HasSubstr("at byte 7 of 8"));
    EXPECT_THAT(parse_failure("[1] x"), HasSubstr("at byte 4 of 5"));
    EXPECT_THAT(parse_failure("[1"), HasSubstr("at byte 2 of 2"));
    EXPECT_THAT(parse_failure(""), HasSubstr("at byte 0 of 0"));
    EXPECT_THAT(parse_failure("\"\xFF\""), HasSubstr("at byte 1"));
    EXPECT_THAT(parse_failure("NaN"), HasSubstr("at byte 0"));
}

TEST(Json, LimitsTheDepth) {
    EXPECT_EQ(parse_failure("[[[]]]", 3), "");
    EXPECT_NE(parse_failure("[[[[]]]]", 3), "");
    EXPECT_NE(parse_failure(R"({"a":{"a":[{}]}})", 3), "");
    EXPECT_NE(parse_failure(std::string(1'000'000, '[')), "");
}

TEST(Json, MendsTextThatIsNone) {
    auto mended = [](std::string text) {
        mend_text(text);
        return text;
    };
    EXPECT_EQ(mended(""), "");
    EXPECT_EQ(mended("n\u00e4me\n"), "n\u00e4me\n");
    EXPECT_EQ(mended(std::string("a\0b", 3)), "a\uFFFDb");
    EXPECT_EQ(mended("\xFF\xC3("), "\uFFFD\uFFFD(");
    EXPECT_EQ(mended("\xF0\x9F\x98"), "\uFFFD\uFFFD\uFFFD") << "cut off in a character";
}

TEST(Json, LooksUpMembers) {
    auto value = parse_json(R"({"name":"n1","count":3})");
    EXPECT_EQ(member(value, "count"), Json(3));
    EXPECT_TRUE(member(value, "other").is_null());
    EXPECT_TRUE(member(Json("text"), "name").is_null());
    EXPECT_EQ(string_member(value, "name"), "n1");
    EXPECT_EQ(string_member(value, "count", "none"), "none");
    EXPECT_EQ(string_member(value, "other"), "");
}

}  // namespace
}  // namespace ferrite
