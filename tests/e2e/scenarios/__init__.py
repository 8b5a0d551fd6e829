"""The scenarios, in the order they run: quick faults first, then whole deploys.

Each is a module with
    SUMMARY   one line for `run --list`
    BUDGET    seconds after which it is ended, whatever it does
    run(directory)   does it, with its files in `directory`; an exception is a failure
"""
NAMES = ("wrong-password", "image-missing", "no-callback", "deploy-bios", "deploy-uefi",
         "wrong-checksum", "silent-bmc", "killed-in-wait")

# These prove the harness itself, without a server; they run only when named.
SELF_TESTS = ("self-bios", "self-uefi")
