// Asio, its TLS part and Beast are compiled here, once for the whole program; every other file sees
// declarations only (BOOST_ASIO_SEPARATE_COMPILATION and its Beast twin, cmake/Toolchain.cmake).

#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
