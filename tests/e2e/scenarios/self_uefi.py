"""The harness proved by itself, with a UEFI machine."""
from scenarios import self_boot

SUMMARY = "the harness without a server: BMC, power and test disk of a UEFI machine"
BUDGET = 600


def run(directory):
    self_boot.run(directory, "uefi")
