"""The main job: an empty machine becomes a running image, and is given back erased."""
import json
import urllib.error

from disk import remains
from image import ESP_OFFSET, ROOT_OFFSET
from stage import BOOT_AGENT, NODE

CONFIG_DRIVE = {
    "meta_data": {"hostname": "first-machine", "public_keys": {"me": "ssh-ed25519 AAAA"}},
    "user_data": "#!/bin/sh\necho hello from user data\n"}
PARTITIONS = (ESP_OFFSET, ROOT_OFFSET)


def check_valid(stage, *interfaces):
    """`node validate` must find nothing wrong with `interfaces`."""
    rows = {row["Interface"]: row for row in stage.client.json("node", "validate", NODE)}
    for name in interfaces:
        assert rows[name]["Result"] is True, rows[name]


def check_report(report, stage, uuid):
    """The booted image must have seen its firmware and the whole config drive."""
    assert report.firmware == stage.firmware, report.firmware
    meta_data = json.loads(report.files["meta_data.json"])
    assert meta_data["uuid"] == uuid, meta_data
    for key, value in CONFIG_DRIVE["meta_data"].items():
        assert meta_data[key] == value, meta_data
    assert report.files["user_data"] == CONFIG_DRIVE["user_data"].strip(), report.files


def enroll_and_clean(stage):
    """From nothing to `available`, with the machine really cleaned by the agent."""
    uuid = stage.enroll()
    check_valid(stage, "power", "management")
    stage.manage()
    assert stage.client.node(NODE)["power_state"] == "power off"
    stage.lap("managed")
    stage.provide()
    assert any("boot device pxe" in text for _, text in stage.machine.events), stage.machine.events
    assert not stage.machine.is_on(), "the machine was left on after cleaning"
    stage.lap("cleaned")
    return uuid


def deploy(stage, uuid, image):
    """From `available` to the image's own words on the serial console."""
    check_valid(stage, "power", "management", "boot", "deploy", "network", "storage")
    mark = stage.machine.serial_size()
    stage.deploy(config_drive=CONFIG_DRIVE)
    node = stage.wait_active()
    assert node["power_state"] == "power on" and node["last_error"] is None, node
    stage.lap("active")
    check_report(stage.wait_image(image, since=mark), stage, uuid)
    stage.lap("booted")


def rebuild(stage, uuid, image):
    """From `active` to another image on the same machine."""
    mark = stage.machine.serial_size()
    stage.deploy("rebuild", config_drive=CONFIG_DRIVE)
    stage.wait_active()
    check_report(stage.wait_image(image, since=mark), stage, uuid)
    stage.lap("rebuilt")


def give_back(stage):
    """From `active` to an erased disk and a deleted node."""
    disk = stage.machine.disk_path
    assert remains(disk, PARTITIONS), "the deployed disk shows no sign of an image"
    stage.client.run("node", "undeploy", NODE)
    node = stage.client.wait_state(NODE, "available", BOOT_AGENT[stage.firmware] + 60,
                                   through=("active", "manageable"))
    assert node["instance_info"] == {}, node["instance_info"]
    assert not stage.machine.is_on(), "the machine was left on"
    assert remains(disk, PARTITIONS) == [], remains(disk, PARTITIONS)
    stage.lap("undeployed")

    stage.client.run("node", "delete", NODE)
    try:
        raise AssertionError(f"the node is still there: {stage.client.node(NODE)}")
    except urllib.error.HTTPError as error:
        assert error.code == 404, error
    assert stage.client.json("port", "list") == []
    stage.server.stop()


def served_once(stage, image_path):
    """The agent fetches a raw image exactly once, straight to the disk."""
    served = stage.web.served.get(f"/{image_path.name}", 0)
    assert served == image_path.stat().st_size, \
        f"{served} bytes served of an image of {image_path.stat().st_size}"
