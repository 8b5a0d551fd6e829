"""Fault: the machine is on but its agent never calls."""
from stage import NODE, Stage

SUMMARY = "agent never calls back: deploy failed after the callback time-out, machine off"
BUDGET = 300
SILENCE = 10  # seconds


def run(directory):
    options = {"conductor": {"deploy_callback_timeout": SILENCE}}
    with Stage(directory, asleep=True, options=options) as stage:
        stage.ready_node()
        stage.set_web_image(stage.image("never-written"))
        stage.deploy()
        stage.wait_callback_state()
        stage.lap("waiting")
        stage.wait_failed(("timeout", "time-out", "timed out"),
                          ("callback", "call back", "call-back"), quiet_seconds=SILENCE + 30)
        stage.lap("gave up")

        stage.client.run("node", "undeploy", NODE)
        stage.client.wait_state(NODE, "available", 30, through=("deploy failed",))
        assert not stage.machine.is_on(), "the machine was left on"
        stage.server.stop()
        stage.lap("undeployed")
