"""A router that only says that it is there.

The iPXE of Debian 12 waits 12 s for an IPv6 router before it goes on with DHCPv4. An
advertisement (RFC 4861 section 4.2) that offers neither a prefix nor a route ends that wait and
changes nothing else.
"""
import socket
import struct
import threading

ALL_NODES = "ff02::1"
ALL_ROUTERS = "ff02::2"
SOLICITATION, ADVERTISEMENT = 133, 134
PERIOD = 2.0  # seconds between unasked advertisements


def advertisement():
    """A router advertisement with lifetime 0: no default route, no DHCPv6, no prefix."""
    hop_limit, flags, lifetime, reachable, retransmit = 64, 0, 0, 0, 0
    # The checksum is 0 here: the kernel fills it in for raw ICMPv6 sockets.
    return struct.pack("!BBHBBHII", ADVERTISEMENT, 0, 0, hop_limit, flags, lifetime, reachable,
                       retransmit)


class RouterAdvertiser:
    """Answers solicitations on one interface, and advertises every PERIOD seconds."""

    def __init__(self, interface):
        self.index = socket.if_nametoindex(interface)
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.sock = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        group = socket.inet_pton(socket.AF_INET6, ALL_ROUTERS) + struct.pack("@I", self.index)
        self.sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group)
        self.sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, self.index)
        self.sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        self.sock.settimeout(PERIOD)

    def start(self):
        self.thread.start()

    def stop(self):
        self.stopping.set()
        self.thread.join()
        self.sock.close()

    def _serve(self):
        while not self.stopping.is_set():
            try:
                packet = self.sock.recv(1500)
                wanted = packet[:1] == bytes([SOLICITATION])
            except TimeoutError:
                wanted = True
            if wanted:
                self._advertise()

    def _advertise(self):
        try:
            self.sock.sendto(advertisement(), (ALL_NODES, 0, 0, self.index))
        except OSError:
            pass  # the bridge has no port that is up: nobody is listening either
