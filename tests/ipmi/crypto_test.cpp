#include "ipmi/crypto.h"

#include <gtest/gtest.h>

#include "ipmi/wire.h"

namespace ferrite::ipmi {
namespace {

TEST(Crypto, HmacMatchesTheVectorsOfRfc2202And4231) {
    auto data = as_bytes("what do ya want for nothing?");
    EXPECT_EQ(hmac(Hash::sha1, as_bytes("Jefe"), data),
              from_hex("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"));
    EXPECT_EQ(hmac(Hash::sha256, as_bytes("Jefe"), data),
              from_hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
}

TEST(Crypto, HmacTakesAnEmptyKey) {
    EXPECT_EQ(hmac(Hash::sha1, {}, {}), from_hex("fbdb1d1b18aa6c08324b7d64b71fb76370690e1d"));
    EXPECT_TRUE(hmac(Hash::none, {}, {}).empty());
}

TEST(Crypto, Md5MatchesRfc1321) {
    EXPECT_EQ(md5(as_bytes("abc")), from_hex("900150983cd24fb0d6963f7d28e17f72"));
}

TEST(Crypto, AesCbcMatchesSp80038a) {
    auto key = from_hex("2b7e151628aed2a6abf7158809cf4f3c");
    auto iv = from_hex("000102030405060708090a0b0c0d0e0f");
    auto plain = from_hex("6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51");
    auto sealed = from_hex("7649abac8119b246cee98e9b12e9197d 5086cb9b507219ee95db113a917678b2");
    EXPECT_EQ(aes_cbc_encrypt(key, iv, plain), sealed);
    EXPECT_EQ(aes_cbc_decrypt(key, iv, sealed), plain);
    EXPECT_FALSE(aes_cbc_decrypt(key, iv, ByteView(sealed).first(15)));
    EXPECT_FALSE(aes_cbc_decrypt(key, iv, {}));
}

TEST(Crypto, SecretsAreComparedWhole) {
    EXPECT_TRUE(same_secret(from_hex("0102"), from_hex("0102")));
    EXPECT_FALSE(same_secret(from_hex("0102"), from_hex("0103")));
    EXPECT_FALSE(same_secret(from_hex("0102"), from_hex("010203")));
}

}  // namespace
}  // namespace ferrite::ipmi
