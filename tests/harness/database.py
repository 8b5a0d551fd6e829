#!/usr/bin/python3
"""A PostgreSQL or MariaDB server of its own, for as long as a test runs.

    with Server("postgresql") as server:
        url = server.url("some_database")

As a program: `database.py KIND` prints the URL of the server's first database and ends the server
when its standard input ends. Status 77 when the server's package is not installed.
"""
import atexit
import functools
import glob
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SKIPPED = 77
START_LIMIT = 60  # seconds


class NotInstalled(Exception):
    """The server's package is not there."""


def found(names):
    """The newest program that one of the patterns matches."""
    paths = sorted(path for name in names for path in glob.glob(name))
    if not paths:
        raise NotInstalled(names[0])
    return paths[-1]


def memory_directory():
    """Where files cost nothing to flush, if there is room."""
    shared = "/dev/shm"
    return shared if os.access(shared, os.W_OK) and shutil.disk_usage(shared).free > 2**30 else None


class Server:
    """A context manager; the files are in a directory that is deleted at the end."""

    def __init__(self, kind):
        self.kind = kind
        self.directory = None
        self.process = None
        self.made = 0

    def __enter__(self):
        programs = {"postgresql": self._postgresql, "mariadb": self._mariadb}[self.kind]()
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="fdb.", dir=memory_directory()))
        try:
            self._start(*programs)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.send_signal(signal.SIGQUIT if self.kind == "postgresql" else signal.SIGKILL)
            self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def url(self, name=None):
        """oslo.db's URL of a database of this server; of the first one if no name is given."""
        if self.kind == "postgresql":
            return f"postgresql://ferrite@localhost/{name or 'postgres'}?host={self.directory}"
        return f"mysql+pymysql://root@localhost/{name or 'mysql'}?unix_socket={self.directory}/s"

    def create(self):
        """Makes an empty database; returns its URL."""
        self.made += 1
        name = f"test{self.made}"
        statement = f"CREATE DATABASE {name}"
        client = (["psql", "-q", "-h", self.directory, "-U", "ferrite", "postgres", "-c"]
                  if self.kind == "postgresql" else
                  ["mariadb", "--no-defaults", "-u", "root", "-S", self.directory / "s", "-e"])
        subprocess.run([*client, statement], check=True)
        return self.url(name)

    def _postgresql(self):
        tools = pathlib.Path(found(["/usr/lib/postgresql/*/bin/postgres"])).parent
        make = [tools / "initdb", "-N", "--auth=trust", "-U", "ferrite", "--locale=C", "-E", "UTF8",
                "-D", "{}/data"]
        serve = [tools / "postgres", "-D", "{}/data", "-k", "{}", "-h", "", "-F",
                 "-c", "full_page_writes=off", "-c", "max_connections=200"]
        return "postgres", make, serve

    def _mariadb(self):
        make = [found(["/usr/bin/mariadb-install-db"]), "--no-defaults", "--datadir={}/data",
                "--auth-root-authentication-method=normal", "--skip-test-db"]
        serve = [found(["/usr/sbin/mariadbd"]), "--no-defaults", "--datadir={}/data",
                 "--socket={}/s", "--pid-file={}/pid", "--skip-networking",
                 "--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync",
                 "--innodb-buffer-pool-size=64M", "--max-connections=200"]
        return "mysql", make, serve

    def _start(self, user, make, serve):
        log = self.directory / "log"
        become = []
        if os.getuid() == 0:  # which neither server runs as
            account = pwd.getpwnam(user)
            os.chown(self.directory, account.pw_uid, account.pw_gid)
            become = ["setpriv", f"--reuid={user}", f"--regid={account.pw_gid}", "--clear-groups"]
        filled = [[*become, *(str(word).replace("{}", str(self.directory)) for word in words)]
                  for words in (make, serve)]
        with open(log, "wb") as output:
            subprocess.run(filled[0], check=True, stdin=subprocess.DEVNULL, stdout=output,
                           stderr=output, cwd=self.directory)
            self.process = subprocess.Popen(filled[1], stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=output, cwd=self.directory)
        end = time.monotonic() + START_LIMIT
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{self.kind} does not start: {log.read_text()[-2000:]}")
            time.sleep(0.05)

    def _answers(self):
        client = (["psql", "-q", "-h", self.directory, "-U", "ferrite", "postgres", "-c", "SELECT 1"]
                  if self.kind == "postgresql" else
                  ["mariadb", "--no-defaults", "-u", "root", "-S", self.directory / "s",
                   "-e", "SELECT 1"])
        return subprocess.run(client, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False).returncode == 0


@functools.cache
def shared(kind):
    """The one server of this program of that kind, ended with the program."""
    server = Server(kind)
    atexit.register(server.__exit__)
    return server.__enter__()


def main():
    try:
        with Server(sys.argv[1]) as server:
            print(server.url(), flush=True)
            sys.stdin.read()
    except NotInstalled as missing:
        print(f"{sys.argv[1]} is not installed: there is no {missing}", file=sys.stderr)
        return SKIPPED
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's; the tests end us
    sys.exit(main())
