"""Fault: the server is killed while it waits for the agent, and started again."""
from stage import NODE, Stage

SUMMARY = "kill -9 of ferrited in `wait call-back`: after a restart the deploy goes on to active"
BUDGET = 600


def run(directory):
    with Stage(directory) as stage:
        stage.ready_node()
        image = stage.image("survived")
        stage.set_web_image(image)
        stage.deploy()
        stage.wait_callback_state()
        stage.server.kill()
        stage.lap("killed")

        stage.server.start()
        node = stage.client.node(NODE)
        assert node["provision_state"] in ("wait call-back", "deploying"), node["provision_state"]
        assert node["instance_info"]["image_source"] == stage.web.url(image.raw.name)
        stage.wait_active()
        stage.lap("active")
        stage.wait_image(image)
        stage.server.stop()
        stage.lap("booted")
