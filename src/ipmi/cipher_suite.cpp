#include "ipmi/cipher_suite.h"

#include <array>

namespace ferrite::ipmi {
namespace {

constexpr std::array kSuites = {
    CipherSuite{1, 1, 0, 0, Hash::sha1, 12, 0, false},
    CipherSuite{2, 1, 1, 0, Hash::sha1, 12, 12, false},
    CipherSuite{3, 1, 1, 1, Hash::sha1, 12, 12, true},
    CipherSuite{15, 3, 0, 0, Hash::sha256, 16, 0, false},
    CipherSuite{16, 3, 4, 0, Hash::sha256, 16, 16, false},
    CipherSuite{17, 3, 4, 1, Hash::sha256, 16, 16, true},
};

}  // namespace

const CipherSuite* find_cipher_suite(std::uint8_t id) {
    for (const auto& suite : kSuites)
        if (suite.id == id) return &suite;
    return nullptr;
}

const CipherSuite* find_cipher_suite(std::uint8_t authentication, std::uint8_t integrity,
                                     std::uint8_t confidentiality) {
    for (const auto& suite : kSuites)
        if (suite.authentication == authentication && suite.integrity == integrity &&
            suite.confidentiality == confidentiality)
            return &suite;
    return nullptr;
}

}  // namespace ferrite::ipmi
