"""Proves the harness without a server: BMC, power, serial console, and a test disk that boots."""
import json
import pathlib

from disk import remains
from image import ESP_OFFSET, ROOT_OFFSET, copy_into, run as run_tool
from stage import Stage
from waiting import until

FILES = {"meta_data.json": json.dumps({"uuid": "1234", "hostname": "proved"}),
         "user_data": "#!/bin/sh\necho from user data\n"}
DRIVE_MIB = 1


def config_drive(directory):
    """A config drive as a server makes it: ISO 9660 with label config-2."""
    latest = pathlib.Path(directory) / "drive/openstack/latest"
    latest.mkdir(parents=True)
    for name, content in FILES.items():
        (latest / name).write_text(content)
    iso = pathlib.Path(directory) / "drive.iso"
    run_tool("genisoimage", "-quiet", "-J", "-r", "-V", "config-2", "-o", iso,
             pathlib.Path(directory) / "drive")
    return iso


def install(stage, image):
    """Does by hand what a deploy does: image on the disk, config drive in a partition after it."""
    disk = stage.machine.disk_path
    copy_into(disk, image.raw, 0)
    iso = config_drive(stage.directory)
    # The backup GPT belongs at the end of the disk, which is larger than the image.
    run_tool("sfdisk", "-q", "--relocate", "gpt-bak-std", disk)
    start = disk.stat().st_size - (DRIVE_MIB + 1 << 20)
    run_tool("sfdisk", "-q", "--append", disk,
             input=f"start={start // 512}, size={DRIVE_MIB}MiB, type=L\n")
    copy_into(disk, iso, start)


def run(directory, firmware):
    with Stage(directory, firmware, server=False) as stage:
        machine, bmc = stage.machine, stage.bmc
        assert remains(machine.disk_path) == []
        image = stage.image("self-test")
        install(stage, image)
        assert len(remains(machine.disk_path, (ESP_OFFSET, ROOT_OFFSET))) >= 5
        stage.lap("prepared")

        assert bmc.ipmitool("power", "status") == "Chassis Power is off"
        bmc.ipmitool("chassis", "bootdev", "pxe")
        bmc.ipmitool("power", "on")
        until("power is on", lambda: bmc.ipmitool("power", "status") == "Chassis Power is on", 5)
        machine.wait_serial("PXE" if firmware == "uefi" else "iPXE", 30)
        bmc.ipmitool("power", "off")
        assert not machine.is_on()
        stage.lap("network tried")

        bmc.ipmitool("chassis", "bootdev", "disk")
        bmc.ipmitool("power", "on")
        report = stage.wait_image(image)
        assert report.firmware == firmware, report.firmware
        assert json.loads(report.files["meta_data.json"])["hostname"] == "proved", report.files
        assert report.files["user_data"] == FILES["user_data"].strip(), report.files
        stage.lap("booted")

        mark = machine.serial_size()
        bmc.ipmitool("power", "reset")
        stage.wait_image(image, since=mark)
        bmc.ipmitool("power", "off")
        stage.lap("reset")
