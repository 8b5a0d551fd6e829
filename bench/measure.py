"""Measuring a service with the bare metal API from outside, with the Python standard library."""
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import threading
import time
from urllib.parse import urlsplit

HEADERS = {"X-OpenStack-Ironic-API-Version": "1.72", "Accept": "application/json",
           "User-Agent": "ferrite-bench"}
TICK = os.sysconf("SC_CLK_TCK")
CLOSED = (ConnectionResetError, BrokenPipeError)


class Http:
    """One client with one connection, kept open as long as the service lets it.

    http.client would need more time for a short request than ferrited does.
    """

    def __init__(self, url):
        self.address = urlsplit(url)
        self.socket = None
        self.common = "".join(f"{name}: {value}\r\n" for name, value in
                              {"Host": self.address.netloc, **HEADERS}.items())

    def request(self, method, path, body=None):
        """Returns (status, body bytes)."""
        data = json.dumps(body).encode() if body is not None else b""
        about = f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n"
        head = f"{method} {path} HTTP/1.1\r\n{self.common}{about if data else ''}\r\n"
        for last_try in (False, True):
            try:
                if self.socket is None:
                    self.socket = socket.create_connection(
                        (self.address.hostname, self.address.port), timeout=600)
                    self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.socket.sendall(head.encode() + data)
                return self.answer()
            except CLOSED:
                self.close()
                if last_try:
                    raise
        return None

    def answer(self):
        """Reads one: it has a Content-Length, or ends with the connection."""
        head = b""
        while b"\r\n\r\n" not in head:
            received = self.socket.recv(1 << 20)
            if not received:
                raise ConnectionResetError("closed in an answer")
            head += received
        head, content = head.split(b"\r\n\r\n", 1)
        status, fields = int(head[9:12]), head.lower() + b"\r\n"
        length = re.search(rb"\r\ncontent-length: *(\d+)", fields)
        left = int(length[1]) if length else 0 if status in (204, 304) else None
        parts, size = [content], len(content)
        while left is None or size < left:
            received = self.socket.recv(1 << 20)
            if not received:
                break
            parts.append(received)
            size += len(received)
        if left is None or b"\r\nconnection: close\r\n" in fields:
            self.close()
        return status, b"".join(parts)

    def json(self, method, path, body=None):
        """The decoded answer, which must be a success."""
        status, content = self.request(method, path, body)
        if status >= 300:
            raise RuntimeError(f"{method} {path}: {status} {content[:300]!r}")
        return json.loads(content) if content else None

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket = None


def session_processes(leader):
    """The processes of a session, by its leader."""
    listed = subprocess.run(["ps", "-o", "pid=", "-s", str(leader)], capture_output=True, text=True,
                            check=False).stdout.split()
    return [int(pid) for pid in listed] or [leader]


def processor_seconds(leaders):
    """User and system time so far of the sessions of `leaders`, with ended children."""
    total = 0
    for leader in leaders:
        for pid in session_processes(leader):
            try:
                fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            total += sum(int(value) for value in fields[11:15])
    return total / TICK


def memory_mib(leaders):
    """(RSS, PSS) in MiB of the sessions of `leaders`."""
    rss = pss = 0
    for leader in leaders:
        for pid in session_processes(leader):
            text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            rss += int(re.search(r"^Rss:\s+(\d+)", text, re.M)[1])
            pss += int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1])
    return rss / 1024, pss / 1024


class Rate:
    """`count` operations in `seconds`, for `cpu` processor seconds of the service."""

    def __init__(self, count, seconds, cpu):
        self.per_second = count / seconds
        self.cpu_ms = 1000 * cpu / count


def together(service, items, clients, operation):
    """operation(client, item) for all items, by `clients` connections at once; returns a Rate."""
    queue, lock, errors = iter(items), threading.Lock(), []

    def work():
        client = Http(service.url)
        while not errors:
            with lock:
                item = next(queue, None)
            if item is None:
                return
            try:
                operation(client, item)
            except Exception as error:  # pylint: disable=broad-except
                errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(clients)]
    cpu, start = processor_seconds(service.leaders()), time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - start
    if errors:
        raise errors[0]
    return Rate(len(items), seconds, processor_seconds(service.leaders()) - cpu)


class PageReader:
    """One connection that takes answers off the socket and does nothing else with them.

    http.client takes longer over a page of a thousand nodes than ferrited, and it would be what is
    measured.
    """

    def __init__(self, url):
        self.address = urlsplit(url)
        self.socket = None
        self.buffer = bytearray(64 << 20)

    def get(self, path):
        """The content of an answer, a view that is good until the next one.

        The answer must be 200, and have a Content-Length or end with the connection.
        """
        if self.socket is None:
            self.socket = socket.create_connection((self.address.hostname, self.address.port))
        fields = {"Host": self.address.netloc, **HEADERS}
        self.socket.sendall(f"GET {path} HTTP/1.1\r\n".encode() + b"".join(
            f"{name}: {value}\r\n".encode() for name, value in fields.items()) + b"\r\n")
        view, size, begin, length = memoryview(self.buffer), 0, 0, None
        while received := self.socket.recv_into(view[size:]):
            size += received
            if not begin and (mark := self.buffer.find(b"\r\n\r\n", 0, size)) >= 0:
                begin = mark + 4
                length = re.search(rb"\r\ncontent-length: *(\d+)", self.buffer[:begin], re.I)
            if begin and length and size == begin + int(length[1]):
                break
        else:
            self.socket.close()
            self.socket = None
        whole = begin and (not length or size == begin + int(length[1]))
        if not whole or not self.buffer.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(f"GET {path}: {bytes(view[:min(size, begin + 300)])!r}")
        return view[begin:size]


class Page:
    """The times of one request that was repeated; see `pages`."""

    def __init__(self):
        self.milliseconds, self.cpu, self.size = [], 0.0, 0

    @property
    def median(self):
        return statistics.median(self.milliseconds)

    @property
    def cpu_ms(self):
        return 1000 * self.cpu / len(self.milliseconds)


def pages(services, path, runs):
    """GET `path` of every service in turn, `runs` times; returns a Page for each service.

    Taking turns gives every service the same share of whatever else the machine is doing.
    """
    readers = [PageReader(service.url) for service in services]
    results = [Page() for _ in services]
    for reader in readers:
        reader.get(path)  # fills caches that a running service has full
    for _ in range(runs):
        for service, reader, page in zip(services, readers, results):
            cpu, start = processor_seconds(service.leaders()), time.monotonic()
            page.size = len(reader.get(path))
            page.milliseconds.append(1000 * (time.monotonic() - start))
            page.cpu += processor_seconds(service.leaders()) - cpu
    return results


def walk(service, path):
    """Follows `next` links from `path` to the end; returns (seconds, nodes seen).

    The seconds are those from each request to the end of its answer: what a client does with a page
    is no concern of the service.
    """
    reader, seconds, seen = PageReader(service.url), 0.0, 0
    while path:
        start = time.monotonic()
        content = reader.get(path)
        seconds += time.monotonic() - start
        content = bytes(content)
        seen += content.count(b'"maintenance_reason":')
        link = re.search(rb'"next": ?"([^"]*)"', content[-2000:] + content[:2000])
        link = urlsplit(link[1].decode() if link else "")
        path = f"{link.path}?{link.query}" if link.path else None
    return seconds, seen


def load(service, path, connections, seconds):
    """GET `path` as fast as it goes, by wrk; a Rate, or None where there is no wrk."""
    if not shutil.which("wrk"):
        return None
    headers = [word for name in HEADERS for word in ("-H", f"{name}: {HEADERS[name]}")]
    cpu = processor_seconds(service.leaders())
    said = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", *headers,
                           service.url + path], capture_output=True, text=True, check=True).stdout
    per_second = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])
    if "Non-2xx" in said:
        raise RuntimeError(f"{service.name}: GET {path} failed under load: {said}")
    return Rate(per_second * seconds, seconds, processor_seconds(service.leaders()) - cpu)
