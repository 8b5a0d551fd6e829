#pragma once

#include <cstdint>

#include "ipmi/crypto.h"

namespace ferrite::ipmi {

/// A cipher suite of IPMI 2.0 (table 22-20): the algorithm numbers on the wire and what they mean.
struct CipherSuite {
    std::uint8_t id = 0;
    std::uint8_t authentication = 0;
    std::uint8_t integrity = 0;
    std::uint8_t confidentiality = 0;
    Hash hash = Hash::none;            ///< Of RAKP and of the integrity codes.
    std::size_t rakp4_check_size = 0;  ///< Bytes of the check value in RAKP message 4.
    std::size_t auth_code_size = 0;    ///< Bytes at the end of each packet; 0: no integrity.
    bool encrypts = false;             ///< AES-CBC-128.
};

/// The suites we speak: 1, 2, 3, 15, 16 and 17. Null for all others: suite 0 lets anybody in, those
/// with MD5 or RC4 are broken.
const CipherSuite* find_cipher_suite(std::uint8_t id);
const CipherSuite* find_cipher_suite(std::uint8_t authentication, std::uint8_t integrity,
                                     std::uint8_t confidentiality);

}  // namespace ferrite::ipmi
