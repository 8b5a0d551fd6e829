"""ferrited as a test runs it: one process with its state in one directory."""
import os
import pathlib
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

import database
from waiting import until

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]

# For servers whose nodes are fake: every interface kind with its fake implementation first.
FAKE_INTERFACES = {"DEFAULT": {
    "enabled_bios_interfaces": "fake,no-bios",
    "enabled_boot_interfaces": "fake,ipxe,pxe",
    "enabled_console_interfaces": "fake,no-console",
    "enabled_deploy_interfaces": "fake,direct,ramdisk",
    "enabled_inspect_interfaces": "fake,no-inspect",
    "enabled_management_interfaces": "fake,ipmitool,noop",
    "enabled_network_interfaces": "noop",
    "enabled_power_interfaces": "fake,agent,ipmitool",
    "enabled_raid_interfaces": "fake,agent,no-raid",
    "enabled_rescue_interfaces": "fake,agent,no-rescue",
    "enabled_storage_interfaces": "fake,noop",
    "enabled_vendor_interfaces": "fake,ipmitool,no-vendor"}}


def program():
    """Path of ferrited: $FERRITED, or the newest build of the presets; None when there is none."""
    if "FERRITED" in os.environ:
        return pathlib.Path(os.environ["FERRITED"]).resolve()
    builds = [CHECKOUT / "build" / preset / "ferrited" for preset in ("release", "dev")]
    found = [path for path in builds if path.exists()]
    return max(found, key=lambda path: path.stat().st_mtime) if found else None


def free_port():
    """A TCP port of the loopback address that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def merged(*configurations):
    """One {section: {option: value}} from several; later ones are stronger."""
    result = {}
    for configuration in configurations:
        for section, options in configuration.items():
            result.setdefault(section, {}).update(options)
    return result


def ini(sections):
    """The text of an INI file from {section: {option: value}}."""
    return "\n".join(f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in options.items())
                     for name, options in sections.items())


def database_options(directory):
    """The [database] section of a server whose state is in `directory`.

    $FERRITE_TEST_DATABASE names the kind: sqlite (the default), postgresql or mariadb; a server of
    that kind is started for the first one who asks and ended with this program.
    """
    kind = os.environ.get("FERRITE_TEST_DATABASE", "sqlite")
    if kind == "sqlite":
        return {"connection": f"sqlite:///{directory}/ferrite.sqlite"}
    return {"connection": database.shared(kind).create(), "auto_upgrade": True}


class Ferrited:
    """ferrited at http(s)://`host`:`port`; a context manager that starts and ends it.

    directory   made if need be; its database, log and configuration
    options     {section: {option: value}}, added to what every test server has
    tls         the SSLContext with which the harness asks a server that speaks HTTPS
    """

    def __init__(self, directory, options=None, host="127.0.0.1", port=None, tls=None):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port = port or free_port()
        self.tls = tls
        self.url = f"{'https' if tls else 'http'}://{host}:{self.port}"
        self.log_path = self.directory / "ferrited.log"
        self.config = self.directory / "ferrite.conf"
        self.process = None
        self.config.write_text(ini(merged({
            "DEFAULT": {"auth_strategy": "noauth", "host": "test-host",
                        "enabled_hardware_types": "fake-hardware,ipmi",
                        "state_path": self.directory / "state"},
            "api": {"host_ip": host, "port": self.port},
        }, {} if "database" in (options or {}) else {"database": database_options(self.directory)},
            options or {})))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def start(self, path="/"):
        """Starts the server; returns the seconds from exec to the first 200 of GET `path`."""
        with open(self.log_path, "ab") as log:
            begin = time.monotonic()
            self.process = subprocess.Popen([program(), "--config-file", self.config],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until("ferrited answers", lambda: self._answers(path), 10, every=0.001)
        return time.monotonic() - begin

    def _answers(self, path):
        if self.process.poll() is not None:
            raise AssertionError(f"ferrited ended with status {self.process.returncode}; its log: "
                                 + self.log()[-2000:])
        try:
            with urllib.request.urlopen(self.url + path, timeout=10, context=self.tls) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def stop(self):
        """Ends the server as an operator does, and demands that it ends well."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=120)
        assert status == 0, f"ferrited ended with status {status} after SIGTERM"

    def kill(self):
        """Ends the server as a power cut does."""
        self.process.kill()
        self.process.wait()

    def memory(self):
        """Resident memory of the server, in KiB."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])

    def files(self):
        """Number of files and sockets that the server has open."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def log(self):
        """What the server has logged."""
        return self.log_path.read_text(errors="replace")
