// Beast's parser is compiled here, once for the whole program (BOOST_BEAST_SEPARATE_COMPILATION,
// cmake/Toolchain.cmake).
//
// Without its assertions: the one in parse_chunk_header ("n >= 5") is wrong for a chunked body
// whose last chunk is its first and comes byte by byte, which any client may send. The code behind
// it handles that case well; tests/fuzz/base_http_request_fuzz.cpp runs it.
#define BOOST_DISABLE_ASSERTS

#include <boost/beast/src.hpp>
