"""Fault: the image's address answers 404."""
from stage import NODE, Stage

SUMMARY = "image URL answers 404: deploy failed, and last_error names the URL and the answer"
BUDGET = 240


def run(directory):
    with Stage(directory, asleep=True) as stage:
        stage.ready_node()
        url = stage.web.url("no-such-image.raw")
        stage.set_image(url, image_os_hash_algo="sha256", image_os_hash_value="0" * 64)
        stage.deploy()
        node = stage.wait_failed("404", url, quiet_seconds=45)
        assert node["target_provision_state"] == "active", node["target_provision_state"]
        assert not stage.machine.is_on(), "the machine was left on"
        stage.lap("failed")

        stage.client.run("node", "undeploy", NODE)
        stage.client.wait_state(NODE, "available", 30, through=("deploy failed",))
        stage.server.stop()
        stage.lap("undeployed")
