"""Deadlines: everything in the harness that waits does it here, so nothing waits for ever.

Times given in scenarios are those of a quiet machine; the real limit is PATIENCE times as long
(environment FERRITE_E2E_PATIENCE, default 5), because emulated machines on a loaded host are slow
and a test must not fail for that.
"""
import os
import time

PATIENCE = float(os.environ.get("FERRITE_E2E_PATIENCE", "5"))


class Timeout(AssertionError):
    """A condition did not become true in time."""


def until(what, condition, quiet_seconds, every=0.2):
    """Calls `condition` until it returns something true, and returns that.

    what           what is awaited, for the message of the failure
    quiet_seconds  how long it may take on a quiet machine; stretched by PATIENCE
    every          seconds between two looks
    Raises Timeout. Exceptions of `condition` pass: a condition that can already tell that it will
    never be true should raise and so end the wait at once.
    """
    limit = quiet_seconds * PATIENCE
    end = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise Timeout(f"{what}: not within {limit:.0f} s")
        time.sleep(every)
