"""The whole life of a BIOS machine, with a raw image and then a rebuild from a file."""
from scenarios import deploy
from stage import NODE, Stage

SUMMARY = "BIOS: clean, deploy raw over HTTP, rebuild from file://, undeploy, erased, delete"
BUDGET = 1200


def run(directory):
    with Stage(directory, "bios") as stage:
        uuid = deploy.enroll_and_clean(stage)
        first = stage.image("bios-first")
        stage.set_web_image(first)
        deploy.deploy(stage, uuid, first)
        deploy.served_once(stage, first.raw)

        second = stage.image("bios-second")
        # A file of the server's own needs no checksum; the one of the first image would be wrong.
        stage.client.run("node", "unset", NODE, "--instance-info", "image_os_hash_algo",
                         "--instance-info", "image_os_hash_value")
        stage.set_image(f"file://{second.raw}")
        deploy.rebuild(stage, uuid, second)
        deploy.give_back(stage)
