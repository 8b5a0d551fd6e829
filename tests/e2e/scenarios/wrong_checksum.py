"""Fault: the image is not the one whose checksum the operator gave."""
from stage import BOOT_AGENT, NODE, WRITE_IMAGE, Stage

SUMMARY = "wrong checksum, found by the server and by the agent: deploy failed, never booted"
BUDGET = 600
WRONG = {"image_os_hash_algo": "sha256", "image_os_hash_value": "0" * 64}


def run(directory):
    with Stage(directory) as stage:
        stage.ready_node()
        image = stage.image("not-what-was-asked")

        # The server reads the image itself, and so it finds the mismatch before any machine runs.
        stage.set_image(stage.web.url(image.qcow2.name), image_download_source="local", **WRONG)
        stage.deploy()
        stage.wait_failed("checksum", quiet_seconds=60)
        stage.client.run("node", "undeploy", NODE)
        stage.client.wait_state(NODE, "available", 30, through=("deploy failed",))
        stage.lap("found by server")

        # The agent reads it: the mismatch shows once the last byte has gone by.
        stage.set_image(stage.web.url(image.raw.name), **WRONG)
        stage.deploy()
        stage.wait_failed("checksum", quiet_seconds=BOOT_AGENT["bios"] + WRITE_IMAGE)
        assert "TESTDISK" not in stage.machine.serial(), "the refused image was booted"
        stage.server.stop()
        stage.lap("found by agent")
