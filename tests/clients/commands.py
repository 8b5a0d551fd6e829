"""Every sub-command of the stock `baremetal` command, at least once, with what it must print.

The commands are listed from the client itself, so that none is forgotten: a command that this walk
does not use fails it. They run inside of this process, which is twenty times faster than a process
for each.
"""
import contextlib
import importlib.metadata
import io
import json
import logging
import os
import pathlib
import tempfile
import warnings

from client import Client, ClientError
from waiting import until

NODE = "every-1"
NAMESPACE = "openstack.baremetal.v1"


def all_commands():
    """The names of all sub-commands, as words: {"node show", "port group list", ...}."""
    points = importlib.metadata.distribution("python-ironicclient").entry_points
    return {command_words(point.name) for point in points if point.group == NAMESPACE}


def command_words(entry_point):
    """`baremetal_port_group_list` is `port group list`."""
    return entry_point.removeprefix("baremetal_").replace("_", " ")


class Commands(Client):
    """The client inside of this process; `used` are the sub-commands that did what they should."""

    def __init__(self, endpoint):
        super().__init__(endpoint, log=lambda line: None)
        self.known = all_commands()
        self.used = set()
        os.environ.update(OS_AUTH_TYPE="none", OS_ENDPOINT=self.endpoint)

    def run(self, *words, timeout=300):
        from ironicclient import shell  # pylint: disable=import-outside-toplevel
        words = [str(word) for word in words]
        out, errors = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    status = shell.main(words)
                except SystemExit as ended:
                    status = ended.code
        for handler in logging.root.handlers[:]:  # each call adds one for its own stream
            logging.root.removeHandler(handler)
        if status:
            raise ClientError(f"baremetal {' '.join(words)}: {errors.getvalue().strip()}")
        self.used.add(self.command_of(words))
        return out.getvalue()

    def command_of(self, words):
        """The sub-command that `words` begin with: the longest that fits."""
        for length in range(len(words), 0, -1):
            if " ".join(words[:length]) in self.known:
                return " ".join(words[:length])
        raise AssertionError(f"no such command: {words}")

    def refused(self, *words, says):
        """The command must fail and say `says`."""
        try:
            self.run(*words)
        except ClientError as error:
            assert says in str(error), f"{says!r} is not in {error}"
            self.used.add(self.command_of(words))
            return
        raise AssertionError(f"baremetal {' '.join(words)} was not refused")


def holds(actual, **expected):
    """All `expected` members of the dictionary `actual`."""
    for key, value in expected.items():
        assert actual[key] == value, f"{key}: {actual[key]!r} instead of {value!r} in {actual}"


def column(rows, name):
    return [row[name] for row in rows]


def drivers_and_conductors(cli):
    rows = cli.json("driver", "list")
    assert "fake-hardware" in column(rows, "Supported driver(s)"), rows
    holds(cli.json("driver", "show", "fake-hardware"), name="fake-hardware", type="dynamic")
    assert cli.json("driver", "property", "list", "ipmi"), "ipmi reads driver_info"
    raid = cli.json("driver", "raid", "property", "list", "fake-hardware")
    assert "size_gb" in column(raid, "Property"), raid
    cli.json("driver", "passthru", "list", "fake-hardware")
    cli.refused("driver", "passthru", "call", "fake-hardware", "no_such_method",
                says="no_such_method")
    host = column(cli.json("conductor", "list"), "Hostname")[0]
    holds(cli.json("conductor", "show", host), hostname=host, alive=True)


def chassis(cli):
    uuid = cli.json("chassis", "create", "--description", "rack 7")["uuid"]
    assert uuid in column(cli.json("chassis", "list"), "UUID")
    cli.run("chassis", "set", uuid, "--extra", "row=4", "--description", "rack 8")
    holds(cli.json("chassis", "show", uuid), description="rack 8", extra={"row": 4})
    cli.run("chassis", "unset", uuid, "--extra", "row")
    holds(cli.json("chassis", "show", uuid), extra={})
    cli.run("chassis", "delete", uuid)
    cli.refused("chassis", "show", uuid, says="404")


def create_from_file(cli):
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / "machines.json"
        path.write_text(json.dumps({"nodes": [
            {"driver": "fake-hardware", "name": "from-file",
             "ports": [{"address": "52:54:00:ee:00:01"}]}]}))
        cli.run("create", path)
    holds(cli.json("node", "show", "from-file"), driver="fake-hardware")
    assert column(cli.json("port", "list", "--node", "from-file"), "Address") == [
        "52:54:00:ee:00:01"]
    cli.run("node", "delete", "from-file")


def node(cli):
    made = cli.json("node", "create", "--driver", "fake-hardware", "--name", NODE,
                    "--resource-class", "every", "--property", "cpus=4")
    holds(made, name=NODE, provision_state="enroll", resource_class="every")
    assert made["uuid"] in column(cli.json("node", "list"), "UUID")
    cli.run("node", "set", NODE, "--extra", "rack=r8", "--owner", "me", "--target-raid-config",
            '{"logical_disks": [{"size_gb": "MAX", "raid_level": "1"}]}')
    holds(cli.json("node", "show", NODE), extra={"rack": "r8"}, owner="me",
          target_raid_config={"logical_disks": [{"size_gb": "MAX", "raid_level": "1"}]})
    cli.run("node", "unset", NODE, "--extra", "rack", "--owner", "--target-raid-config")
    holds(cli.json("node", "show", NODE), extra={}, owner=None, target_raid_config={})
    cli.run("node", "maintenance", "set", NODE, "--reason", "new fan")
    holds(cli.json("node", "show", NODE), maintenance=True, maintenance_reason="new fan")
    cli.run("node", "maintenance", "unset", NODE)
    holds(cli.json("node", "show", NODE), maintenance=False, maintenance_reason=None)
    checks = {row["Interface"]: row["Result"] for row in cli.json("node", "validate", NODE)}
    assert checks["power"] and checks["management"], checks
    return made["uuid"]


def traits(cli):
    cli.run("node", "add", "trait", NODE, "CUSTOM_GOLD", "HW_CPU_X86_VMX")
    assert column(cli.json("node", "trait", "list", NODE), "Traits") == [
        "CUSTOM_GOLD", "HW_CPU_X86_VMX"]
    cli.run("node", "remove", "trait", NODE, "HW_CPU_X86_VMX")
    assert column(cli.json("node", "trait", "list", NODE), "Traits") == ["CUSTOM_GOLD"]
    cli.refused("node", "add", "trait", NODE, "gold", says="gold")


def ports_and_portgroups(cli, uuid):
    group = cli.json("port", "group", "create", "--node", uuid, "--name", "bond-1", "--address",
                     "52:54:00:ee:01:00")
    holds(group, name="bond-1", node_uuid=uuid, mode="active-backup")
    assert "bond-1" in column(cli.json("port", "group", "list"), "Name")
    cli.run("port", "group", "set", "bond-1", "--mode", "802.3ad", "--extra", "a=1")
    holds(cli.json("port", "group", "show", "bond-1"), mode="802.3ad", extra={"a": 1})
    cli.run("port", "group", "unset", "bond-1", "--extra", "a")
    holds(cli.json("port", "group", "show", "bond-1"), extra={})

    port = cli.json("port", "create", "--node", uuid, "52:54:00:ee:01:01", "--port-group",
                    group["uuid"], "--pxe-enabled", "true")["uuid"]
    assert column(cli.json("port", "list", "--port-group", "bond-1"), "UUID") == [port]
    cli.run("port", "set", port, "--extra", "slot=3", "--physical-network", "physnet1")
    holds(cli.json("port", "show", port), extra={"slot": 3}, physical_network="physnet1",
          portgroup_uuid=group["uuid"])
    cli.run("port", "unset", port, "--extra", "slot", "--port-group", "--physical-network")
    holds(cli.json("port", "show", port), extra={}, portgroup_uuid=None, physical_network=None)
    cli.run("port", "delete", port)
    cli.run("port", "group", "delete", "bond-1")
    assert "bond-1" not in column(cli.json("port", "group", "list"), "Name")


def volumes(cli, uuid):
    cli.run("node", "power", "off", NODE)
    until("the node is off", lambda: cli.node(NODE)["power_state"] == "power off", 20)
    connector = cli.json("volume", "connector", "create", "--node", uuid, "--type", "iqn",
                         "--connector-id", "iqn.2026-11.org.example:one")["uuid"]
    assert connector in column(cli.json("volume", "connector", "list"), "UUID")
    cli.run("volume", "connector", "set", connector, "--extra", "a=1")
    holds(cli.json("volume", "connector", "show", connector), extra={"a": 1}, type="iqn")
    cli.run("volume", "connector", "unset", connector, "--extra", "a")
    holds(cli.json("volume", "connector", "show", connector), extra={})
    cli.run("volume", "connector", "delete", connector)
    target = cli.json("volume", "target", "create", "--node", uuid, "--type", "iscsi",
                      "--boot-index", "0", "--volume-id", "vol-1")["uuid"]
    assert target in column(cli.json("volume", "target", "list"), "UUID")
    cli.run("volume", "target", "set", target, "--property", "target_lun=1")
    holds(cli.json("volume", "target", "show", target), boot_index=0, volume_id="vol-1")
    cli.run("volume", "target", "unset", target, "--property", "target_lun")
    holds(cli.json("volume", "target", "show", target), properties={})
    cli.run("volume", "target", "delete", target)
    assert not cli.json("volume", "target", "list")


def hardware(cli):
    cli.run("node", "boot", "device", "set", NODE, "pxe", "--persistent")
    holds(cli.json("node", "boot", "device", "show", NODE), boot_device="pxe")
    # Fake hardware has no firmware to be told so: the request is taken, and last_error says why not.
    for words, what in ((("boot", "mode", "set", NODE, "uefi"), "set_boot_mode"),
                        (("secure", "boot", "on", NODE), "set_secure_boot"),
                        (("secure", "boot", "off", NODE), "set_secure_boot")):
        cli.run("node", *words)
        until(what, lambda text=what: text in (cli.node(NODE)["last_error"] or ""), 20)
    cli.refused("node", "inject", "nmi", NODE, says="inject_nmi")
    cli.run("node", "console", "enable", NODE)
    until("console", lambda: cli.node(NODE)["console_enabled"], 20)
    holds(cli.json("node", "console", "show", NODE), console_enabled=True)
    cli.run("node", "console", "disable", NODE)
    until("no console", lambda: not cli.node(NODE)["console_enabled"], 20)
    cli.json("node", "bios", "setting", "list", NODE)
    methods = column(cli.json("node", "passthru", "list", NODE), "Name")
    assert "third_method_sync" in methods, methods
    cli.run("node", "passthru", "call", NODE, "second_method", "--arg", "bar=kazoo")
    cli.run("node", "vif", "attach", NODE, "11111111-2222-4333-8444-555555555555")
    assert not cli.json("node", "vif", "list", NODE)  # the noop network keeps none
    cli.run("node", "vif", "detach", NODE, "11111111-2222-4333-8444-555555555555")


def verbs(cli):
    def walk(*steps):
        for words, reached in steps:
            cli.run("node", *words[:1], NODE, *words[1:], "--wait", "60")
            state = cli.node(NODE)["provision_state"]
            assert state == reached, f"{words} led to {state!r}: {cli.node(NODE)['last_error']}"

    walk((["manage"], "manageable"))
    cli.run("node", "inspect", NODE, "--wait", "60")
    walk((["provide"], "available"), (["deploy"], "active"), (["rebuild"], "active"),
         (["rescue", "--rescue-password", "let-me-in"], "rescue"), (["unrescue"], "active"))
    for words, reached in ((("power", "off"), "power off"), (("power", "on"), "power on"),
                           (("reboot",), "power on")):
        cli.run("node", *words, NODE)
        until(f"{words}", lambda wanted=reached: cli.node(NODE)["power_state"] == wanted and
              cli.node(NODE)["target_power_state"] is None, 20)
    walk((["undeploy"], "available"), (["manage"], "manageable"))
    cli.run("node", "clean", NODE, "--wait", "60", "--clean-steps",
            '[{"interface": "vendor", "step": "log_passthrough"}]')
    assert cli.node(NODE)["provision_state"] == "manageable"
    walk((["adopt"], "active"), (["undeploy"], "available"))


def aborting(cli):
    """A step that waits for somebody can be given up."""
    cli.run("node", "manage", NODE, "--wait", "60")
    cli.run("node", "set", NODE, "--boot-interface", "ipxe", "--deploy-interface", "direct",
            "--driver-info", "deploy_kernel=http://127.0.0.1:9/k", "--driver-info",
            "deploy_ramdisk=http://127.0.0.1:9/r")
    cli.run("node", "clean", NODE, "--clean-steps",
            '[{"interface": "deploy", "step": "erase_devices_metadata"}]')
    until("clean wait", lambda: cli.node(NODE)["provision_state"] == "clean wait", 30)
    cli.run("node", "abort", NODE)
    until("clean failed", lambda: cli.node(NODE)["provision_state"] == "clean failed", 30)
    cli.run("node", "maintenance", "unset", NODE)
    cli.run("node", "manage", NODE, "--wait", "60")
    cli.run("node", "set", NODE, "--boot-interface", "fake", "--deploy-interface", "fake")
    cli.run("node", "provide", NODE, "--wait", "60")


def history(cli):
    rows = cli.json("node", "history", "list", NODE)
    assert rows, "the aborted cleaning is an event"
    shown = cli.json("node", "history", "get", NODE, rows[-1]["UUID"])
    holds(shown, uuid=rows[-1]["UUID"])


def allocations(cli):
    made = cli.json("allocation", "create", "--resource-class", "every", "--name", "for-me",
                    "--wait", "60")
    until("allocated", lambda: cli.json("allocation", "show", "for-me")["state"] == "active", 20)
    assert cli.node(NODE)["instance_uuid"] == made["uuid"]
    assert "for-me" in column(cli.json("allocation", "list"), "Name")
    cli.run("allocation", "set", "for-me", "--extra", "a=1", "--name", "for-you")
    holds(cli.json("allocation", "show", "for-you"), extra={"a": 1})
    cli.run("allocation", "unset", "for-you", "--extra", "a")
    holds(cli.json("allocation", "show", "for-you"), extra={})
    cli.run("allocation", "delete", "for-you")
    assert cli.node(NODE)["instance_uuid"] is None


def deploy_templates(cli):
    steps = '[{"interface": "deploy", "step": "deploy", "args": {}, "priority": 10}]'
    cli.run("deploy", "template", "create", "CUSTOM_FAST", "--steps", steps)
    assert "CUSTOM_FAST" in column(cli.json("deploy", "template", "list"), "Name")
    cli.run("deploy", "template", "set", "CUSTOM_FAST", "--extra", "a=1")
    holds(cli.json("deploy", "template", "show", "CUSTOM_FAST"), extra={"a": 1})
    cli.run("deploy", "template", "unset", "CUSTOM_FAST", "--extra", "a")
    holds(cli.json("deploy", "template", "show", "CUSTOM_FAST"), extra={},
          steps=json.loads(steps))
    cli.run("deploy", "template", "delete", "CUSTOM_FAST")
    assert not cli.json("deploy", "template", "list")


def bios_setting(cli):
    """The fake BIOS has the settings that a clean step gave it."""
    cli.run("node", "manage", NODE, "--wait", "60")
    cli.run("node", "clean", NODE, "--wait", "60", "--clean-steps", json.dumps([
        {"interface": "bios", "step": "apply_configuration",
         "args": {"settings": [{"name": "hyperthreading", "value": "on"}]}}]))
    names = column(cli.json("node", "bios", "setting", "list", NODE), "BIOS setting name")
    assert "hyperthreading" in names, names
    holds(cli.json("node", "bios", "setting", "show", NODE, "hyperthreading"), value="on")


def run(endpoint):
    """The whole walk; an AssertionError or ClientError says what is wrong."""
    cli = Commands(endpoint)
    drivers_and_conductors(cli)
    chassis(cli)
    create_from_file(cli)
    uuid = node(cli)
    traits(cli)
    ports_and_portgroups(cli, uuid)
    volumes(cli, uuid)
    hardware(cli)
    verbs(cli)
    aborting(cli)
    history(cli)
    allocations(cli)
    deploy_templates(cli)
    bios_setting(cli)
    cli.run("node", "delete", NODE)
    left = cli.known - cli.used
    assert not left, f"commands that were not tried: {sorted(left)}"
