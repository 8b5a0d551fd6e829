"""The machine's BMC: OpenIPMI's ipmi_sim, whose chassis commands act on a Machine.

Known limits of ipmi_sim 2.0.33: RMCP+ with cipher suite 3 only, and the persistent, UEFI and valid
bits of the boot flags are dropped, so the boot device that was set last stays set.
"""
import os
import pathlib
import signal
import subprocess
import sys

from waiting import until

USER, PASSWORD = "admin", "password"
HERE = pathlib.Path(__file__).resolve().parent

LAN_CONF = """\
name "{name}"
set_working_mc 0x20
  startlan 1
    addr {address} {port}
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa123456789abcdef
  endlan
  chassis_control "{python} -IS {chassis} {control}"
  user 1 true "" "" admin 10 none md2 md5 straight
  user 2 true "{user}" "{password}" admin 10 none md2 md5 straight
"""

EMULATOR_COMMANDS = """\
mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
sel_enable 0x20 1000 0x0a
mc_enable 0x20
"""


class Bmc:
    """One ipmi_sim at `address`:`port` (UDP); a context manager."""

    def __init__(self, directory, machine, address="127.0.0.2", port=623):
        self.directory = pathlib.Path(directory)
        self.machine = machine
        self.address = address
        self.port = port
        self.process = None

    def __enter__(self):
        state = self.directory / "state"
        state.mkdir(parents=True)
        lan, commands = self.directory / "lan.conf", self.directory / "commands.emu"
        lan.write_text(LAN_CONF.format(
            name=self.machine.name, address=self.address, port=self.port, python=sys.executable,
            chassis=HERE / "chassis.py", control=self.machine.control_path, user=USER,
            password=PASSWORD))
        commands.write_text(EMULATOR_COMMANDS)
        with open(self.directory / "ipmi_sim.log", "wb") as log:
            self.process = subprocess.Popen(
                ["ipmi_sim", "-n", "-c", lan, "-f", commands, "-s", state],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until("the BMC listens", self._listens, 5)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def _listens(self):
        if self.process.poll() is not None:
            raise AssertionError(f"ipmi_sim ended with status {self.process.returncode}")
        return any(line.split()[1].endswith(f":{self.port:04X}")
                   for line in open("/proc/net/udp").readlines()[1:])

    def freeze(self):
        """Stops answering, as a BMC that hangs: packets are taken and nothing comes back."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self):
        """Answers again."""
        os.kill(self.process.pid, signal.SIGCONT)

    def ipmitool(self, *words):
        """Runs ipmitool against this BMC and returns what it prints."""
        return subprocess.run(
            ["ipmitool", "-I", "lanplus", "-C", "3", "-H", self.address, "-p", str(self.port),
             "-U", USER, "-P", PASSWORD, *words],
            check=True, capture_output=True, text=True, timeout=60).stdout.strip()

    def driver_info(self):
        """What an operator writes into driver_info to reach this BMC."""
        return {"ipmi_address": self.address, "ipmi_port": str(self.port), "ipmi_username": USER,
                "ipmi_password": PASSWORD}
