"""The life of a UEFI machine, whose qcow2 image the server converts."""
from image import sha256
from scenarios import deploy
from stage import Stage

SUMMARY = "UEFI: enroll, clean, deploy qcow2 converted by the server, undeploy, erased, delete"
BUDGET = 1200


def run(directory):
    with Stage(directory, "uefi") as stage:
        uuid = deploy.enroll_and_clean(stage)
        image = stage.image("uefi-first")
        stage.set_image(stage.web.url(image.qcow2.name), image_download_source="local",
                        image_os_hash_algo="sha256", image_os_hash_value=sha256(image.qcow2))
        deploy.deploy(stage, uuid, image)
        deploy.give_back(stage)
