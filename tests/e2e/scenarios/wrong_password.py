"""Fault: the operator typed a wrong BMC password."""
from bmc import PASSWORD
from stage import NODE, Stage, check_error
from waiting import until

SUMMARY = "wrong BMC password: verifying -> enroll, and last_error says why; then put right"
BUDGET = 240


def run(directory):
    with Stage(directory) as stage:
        stage.enroll(ipmi_password="not-the-password")
        stage.client.run("node", "manage", NODE)

        def refused():
            node = stage.client.node(NODE)
            return node["provision_state"] == "enroll" and node["last_error"] and node
        node = until("verification fails", refused, 30)
        check_error(node, "password", stage.bmc.address)
        assert "not-the-password" not in node["last_error"]
        assert node["target_provision_state"] is None, node
        stage.lap("refused")

        stage.client.run("node", "set", NODE, "--driver-info", f"ipmi_password={PASSWORD}")
        stage.manage()
        assert stage.client.node(NODE)["last_error"] is None
        assert "not-the-password" not in stage.server.log(), "the password is in the log"
        stage.server.stop()
        stage.lap("corrected")
