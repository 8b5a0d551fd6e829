"""ferrite-sim as a test runs it: a fleet of machines on the loopback network."""
import json
import os
import pathlib
import re
import subprocess
import urllib.request

import ferrited
from waiting import until

# Agents are simulated without certificates, and nothing is to be waited for longer than they need.
OPTIONS = {
    "agent": {"require_tls": "false", "post_deploy_get_power_state_retry_interval": 1},
    "conductor": {"check_provision_state_interval": 1},
    "ipmi": {"command_retry_timeout": 5, "min_command_interval": 0},
}
FAST = ("--boot-time", "20ms..80ms", "--shutdown-time", "10ms..30ms", "--step-time", "10ms..30ms",
        "--write-time", "50ms..150ms", "--report-retry", "200ms")
READY = re.compile(r"BMCs at (\S+) to (\S+) UDP port (\d+), agents and control at (\S+?),")


def program():
    """Path of ferrite-sim: $FERRITE_SIM, or beside ferrited; None when it is not built."""
    if "FERRITE_SIM" in os.environ:
        return pathlib.Path(os.environ["FERRITE_SIM"]).resolve()
    server = ferrited.program()
    path = server.with_name("ferrite-sim") if server else None
    return path if path and path.exists() else None


class Simulator:
    """ferrite-sim with `arguments`; a context manager. Its output is in `directory`/sim.log.

    url       of the agents and of the control API
    bmc_port  UDP port of all BMCs; their addresses are those of `get(N)["bmc_address"]`
    """

    def __init__(self, directory, *arguments):
        self.log_path = pathlib.Path(directory) / "sim.log"
        self.command = [program(), "--port", "0", "--bmc-port", "0", *map(str, arguments)]
        self.process = None

    def __enter__(self):
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log)
        ready = until("ferrite-sim is ready", self._ready, 20, every=0.01)
        self.bmc_port, self.url = int(ready[3]), ready[4]
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=60)

    def log(self):
        """What it has printed."""
        return self.log_path.read_text(errors="replace")

    def _ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"ferrite-sim ended with {self.process.returncode}: {self.log()}")
        return READY.search(self.log())

    def wait_enrolled(self, quiet_seconds):
        """Waits for the end of --enrol; returns (enrolled, existed, reached, failed)."""
        def look():
            self._ready()
            return re.search(r"enrolled (\d+) machines, (\d+) were there before, (\d+) have got .*, "
                             r"(\d+) have not", self.log())
        return tuple(map(int, until("all are enrolled", look, quiet_seconds).groups()))

    def get(self, number=None):
        """The truth about one machine, or the sums over all."""
        path = "/" if number is None else f"/machines/{number}"
        with urllib.request.urlopen(self.url + path, timeout=60) as answer:
            return json.load(answer)

    def set_faults(self, number, *faults):
        """Gives a machine these faults in place of those it has."""
        body = json.dumps({"faults": faults}).encode()
        request = urllib.request.Request(f"{self.url}/machines/{number}/faults", body, method="PUT")
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.status == 200
