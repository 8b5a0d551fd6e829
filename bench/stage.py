"""How a benchmark is run: with its options, in network namespaces and a directory of its own."""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from ferrited import program
from isolation import isolated, unavailable


def run(script, about, add_options, measure):
    """The whole of a benchmark's main program; returns its exit status, 77 when it can not run here.

    script        its file
    about         what it says of itself
    add_options   add_options(parser), for its own options; all have --alone
    measure       measure(directory, options): a Table, made in a network namespace of its own
    """
    sys.stdout.reconfigure(line_buffering=True)  # what tools print comes in its place
    parser = argparse.ArgumentParser(description=about,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    parser.add_argument("--alone", action="store_true", help="ferrited only, without the original")
    parser.add_argument("--inside", metavar="DIRECTORY", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        table = measure(pathlib.Path(options.inside), options)
        print(f"\n{options.nodes} nodes; ferrited is {program()}\n\n{table.text()}")
        return 0
    script = pathlib.Path(script)
    why = "needs root" if os.geteuid() else unavailable()
    if not why and not program():
        why = "no ferrited: build it first (preset release), or set FERRITED"
    if why:
        print(f"bench/{script.name}: {why}", file=sys.stderr)
        return 77
    directory = tempfile.mkdtemp(prefix="ferrite-bench.", dir="/var/tmp")
    try:
        return isolated([sys.executable, script, "--inside", directory, *sys.argv[1:]]).wait()
    finally:
        shutil.rmtree(directory, ignore_errors=True)
