"""ferrited as the scenarios run it: one process, embedded database, built-in boot service."""
import os
import pathlib
import signal
import subprocess
import urllib.error
import urllib.request

from lab import BRIDGE, HOST, POOL
from waiting import until

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
PORT = 6385
SERVER_NAME = "e2e"


def program():
    """Path of ferrited: $FERRITED, or the newest build of the presets."""
    if "FERRITED" in os.environ:
        return pathlib.Path(os.environ["FERRITED"]).resolve()
    builds = [CHECKOUT / "build" / preset / "ferrited" for preset in ("release", "dev")]
    found = [path for path in builds if path.exists()]
    return max(found, key=lambda path: path.stat().st_mtime) if found else None


def ramdisk():
    """Directory with the agent's `vmlinuz` and `initramfs`: $FERRITE_RAMDISK or build/ramdisk."""
    return pathlib.Path(os.environ.get("FERRITE_RAMDISK", CHECKOUT / "build/ramdisk")).resolve()


def ini(sections):
    """The text of an INI file from {section: {option: value}}."""
    return "\n".join(f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in options.items())
                     for name, options in sections.items())


class Server:
    """ferrited with its state in `directory`; a context manager that starts and ends it.

    options   {section: {option: value}}, added to the configuration and stronger than it
    """

    def __init__(self, directory, options=None):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True)
        self.url = f"http://{HOST}:{PORT}"
        self.log_path = self.directory / "ferrited.log"
        self.process = None
        sections = self._configuration()
        for name, values in (options or {}).items():
            sections.setdefault(name, {}).update(values)
        self.config = self.directory / "ferrite.conf"
        self.config.write_text(ini(sections))

    def _configuration(self):
        state = self.directory
        return {
            "DEFAULT": {"auth_strategy": "noauth", "host": SERVER_NAME, "debug": "true",
                        "enabled_hardware_types": "ipmi,fake-hardware", "my_ip": HOST,
                        "state_path": state / "state"},
            "api": {"host_ip": HOST, "port": PORT},
            "database": {"connection": f"sqlite:///{state}/ferrite.sqlite"},
            "conductor": {"deploy_kernel": f"file://{ramdisk()}/vmlinuz",
                          "deploy_ramdisk": f"file://{ramdisk()}/initramfs",
                          "file_url_allowed_paths": f"{state.parent},{ramdisk()}",
                          "check_provision_state_interval": 2,
                          "sync_power_state_interval": 60},
            # Metadata only: it is what most operators run, and the disks are big for emulation.
            "deploy": {"http_root": state / "httpboot", "http_url": f"http://{HOST}:8088",
                       "erase_devices_priority": 0, "erase_devices_metadata_priority": 10},
            "pxe": {"tftp_root": state / "tftpboot", "tftp_server": HOST,
                    "images_path": state / "images",
                    "instance_master_path": state / "master_images"},
            "ipmi": {"command_retry_timeout": 10, "min_command_interval": 1},
            "ferrite_boot": {"interface": BRIDGE, "dhcp_range": "{}-{}".format(*POOL)},
        }

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def start(self):
        """Starts the server and waits for its first answer."""
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([program(), "--config-file", self.config],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until("ferrited answers", self._answers, 10, every=0.05)

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"ferrited ended with status {self.process.returncode}")
        try:
            with urllib.request.urlopen(self.url + "/", timeout=5) as answer:
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

    def log(self):
        """What the server has logged."""
        return self.log_path.read_text(errors="replace")
