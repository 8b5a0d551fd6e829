"""The same with openstacksdk (Debian's python3-openstacksdk), as Nova and Metal3's tools do it."""
import openstack
from openstack import exceptions

NAME = "sdk-1"
MAC = "52:54:00:aa:bb:02"
WAIT = 120  # seconds


def connect(endpoint):
    """A connection without authentication."""
    return openstack.connection.Connection(auth_type="none", auth={"endpoint": endpoint},
                                           baremetal_endpoint_override=endpoint,
                                           baremetal_api_version="1")


def run(endpoint):
    baremetal = connect(endpoint).baremetal
    assert "fake-hardware" in [driver.name for driver in baremetal.drivers()]
    assert baremetal.get_driver("fake-hardware").default_deploy_interface == "fake"

    node = baremetal.create_node(name=NAME, driver="fake-hardware", provision_state="enroll",
                                 properties={"cpus": 8})
    assert node.provision_state == "enroll" and node.properties == {"cpus": 8}, node
    assert node.id in [found.id for found in baremetal.nodes(driver="fake-hardware")]
    assert baremetal.find_node(NAME).id == node.id
    detailed = {found.id: found for found in baremetal.nodes(details=True)}
    assert detailed[node.id].properties == {"cpus": 8}, detailed[node.id]

    node = baremetal.update_node(node, extra={"owner": "me"})
    assert baremetal.get_node(node.id).extra == {"owner": "me"}
    node = baremetal.patch_node(node, [{"op": "replace", "path": "/extra/owner", "value": "you"}])
    assert node.extra == {"owner": "you"}, node

    port = baremetal.create_port(address=MAC, node_id=node.id)
    assert [found.address for found in baremetal.ports(node=node.id)] == [MAC]
    baremetal.validate_node(node)
    for target, reached in (("manage", "manageable"), ("provide", "available"),
                            ("active", "active"), ("deleted", "available")):
        node = baremetal.set_node_provision_state(node, target, wait=True, timeout=WAIT)
        assert node.provision_state == reached, node
    baremetal.set_node_power_state(node, "power on", wait=True, timeout=WAIT)
    assert baremetal.get_node(node.id).power_state == "power on"
    baremetal.set_node_maintenance(node, reason="why not")
    assert baremetal.get_node(node.id).maintenance_reason == "why not"
    baremetal.unset_node_maintenance(node)

    baremetal.delete_port(port)
    baremetal.delete_node(node)
    try:
        baremetal.get_node(node.id)
    except exceptions.ResourceNotFound:
        return
    raise AssertionError("a deleted node is still found")
