// Asio and its TLS part are compiled here, once for the whole program; every other file sees
// declarations only (BOOST_ASIO_SEPARATE_COMPILATION, cmake/Toolchain.cmake).

#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
