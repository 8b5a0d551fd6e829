"""The harness proved by itself, with a BIOS machine."""
from scenarios import self_boot

SUMMARY = "the harness without a server: BMC, power and test disk of a BIOS machine"
BUDGET = 600


def run(directory):
    self_boot.run(directory, "bios")
