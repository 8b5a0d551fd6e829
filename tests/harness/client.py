"""The operator: the stock `baremetal` command for what is done, and plain GETs to watch it."""
import json
import os
import subprocess
import urllib.error
import urllib.request

from waiting import until

BAREMETAL = os.environ.get("FERRITE_BAREMETAL", "/usr/bin/baremetal")
MICROVERSION = "1.81"  # the newest that python3-ironicclient 5.0 speaks

RESTING = {"enroll", "manageable", "available", "active", "error", "deploy failed", "clean failed",
           "inspect failed", "deploy hold", "clean hold"}


class ClientError(AssertionError):
    """The command ended with an error; the text is what it said."""


class Client:
    """Talks to the API at `endpoint` without authentication; `log` is told what is done."""

    def __init__(self, endpoint, log=print):
        self.log = log
        self.endpoint = endpoint.rstrip("/")
        self.environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": "/nonexistent",
                            "OS_AUTH_TYPE": "none", "OS_ENDPOINT": self.endpoint}

    def run(self, *words, timeout=300):
        """Runs `baremetal WORD...` and returns what it prints; raises ClientError when it fails."""
        words = [str(word) for word in words]
        self.log("$ baremetal " + " ".join(words))
        done = subprocess.run([BAREMETAL, *words], env=self.environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=timeout, check=False)
        if done.returncode:
            raise ClientError(f"baremetal {' '.join(words[:3])}: {done.stderr.strip()}")
        return done.stdout

    def json(self, *words):
        """The same with `-f json`, decoded."""
        return json.loads(self.run(*words, "-f", "json"))

    def get(self, path):
        """GET of the API, decoded."""
        request = urllib.request.Request(self.endpoint + path, headers={
            "X-OpenStack-Ironic-API-Version": MICROVERSION, "Accept": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def node(self, node):
        """The node as GET /v1/nodes/{node} shows it."""
        return self.get(f"/v1/nodes/{node}")

    def wait_state(self, node, wanted, quiet_seconds, through=()):
        """Waits until the node is in provision state `wanted`, and returns it.

        Fails at once when the node is in maintenance, or in a resting state that is neither
        `wanted` nor one of `through`: it would stay there.
        """
        seen = []

        def look():
            now = self.node(node)
            state = now["provision_state"]
            if seen[-1:] != [state]:
                seen.append(state)
                self.log(f"  {state}")
            if state == wanted:
                return now
            if now["maintenance"] or (state in RESTING and state not in through):
                raise AssertionError(f"node is in {state!r} (maintenance {now['maintenance']}) "
                                     f"instead of {wanted!r}; last_error: {now['last_error']}")
            return None

        return until(f"node reaches {wanted!r}", look, quiet_seconds, every=0.5)
