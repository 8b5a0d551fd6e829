"""Every call of openstacksdk's bare metal proxy, at least once, with what it must answer.

The calls are listed from the library itself: one that this walk does not use fails it.
"""
from openstack import exceptions
from openstack.baremetal.v1 import _proxy
from waiting import until

NAME = "sdk-every"
VIF = "11111111-2222-4333-8444-666666666666"
WAIT = 60  # seconds


class Recorder:
    """Passes calls on to the proxy and remembers their names."""

    def __init__(self, proxy):
        self.proxy = proxy
        self.known = {name for name, value in vars(_proxy.Proxy).items()
                      if not name.startswith("_") and callable(value)}
        self.used = set()

    def __getattr__(self, name):
        if name in self.known:
            self.used.add(name)
        return getattr(self.proxy, name)


def crud(api, noun, plural, made, patch_path="/extra/a"):
    """Finds, lists, updates and patches what was made; `noun` and `plural` as the proxy says them."""
    get = getattr(api, f"get_{noun}")
    assert get(made.id).id == made.id
    assert made.id in [found.id for found in getattr(api, plural)()], plural
    updated = getattr(api, f"update_{noun}")(made, extra={"a": 1})
    assert updated.extra == {"a": 1}, updated
    getattr(api, f"patch_{noun}")(get(made.id), [{"op": "remove", "path": patch_path}])
    assert get(made.id).extra == {}, get(made.id)
    if f"find_{noun}" in api.known:
        assert getattr(api, f"find_{noun}")(made.id).id == made.id


def gone(api, noun, made):
    getattr(api, f"delete_{noun}")(made)
    try:
        getattr(api, f"get_{noun}")(made.id)
    except exceptions.ResourceNotFound:
        return
    raise AssertionError(f"a deleted {noun} is still found")


def small_resources(api, node):
    chassis = api.create_chassis(description="rack 7")
    crud(api, "chassis", "chassis", chassis)
    gone(api, "chassis", chassis)

    group = api.create_port_group(node_id=node.id, address="52:54:00:ee:02:00")
    crud(api, "port_group", "port_groups", group)
    port = api.create_port(address="52:54:00:ee:02:01", node_id=node.id, port_group_id=group.id)
    crud(api, "port", "ports", port)
    gone(api, "port", port)
    gone(api, "port_group", group)

    steps = [{"interface": "deploy", "step": "deploy", "args": {}, "priority": 10}]
    template = api.create_deploy_template(name="CUSTOM_SDK", steps=steps)
    crud(api, "deploy_template", "deploy_templates", template)
    gone(api, "deploy_template", template)


def volumes(api, node):
    api.set_node_power_state(node, "power off", wait=True, timeout=WAIT)
    api.wait_for_node_power_state(node, "power off", timeout=WAIT)
    connector = api.create_volume_connector(node_id=node.id, type="iqn",
                                            connector_id="iqn.2026-11.org.example:sdk")
    crud(api, "volume_connector", "volume_connectors", connector)
    gone(api, "volume_connector", connector)
    target = api.create_volume_target(node_id=node.id, volume_type="iscsi", boot_index=0,
                                      volume_id="vol-sdk")
    crud(api, "volume_target", "volume_targets", target)
    gone(api, "volume_target", target)


def drivers(api):
    assert api.get_driver("fake-hardware").name == "fake-hardware"
    assert "fake-hardware" in [driver.name for driver in api.drivers()]
    api.list_driver_vendor_passthru("fake-hardware")
    try:
        api.call_driver_vendor_passthru("fake-hardware", "GET", "no_such_method")
    except exceptions.SDKException:
        pass
    host = next(iter(api.conductors())).hostname
    assert api.get_conductor(host).hostname == host


def hardware(api, node):
    api.set_node_traits(node, ["CUSTOM_A", "CUSTOM_B"])
    api.remove_node_trait(node, "CUSTOM_B")
    api.add_node_trait(node, "CUSTOM_C")
    assert api.get_node(node.id, fields=["traits"]).traits == ["CUSTOM_A", "CUSTOM_C"]
    api.set_node_boot_device(node, "pxe")
    api.wait_for_node_reservation(node, timeout=WAIT)
    # Fake hardware has no firmware to be told so: the request is taken, and last_error says why not.
    api.set_node_boot_mode(node, "uefi")
    until("boot mode", lambda: "boot_mode" in (api.get_node(node.id).last_error or ""), 20)
    api.set_node_secure_boot(node, True)
    until("secure boot", lambda: "secure_boot" in (api.get_node(node.id).last_error or ""), 20)
    api.set_node_maintenance(node, reason="why not")
    api.unset_node_maintenance(node)
    assert api.list_node_vendor_passthru(node)
    api.call_node_vendor_passthru(node, "POST", "second_method", {"bar": "kazoo"})
    api.attach_vif_to_node(node, VIF)
    assert not api.list_node_vifs(node)  # the noop network keeps none
    assert api.detach_vif_from_node(node, VIF)


def allocating(api, node):
    api.set_node_provision_state(node, "manage", wait=True, timeout=WAIT)
    api.set_node_provision_state(node, "provide")
    api.wait_for_nodes_provision_state([node], "available", timeout=WAIT)
    api.validate_node(node)
    made = api.create_allocation(name="sdk-allocation", resource_class="sdk-every")
    made = api.wait_for_allocation(made, timeout=WAIT)
    assert made.node_id == node.id, made
    crud(api, "allocation", "allocations", made)
    gone(api, "allocation", made)


def run(proxy):
    """The whole walk over `proxy`, a connection's baremetal attribute."""
    api = Recorder(proxy)
    node = api.create_node(name=NAME, driver="fake-hardware", provision_state="enroll",
                           resource_class="sdk-every")
    assert api.find_node(NAME).id == node.id
    node = api.update_node(node, extra={"a": 1})
    node = api.patch_node(node, [{"op": "remove", "path": "/extra/a"}])
    assert node.id in [found.id for found in api.nodes(resource_class="sdk-every")]
    drivers(api)
    small_resources(api, node)
    volumes(api, node)
    hardware(api, node)
    allocating(api, api.get_node(node.id))
    gone(api, "node", node)
    left = api.known - api.used
    assert not left, f"calls that were not tried: {sorted(left)}"
