"""A machine: QEMU without KVM, an empty disk, one network card, and power that a BMC controls.

The machine is a pile of iron, not a process: it exists powered off, and QEMU runs only while it is
on. Its disk, its serial log and (with UEFI) its firmware variables last from one power-on to the
next.
"""
import json
import pathlib
import shutil
import socket
import subprocess
import threading
import time

from waiting import until

OVMF = pathlib.Path("/usr/share/OVMF")
MIB = 1 << 20


class Machine:
    """One q35 machine.

    name       also its directory's name
    firmware   "bios" (SeaBIOS; the card's iPXE ROM boots the network) or "uefi" (OVMF's own PXE)
    tap        the tap its network card is plugged into
    disk_mib   size of its sparse disk
    asleep     start with a stopped processor: powered on for the BMC, but boots nothing
    """

    def __init__(self, directory, name, firmware, tap, disk_mib=5 * 1024, memory_mib=1024,
                 asleep=False):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True)
        self.name = name
        self.firmware = firmware
        self.tap = tap
        self.memory_mib = memory_mib
        self.asleep = asleep
        self.mac = "52:54:00:77:00:01"
        self.boot_device = "default"
        self.events = []  # (seconds since start, text): what happened to the machine
        self.born = time.monotonic()
        self.qemu = None
        self.lock = threading.RLock()
        self.disk_path = self.directory / "disk.raw"
        self.serial_path = self.directory / "serial.log"
        self.control_path = self.directory / "control"
        with open(self.disk_path, "wb") as disk:
            disk.truncate(disk_mib * MIB)
        self.serial_path.touch()
        if firmware == "uefi":
            shutil.copy(OVMF / "OVMF_VARS_4M.fd", self.directory / "vars.fd")
        self.listener = socket.socket(socket.AF_UNIX)

    def __enter__(self):
        self.listener.bind(str(self.control_path))
        self.listener.listen()
        threading.Thread(target=self._serve_chassis, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()
        self.power_off()

    # --- power -------------------------------------------------------------------------------

    def is_on(self):
        with self.lock:
            return self.qemu is not None and self.qemu.poll() is None

    def power_on(self):
        with self.lock:
            if self.is_on():
                return
            self.note(f"power on, boot device {self.boot_device}")
            with open(self.directory / "qemu.log", "ab") as log:
                self.qemu = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log,
                                             stderr=log)

    def power_off(self):
        """Cuts the power: what the guest has not written is lost, as on iron."""
        with self.lock:
            if not self.is_on():
                return
            self.note("power off")
            self.qemu.kill()
            self.qemu.wait()

    def note(self, text):
        """Adds one line to the machine's history."""
        self.events.append((time.monotonic() - self.born, text))
        with open(self.directory / "events.log", "a") as log:
            log.write(f"{time.strftime('%H:%M:%S')} {text}\n")

    def command(self):
        """QEMU's command line for a power-on with the present boot device."""
        # Network first only when asked for; otherwise an empty disk falls through to the network.
        net, disk = (1, 2) if self.boot_device == "pxe" else (2, 1)
        rom = ""
        firmware = []
        if self.firmware == "uefi":
            rom = ",romfile="  # without the card's iPXE the firmware's own PXE client boots
            firmware = [
                "-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={OVMF}/OVMF_CODE_4M.fd",
                "-drive", f"if=pflash,unit=1,format=raw,file={self.directory}/vars.fd"]
        return [
            # Never KVM: the device may exist where guests do not run on it.
            "qemu-system-x86_64", "-name", self.name, "-accel", "tcg,thread=multi", "-smp", "1",
            "-m", str(self.memory_mib), "-machine", "q35,graphics=off", "-nodefaults",
            "-display", "none", "-monitor", "none", *firmware, *(["-S"] if self.asleep else []),
            "-qmp", f"unix:{self.directory}/qmp,server=on,wait=off",
            "-chardev", f"file,id=serial,path={self.serial_path},append=on",
            "-serial", "chardev:serial",
            "-netdev", f"tap,id=net0,ifname={self.tap},script=no,downscript=no",
            "-device", f"virtio-net-pci,netdev=net0,mac={self.mac},bootindex={net}{rom}",
            # Zeroes written by an erase step leave the file sparse.
            "-drive", f"if=none,id=disk0,file={self.disk_path},format=raw,cache=unsafe,"
                      "discard=unmap,detect-zeroes=unmap",
            "-device", f"virtio-blk-pci,drive=disk0,serial=FERRITE-E2E-1,bootindex={disk}"]

    def qmp(self, command):
        """Sends one command to QEMU's monitor."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(30)
            line.connect(str(self.directory / "qmp"))
            stream = line.makefile("rw")
            stream.readline()  # greeting
            for word in ("qmp_capabilities", command):
                stream.write(json.dumps({"execute": word}) + "\n")
                stream.flush()
                while "return" not in json.loads(stream.readline()):
                    pass  # events may come before the answer

    # --- what the BMC asks -------------------------------------------------------------------

    def _serve_chassis(self):
        while True:
            try:
                line, _ = self.listener.accept()
            except OSError:
                return  # closed: the scenario is over
            with line:
                words = line.makefile().readline().split()
                try:
                    line.sendall(("0\n" + self.chassis(words)).encode())
                except Exception as error:  # pylint: disable=broad-except
                    self.note(f"chassis command {words} failed: {error}")
                    line.sendall(b"1\n")

    def chassis(self, words):
        """Does a command of ipmi_sim: `get NAME...`, `set NAME VALUE...` or `check NAME...`."""
        verb, names = words[0], words[1:]
        if verb == "get":
            values = {"power": int(self.is_on()), "boot": self.boot_device}
            return "".join(f"{name}:{values.get(name, 0)}\n" for name in names)
        if verb == "set":
            for name, value in zip(names[::2], names[1::2]):
                self._set(name, value)
        return ""

    def _set(self, name, value):
        if name == "power":
            self.power_on() if value == "1" else self.power_off()
        elif name == "boot":
            self.note(f"boot device {value}")
            self.boot_device = value
        elif name == "reset" and self.is_on():
            self.note("reset")
            # A reset re-reads the boot order, which QEMU can only do as a new process.
            self.power_off()
            self.power_on()
        elif name == "shutdown" and self.is_on():
            self.note("soft power off")
            self.qmp("system_powerdown")

    # --- what the operator sees --------------------------------------------------------------

    def serial(self, since=0):
        """The text of the serial console from byte `since` on."""
        return self.serial_path.read_bytes()[since:].decode("utf-8", "replace").replace("\r", "")

    def serial_size(self):
        """Bytes on the serial console so far: a mark for `serial` and `wait_serial`."""
        return self.serial_path.stat().st_size

    def wait_serial(self, text, quiet_seconds, since=0):
        """Waits until the serial console has shown `text` after byte `since`."""
        until(f"serial console of {self.name} shows {text!r}",
              lambda: text in self.serial(since), quiet_seconds)
