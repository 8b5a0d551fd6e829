"""ferrited as the scenarios run it: on the lab's bridge, with its built-in boot service."""
import os
import pathlib

from ferrited import CHECKOUT, Ferrited, merged
from lab import BRIDGE, HOST, POOL


def ramdisk():
    """Directory with the agent's ramdisk: $FERRITE_RAMDISK or build/ramdisk/cloud."""
    return pathlib.Path(os.environ.get("FERRITE_RAMDISK", CHECKOUT / "build/ramdisk/cloud")).resolve()


class Server(Ferrited):
    """ferrited with its state in `directory`; images may lie in the directory around that."""

    def __init__(self, directory, options=None):
        super().__init__(directory, merged(self._configuration(pathlib.Path(directory)),
                                           options or {}), HOST, 6385)

    @staticmethod
    def _configuration(state):
        return {
            "DEFAULT": {"my_ip": HOST, "debug": "true"},
            "conductor": {"deploy_kernel": f"file://{ramdisk()}/vmlinuz",
                          "deploy_ramdisk": f"file://{ramdisk()}/ferrite-agent.initramfs",
                          "file_url_allowed_paths": f"{state.parent},{ramdisk()}",
                          "check_provision_state_interval": 2},
            # Metadata only: it is what most operators run, and the disks are big for emulation.
            "deploy": {"erase_devices_priority": 0, "erase_devices_metadata_priority": 10},
            "ipmi": {"command_retry_timeout": 10, "min_command_interval": 1},
            "ferrite_boot": {"interface": BRIDGE, "dhcp_range": "{}-{}".format(*POOL)},
        }
