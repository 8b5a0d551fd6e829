"""The network of one scenario: a bridge with taps, in a network namespace of its own."""
import ipaddress
import subprocess

NETWORK = ipaddress.ip_network("10.77.0.0/24")
HOST = "10.77.0.1"
POOL = ("10.77.0.100", "10.77.0.199")
BRIDGE = "br0"


def ip(*words):
    """Runs one `ip` command of iproute2."""
    subprocess.run(["ip", *words], check=True)


class Lab:
    """The bridge br0 (HOST/24) of the namespace this process runs in; a context manager."""

    def __init__(self):
        self.taps = 0

    def __enter__(self):
        ip("link", "set", "lo", "up")
        ip("link", "add", BRIDGE, "type", "bridge", "stp_state", "0", "forward_delay", "0")
        ip("addr", "add", f"{HOST}/{NETWORK.prefixlen}", "dev", BRIDGE)
        with open(f"/proc/sys/net/ipv6/conf/{BRIDGE}/accept_dad", "w") as knob:
            knob.write("0")  # the link-local address is usable at once
        ip("link", "set", BRIDGE, "up")
        return self

    def __exit__(self, *_):
        pass  # the namespace takes its interfaces with it

    def tap(self):
        """Adds a tap to the bridge and returns its name."""
        name = f"tap{self.taps}"
        self.taps += 1
        ip("tuntap", "add", name, "mode", "tap")
        ip("link", "set", name, "master", BRIDGE, "up")
        return name
