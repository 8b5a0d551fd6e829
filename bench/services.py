"""The two services that are compared: ferrited, and the original as Debian ships it."""
import os
import pathlib
import shutil
import subprocess
import time

from ferrited import CHECKOUT, FAKE_INTERFACES, Ferrited, ini, merged, program
from measure import Http, together

SHARED = pathlib.Path(os.environ.get("FERRITE_SHARED", CHECKOUT.parent / "shared"))
# Nothing runs but what is measured, and of that as much as is asked for.
QUIET = {"conductor": {"sync_power_state_interval": 0, "max_concurrent_deploy": 100000,
                       "max_concurrent_clean": 100000}}


def node(number, tag):
    """The body of POST /v1/nodes for one node of a usual size."""
    return {"driver": "fake-hardware", "name": f"bench-{tag}-{number:06d}",
            "driver_info": {"deploy_kernel": "http://127.0.0.1/k",
                            "deploy_ramdisk": "http://127.0.0.1/r"},
            "properties": {"cpus": 16, "memory_mb": 65536, "local_gb": 480, "cpu_arch": "x86_64",
                           "capabilities": "boot_mode:uefi"},
            "resource_class": "baremetal", "extra": {"rack": f"r{number % 40}", "unit": number}}


def create(service, numbers, tag, clients):
    """Creates nodes over the API; returns ({number: uuid}, Rate)."""
    made = {}

    def operation(client, number):
        made[number] = client.json("POST", "/v1/nodes", node(number, tag))["uuid"]
    return made, together(service, numbers, clients, operation)


def create_ports(service, made):
    """One port for each node of `made` ({number: uuid})."""
    def operation(client, item):
        number, uuid = item
        low = f"{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"
        client.json("POST", "/v1/ports", {"node_uuid": uuid, "address": f"52:54:00:{low}"})
    return together(service, list(made.items()), 8, operation)


class Ferrite:
    """ferrited with an SQLite database."""

    name = "ferrited"
    operations = 1600  # how many make a rate: enough for the clock of processor time
    load_seconds = 3
    walks = 5  # in a turn

    def __init__(self, directory):
        self.server = Ferrited(directory / "ferrited", merged(FAKE_INTERFACES, QUIET))
        self.url = self.server.url
        self.program = program()

    def start(self):
        """Seconds from exec to the first answer that needs the database."""
        return self.server.start("/v1/nodes?limit=1")

    def stop(self):
        self.server.stop()

    def leaders(self):
        return [self.server.process.pid]

    def services(self):
        """Leaders of the sessions whose memory counts: API and conductor, the database within."""
        return self.leaders()

    def fill(self, total):
        """Creates `total` nodes with a port each; returns the Rate of creating nodes."""
        made, rate = create(self, range(total), "fill", 8)
        create_ports(self, made)
        return rate


class Peer:
    """The original: its API under uwsgi, its conductor, MariaDB; see peer-ironic.sh."""

    name = "original"
    operations = 48
    load_seconds = 12
    walks = 1
    script = SHARED / "peer/peer-ironic.sh"

    def __init__(self, directory):
        self.directory = directory / "peer"
        self.directory.mkdir()
        extra = self.directory / "extra.conf"
        extra.write_text(ini(QUIET))
        self.url = "http://127.0.0.1:16385"
        self.environment = {**os.environ, "PEER": str(self.directory), "PEER_EXTRA": str(extra)}

    @classmethod
    def missing(cls):
        """Why there is no original to compare with, or None."""
        if not cls.script.exists():
            return f"{cls.script} is not there (set FERRITE_SHARED)"
        if not shutil.which("ironic-conductor"):
            return f"it is not installed: {cls.script} install"
        return None

    def _run(self, *command):
        done = subprocess.run([str(word) for word in command], env=self.environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                              timeout=600)
        if done.returncode:
            raise RuntimeError(f"{' '.join(map(str, command))}: {done.stdout}{done.stderr}")

    def prepare(self):
        """Makes the database, and starts everything for the first time."""
        self._run(self.script, "start")

    def start(self):
        """Seconds from starting API and conductor to the first answer that needs the database."""
        begin = time.monotonic()
        self._run(self.script, "services-start")
        while True:
            try:
                if Http(self.url).request("GET", "/v1/nodes?limit=1")[0] == 200:
                    return time.monotonic() - begin
            except OSError:
                pass
            if time.monotonic() - begin > 120:
                raise RuntimeError("the original does not answer")
            time.sleep(0.005)

    def stop(self):
        self._run(self.script, "services-stop")

    def _pids(self, *names):
        files = [self.directory / "run/pid" / name for name in names]
        return [int(file.read_text()) for file in files if file.exists()]

    def leaders(self):
        return self._pids("api", "conductor", "mariadb")

    def services(self):
        """Leaders of the sessions whose memory counts: API and conductor, without the database."""
        return self._pids("api", "conductor")

    def fill(self, total):
        """Creates a few nodes over the API and copies them in its database until `total`.

        Over the API alone it would take five minutes for 10,000. Returns the Rate of creating.
        """
        made, rate = create(self, range(80), "fill", 8)
        create_ports(self, made)
        self._run(SHARED / "peer/bench/fill-sql.sh", total)
        return rate
