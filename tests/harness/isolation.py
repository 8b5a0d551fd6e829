"""Namespaces of one's own: network, processes, /proc.

Whatever happens to what runs in them, even kill -9 of its parent, the kernel then ends every
process in them and removes their interfaces: nothing leaks and there is nothing to clean up.
"""
import ctypes
import signal
import subprocess

NAMESPACES = ("--net", "--pid", "--mount-proc", "--fork", "--kill-child")
PR_SET_PDEATHSIG = 1


def _die_with_parent():
    """Makes the kernel kill this process when the thread that started it ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def isolated(command, **options):
    """Starts `command` as process 1 of fresh namespaces; returns the Popen.

    options   for subprocess.Popen. Killing the Popen ends all that is in the namespaces.
    """
    return subprocess.Popen(["unshare", *NAMESPACES, *command], stdin=subprocess.DEVNULL,
                            preexec_fn=_die_with_parent, **options)


def unavailable():
    """Why namespaces cannot be had here, or None."""
    tried = subprocess.run(["unshare", *NAMESPACES, "ip", "link", "set", "lo", "up"],
                           capture_output=True, text=True, check=False)
    return f"no network namespaces: {tried.stderr.strip()}" if tried.returncode else None
