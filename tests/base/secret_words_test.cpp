#include "base/secret_words.h"

#include <string>

#include <gtest/gtest.h>

namespace ferrite {
namespace {

TEST(SecretWords, FindsEachWordWhereverItStands) {
    for (std::string word : {"token", "password", "sys_pswd", "PassPhrase", "cephadminkey"}) {
        for (std::size_t before = 0; before < 12; ++before) {
            auto text = std::string(before, 'x') + word + "xyz";
            auto found = find_secret_word(text);
            EXPECT_EQ(found.at, before) << text;
            EXPECT_EQ(found.end, before + word.size()) << text;
            EXPECT_TRUE(is_secret_word_in(std::string(before, 't') + word)) << text;
        }
    }
}

TEST(SecretWords, FindsTheFirstOfSeveralAndGoesOnBehindIt) {
    std::string text = "toktoken,secretpassword";
    EXPECT_EQ(find_secret_word(text).at, 3U);
    EXPECT_EQ(find_secret_word(text, 4).at, 9U);
    EXPECT_EQ(find_secret_word(text, 10).at, 15U);
    EXPECT_EQ(find_secret_word(text, 16).at, text.npos);
}

TEST(SecretWords, DoesNotSeeWordsThatAreCutOrBroken) {
    for (auto text : {"", "t", "toke", "tokem", "oken", "pass_word", "secre t", "sslke"})
        EXPECT_FALSE(is_secret_word_in(text)) << text;
}

}  // namespace
}  // namespace ferrite
