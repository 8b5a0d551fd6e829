#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "base/bytes.h"

namespace ferrite::ipmi {

enum class Hash { none, sha1, sha256 };

/// HMAC (RFC 2104) of `data`; empty for Hash::none.
Bytes hmac(Hash hash, ByteView key, ByteView data);

Bytes md5(ByteView data);

inline constexpr std::size_t kAesBlock = 16;

/// AES-CBC-128 of whole blocks, no padding. `key` and `iv` are 16 bytes. `plain` is a multiple of
/// 16 bytes.
Bytes aes_cbc_encrypt(ByteView key, ByteView iv, ByteView plain);
/// Nothing when `sealed` is not a multiple of 16 bytes.
std::optional<Bytes> aes_cbc_decrypt(ByteView key, ByteView iv, ByteView sealed);

/// Compares in a time that does not tell where they differ.
bool same_secret(ByteView a, ByteView b);

/// Gives that many random bytes. Tests pass a predictable one.
using RandomSource = std::function<Bytes(std::size_t)>;

/// From the system's generator. Throws ferrite::Error when it has none.
Bytes system_random(std::size_t count);

}  // namespace ferrite::ipmi
