"""Fault: the BMC hangs while the agent is at work."""
from stage import BOOT_AGENT, NODE, WRITE_IMAGE, Stage
from waiting import until

SUMMARY = "BMC stops answering in mid-deploy: deploy failed, last_error names it; then recovers"
BUDGET = 600


def run(directory):
    with Stage(directory) as stage:
        stage.ready_node()
        stage.set_web_image(stage.image("written-in-vain"))
        stage.deploy()
        stage.wait_callback_state()
        stage.bmc.freeze()
        stage.lap("frozen")
        # The server needs the BMC next when it sets the boot device after the image is written.
        stage.wait_failed(stage.bmc.address,
                          quiet_seconds=BOOT_AGENT["bios"] + WRITE_IMAGE + 60)

        def unlocked():
            return stage.client.node(NODE)["reservation"] is None
        until("the node is released", unlocked, 60)
        stage.lap("failed")

        stage.bmc.thaw()
        stage.client.run("node", "undeploy", NODE)
        stage.client.wait_state(NODE, "available", 45, through=("deploy failed",))
        assert not stage.machine.is_on(), "the machine was left on"
        stage.server.stop()
        stage.lap("recovered")
