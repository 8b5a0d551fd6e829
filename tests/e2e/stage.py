"""What a scenario finds ready: a lab, a machine with a BMC, the server, images, an operator."""
import contextlib
import json
import pathlib
import time

from bmc import Bmc
from client import Client
from ferrited import CHECKOUT
from image import Image, Report
from lab import HOST, Lab
from machine import Machine
from server import Server
from waiting import until
from web import ImageServer
import image as image_module

CACHE = CHECKOUT / "build" / "e2e-cache"
NODE = "iron-1"

# Seconds on a quiet machine (see waiting.py).
BOOT_AGENT = {"bios": 60, "uefi": 90}
BOOT_DISK = {"bios": 30, "uefi": 45}
WRITE_IMAGE = 45


class Stage(contextlib.ExitStack):
    """Builds the parts a scenario asks for, and takes them down in reverse order at its end.

    firmware   "bios" or "uefi"
    asleep     the machine never boots anything (see Machine)
    options    further configuration of the server (see Server)
    """

    def __init__(self, directory, firmware="bios", asleep=False, options=None, server=True):
        super().__init__()
        self.directory = pathlib.Path(directory)
        self.firmware = firmware
        self._asleep = asleep
        self._options = options
        self._with_server = server
        self._lap_start = time.monotonic()

    def __enter__(self):
        super().__enter__()
        self.lab = self.enter_context(Lab())
        self.machine = self.enter_context(Machine(
            self.directory / "machine", NODE, self.firmware, self.lab.tap(), asleep=self._asleep))
        self.bmc = self.enter_context(Bmc(self.directory / "bmc", self.machine))
        (self.directory / "images").mkdir()
        self.web = self.enter_context(ImageServer(self.directory / "images", HOST))
        if self._with_server:
            self.server = self.enter_context(Server(self.directory / "server", self._options))
            self.client = Client(self.server.url)
        return self

    def lap(self, what):
        """Ends a part of the scenario; `run` shows the parts' times."""
        now = time.monotonic()
        with open(self.directory / "laps", "a") as laps:
            laps.write(f"{what} {now - self._lap_start:.0f}\n")
        print(f"-- {what}")
        self._lap_start = now

    # --- images ------------------------------------------------------------------------------

    def image(self, marker):
        """A new test disk image, served by `web`."""
        return Image(self.directory / "images", CACHE, marker)

    def wait_image(self, image, quiet_seconds=None, since=0):
        """Waits until the machine has booted `image` to its end; returns its Report."""
        def look():
            text = self.machine.serial(since)
            start = text.rfind(f"TESTDISK marker {image.marker}")
            return start >= 0 and "TESTDISK ready" in text[start:] and Report(text[start:])
        return until(f"the machine boots image {image.marker}", look,
                     quiet_seconds or BOOT_DISK[self.firmware])

    # --- what an operator does with the stock command ----------------------------------------

    def enroll(self, automated_clean=True, **driver_info):
        """`node create` and `port create` for the machine."""
        words = ["node", "create", "--driver", "ipmi", "--name", NODE,
                 "--property", f"capabilities=boot_mode:{self.firmware}",
                 "--property", "cpu_arch=x86_64"]
        for key, value in {**self.bmc.driver_info(), **driver_info}.items():
            words += ["--driver-info", f"{key}={value}"]
        if not automated_clean:
            words.append("--no-automated-clean")
        uuid = self.client.json(*words)["uuid"]
        assert self.client.node(NODE)["provision_state"] == "enroll"
        port = self.client.json("port", "create", "--node", uuid, self.machine.mac)
        assert port["address"] == self.machine.mac, port
        return uuid

    def manage(self):
        """`node manage`: the server verifies the BMC."""
        self.client.run("node", "manage", NODE)
        self.client.wait_state(NODE, "manageable", 20, through=("enroll",))

    def provide(self):
        """`node provide`: cleaning (unless it is off), then available."""
        self.client.run("node", "provide", NODE)
        self.client.wait_state(NODE, "available", BOOT_AGENT[self.firmware] + 60,
                               through=("manageable",))

    def ready_node(self):
        """A node that is available without having been cleaned."""
        uuid = self.enroll(automated_clean=False)
        self.manage()
        self.provide()
        return uuid

    def set_image(self, source, **instance_info):
        """`node set`: what to deploy."""
        words = ["node", "set", NODE, "--instance-info", f"image_source={source}"]
        for key, value in instance_info.items():
            words += ["--instance-info", f"{key}={value}"]
        self.client.run(*words)

    def set_web_image(self, image):
        """The raw form of `image` over HTTP, with its SHA-256."""
        self.set_image(self.web.url(image.raw.name), image_os_hash_algo="sha256",
                       image_os_hash_value=image_module.sha256(image.raw))

    def deploy(self, verb="deploy", config_drive=None):
        """`node deploy` or `node rebuild`; returns when the server has accepted it."""
        words = ["node", verb, NODE]
        if config_drive:
            words += ["--config-drive", json.dumps(config_drive)]
        self.client.run(*words)

    def wait_active(self):
        """Waits for the end of a deploy that goes well."""
        return self.client.wait_state(NODE, "active", BOOT_AGENT[self.firmware] + WRITE_IMAGE,
                                      through=("available",))

    def wait_callback_state(self):
        """Waits until the node is in `wait call-back` with the machine powered on."""
        self.client.wait_state(NODE, "wait call-back", 45, through=("available",))
        until("the machine is on", self.machine.is_on, 10)

    def wait_failed(self, *words, quiet_seconds):
        """Waits for `deploy failed` and checks that last_error names `words`."""
        node = self.client.wait_state(NODE, "deploy failed", quiet_seconds, through=("available",))
        check_error(node, *words)
        return node


def check_error(node, *words):
    """last_error must name everything in `words`; a tuple names one thing in several ways."""
    error = node["last_error"] or ""
    print(f"  last_error: {error}")
    for word in words:
        ways = (word,) if isinstance(word, str) else word
        assert any(way.lower() in error.lower() for way in ways), \
            f"last_error names none of {ways}: {error!r}"
