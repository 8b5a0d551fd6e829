"""A Keystone of its own for a test: SQLite, one directory, the loopback address."""
import collections
import json
import os
import pathlib
import sqlite3
import subprocess
import urllib.error
import urllib.request

from waiting import until

MANAGE = "/usr/bin/keystone-manage"
WSGI = "/usr/bin/keystone-wsgi-public"
ADMIN_PASSWORD = "secret"

Answer = collections.namedtuple("Answer", "status json headers")


def ask(method, url, body=None, headers=None):
    """One HTTP exchange; an error status is an answer like any other."""
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json",
                                                 **(headers or {})}, method=method)
    try:
        answer = urllib.request.urlopen(request, timeout=60)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        text = answer.read()
        try:
            document = json.loads(text) if text else {}
        except ValueError:
            document = {"text": text.decode(errors="replace")}
        return Answer(answer.status, document, answer.headers)


class Keystone:
    """Keystone at http://127.0.0.1:`port`/v3; a context manager that makes, starts and ends it."""

    def __init__(self, directory, port):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True)
        self.port = port
        self.url = f"http://127.0.0.1:{port}/v3"
        self.config = self.directory / "keystone.conf"
        self.process = None
        self.ids = {}
        self.config.write_text(f"""[DEFAULT]
log_file = {self.directory}/keystone.log
[database]
connection = sqlite:///{self.directory}/keystone.sqlite
[token]
provider = fernet
[fernet_tokens]
key_repository = {self.directory}/fernet
[credential]
key_repository = {self.directory}/credential
[identity]
password_hash_rounds = 4
""")

    def __enter__(self):
        self._make()
        environment = {**os.environ, "OS_KEYSTONE_CONFIG_DIR": str(self.directory)}
        with open(self.directory / "wsgi.log", "ab") as log:
            # pylint: disable-next=consider-using-with
            self.process = subprocess.Popen([WSGI, "-b", "127.0.0.1", "-p", str(self.port)],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=environment)
        until("keystone answers", self._answers, 30)
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Ends Keystone."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def _make(self):
        self._manage("db_sync")
        # Its own journal mode answers 500 "database is locked" to the second writer.
        with sqlite3.connect(self.directory / "keystone.sqlite") as database:
            database.execute("PRAGMA journal_mode=wal")
        owner = ["--keystone-user", str(os.getuid()), "--keystone-group", str(os.getgid())]
        for keys in ("fernet", "credential"):
            (self.directory / keys).mkdir()
            self._manage(f"{keys}_setup", *owner)
        urls = [word for kind in ("public", "internal", "admin")
                for word in (f"--bootstrap-{kind}-url", self.url)]
        self._manage("bootstrap", "--bootstrap-password", ADMIN_PASSWORD,
                     "--bootstrap-region-id", "RegionOne", *urls)

    def _manage(self, *words):
        subprocess.run([MANAGE, "--config-file", self.config, *words], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300)

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError("keystone ended; its log: "
                                 + (self.directory / "wsgi.log").read_text()[-2000:])
        try:
            return ask("GET", self.url).status == 200
        except OSError:
            return False

    def login(self, user, password, scope):
        """A token of `user`, who is in the default domain, for `scope`."""
        answer = ask("POST", self.url + "/auth/tokens", {"auth": {
            "identity": {"methods": ["password"], "password": {"user": {
                "name": user, "password": password, "domain": {"id": "default"}}}},
            "scope": scope}})
        assert answer.status == 201, f"{user} can not log in: {answer.json}"
        return answer.headers["X-Subject-Token"]

    def roles(self, token):
        """The id of each role by its name."""
        answer = ask("GET", self.url + "/roles", headers={"X-Auth-Token": token})
        return {role["name"]: role["id"] for role in answer.json["roles"]}

    def create(self, token, kind, name):
        """Makes a project or a user, whose password is NAME-pw."""
        body = {kind: {"name": name, "domain_id": "default"}}
        if kind == "user":
            body["user"]["password"] = f"{name}-pw"
        answer = ask("POST", f"{self.url}/{kind}s", body, {"X-Auth-Token": token})
        assert answer.status == 201, f"{kind} {name} is not made: {answer.json}"
        self.ids[kind, name] = answer.json[kind]["id"]

    def grant(self, token, user, project, role_id):
        """Gives `user` a role in `project`."""
        answer = ask("PUT", f"{self.url}/projects/{self.ids['project', project]}/users/"
                            f"{self.ids['user', user]}/roles/{role_id}",
                     headers={"X-Auth-Token": token})
        assert answer.status == 204, f"{user} gets no role: {answer.json}"
