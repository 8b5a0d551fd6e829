"""What an operator does with the stock `baremetal` command (python3-ironicclient), start to end."""
from client import ClientError
from waiting import until

NAME = "cli-1"
MAC = "52:54:00:aa:bb:01"


def refused(cli, words, *expected):
    """The command must fail, and what it prints must contain `expected`."""
    try:
        cli.run(*words)
    except ClientError as error:
        for text in expected:
            assert text in str(error), f"{text!r} is not in {error}"
        return
    raise AssertionError(f"baremetal {' '.join(words)} was not refused")


def state(cli):
    """The node's provision state."""
    return cli.node(NAME)["provision_state"]


def drivers_and_conductors(cli):
    rows = {row["Supported driver(s)"]: row for row in cli.json("driver", "list")}
    host = rows["fake-hardware"]["Active host(s)"]
    assert "ipmi" in rows, rows
    shown = cli.json("driver", "show", "fake-hardware")
    assert shown["name"] == "fake-hardware" and shown["type"] == "dynamic", shown
    assert shown["default_power_interface"] == "fake" and shown["hosts"] == host, shown
    conductors = cli.json("conductor", "list")
    assert [(row["Hostname"], row["Alive"]) for row in conductors] == [(host, True)], conductors
    conductor = cli.json("conductor", "show", host)
    assert "fake-hardware" in conductor["drivers"], conductor
    refused(cli, ["driver", "show", "no-such-driver"], "404", "no-such-driver")


def creating(cli):
    node = cli.json("node", "create", "--driver", "fake-hardware", "--name", NAME,
                    "--property", "cpus=4", "--property", "capabilities=boot_mode:uefi",
                    "--extra", "rack=r7", "--driver-info", "ipmi_password=secret",
                    "--resource-class", "baremetal")
    assert node["provision_state"] == "enroll" and node["power_state"] is None, node
    assert node["properties"] == {"cpus": 4, "capabilities": "boot_mode:uefi"}, node
    assert node["driver_info"] == {"ipmi_password": "******"}, node["driver_info"]
    assert node["resource_class"] == "baremetal" and node["deploy_interface"] == "fake", node
    refused(cli, ["node", "create", "--driver", "fake-hardware", "--name", NAME], "409", NAME)
    refused(cli, ["node", "create", "--driver", "no-such-driver"], "no-such-driver")
    refused(cli, ["node", "show", "no-such-node"], "404", "no-such-node")
    return node["uuid"]


def listing(cli, uuid):
    row = {"UUID": uuid, "Name": NAME, "Instance UUID": None, "Power State": None,
           "Provisioning State": "enroll", "Maintenance": False}
    assert row in cli.json("node", "list"), "not in the list"
    assert row in cli.json("node", "list", "--driver", "fake-hardware", "--limit", "0",
                           "--provision-state", "enroll", "--sort", "name:asc")
    assert row not in cli.json("node", "list", "--maintenance")
    rows = cli.json("node", "list", "--fields", "uuid", "extra")
    assert {"UUID": uuid, "Extra": {"rack": "r7"}} in rows, rows
    assert cli.json("node", "show", uuid)["name"] == NAME


def changing(cli, uuid):
    cli.run("node", "set", NAME, "--extra", "rack=r8", "--description", "the first one",
            "--property", "memory_mb=2048")
    node = cli.json("node", "show", NAME)
    assert node["extra"] == {"rack": "r8"} and node["description"] == "the first one", node
    assert node["properties"]["memory_mb"] == 2048 and node["updated_at"], node
    cli.run("node", "unset", NAME, "--extra", "rack", "--description")
    node = cli.json("node", "show", NAME)
    assert node["extra"] == {} and node["description"] is None, node
    cli.run("node", "maintenance", "set", NAME, "--reason", "new fan")
    node = cli.json("node", "show", NAME)
    assert node["maintenance"] is True and node["maintenance_reason"] == "new fan", node
    cli.run("node", "maintenance", "unset", NAME)
    assert cli.json("node", "show", uuid)["maintenance_reason"] is None


def ports(cli, uuid):
    port = cli.json("port", "create", "--node", uuid, MAC)
    assert port["address"] == MAC and port["node_uuid"] == uuid and port["pxe_enabled"], port
    refused(cli, ["port", "create", "--node", uuid, MAC], "409", MAC)
    row = {"UUID": port["uuid"], "Address": MAC}
    assert row in cli.json("port", "list") and row in cli.json("port", "list", "--node", NAME)
    cli.run("port", "set", port["uuid"], "--extra", "slot=3")
    assert cli.json("port", "show", "--address", MAC)["extra"] == {"slot": 3}
    return port["uuid"]


def provisioning(cli):
    rows = {row["Interface"]: row["Result"] for row in cli.json("node", "validate", NAME)}
    assert rows["power"] and rows["deploy"] and rows["boot"], rows
    refused(cli, ["node", "deploy", NAME], "400")
    for verb, reached in (("manage", "manageable"), ("provide", "available"), ("deploy", "active"),
                          ("rebuild", "active")):
        cli.run("node", verb, NAME, "--wait", "60")
        assert state(cli) == reached, (verb, state(cli))
    assert not cli.node(NAME)["maintenance"]


def power(cli):
    for words, reached in ((("power", "off"), "power off"), (("power", "on"), "power on"),
                           (("reboot",), "power on")):
        cli.run("node", *words, NAME)
        until_power(cli, reached)
    cli.run("node", "boot", "device", "set", NAME, "pxe")
    assert cli.json("node", "boot", "device", "show", NAME) == {
        "boot_device": "pxe", "persistent": False}


def until_power(cli, reached):
    """Waits for a power state without a change under way."""
    def look():
        node = cli.node(NAME)
        return node["power_state"] == reached and node["target_power_state"] is None
    until(f"power state {reached!r}", look, 20)


def giving_back(cli, port):
    refused(cli, ["node", "delete", NAME], NAME)
    cli.run("node", "undeploy", NAME, "--wait", "60")
    assert state(cli) == "available", state(cli)
    assert cli.json("node", "history", "list", NAME) is not None
    cli.run("port", "delete", port)
    cli.run("node", "delete", NAME)
    refused(cli, ["node", "show", NAME], "404")
    assert MAC not in str(cli.json("port", "list"))


def run(cli):
    """The whole walk; an AssertionError or ClientError says what is wrong."""
    drivers_and_conductors(cli)
    uuid = creating(cli)
    listing(cli, uuid)
    changing(cli, uuid)
    port = ports(cli, uuid)
    provisioning(cli)
    power(cli)
    giving_back(cli, port)
