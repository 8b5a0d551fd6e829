"""The web server that images are fetched from; it counts what it is asked for."""
import http.server
import pathlib
import sys
import threading


class _Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """Clients hang up as they like; all else is a bug of this file."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class ImageServer:
    """Serves the files of `directory` at http://HOST:PORT/; a context manager.

    served   {path: bytes sent so far to other hosts}, bodies of GET answers only: what ferrited,
             which is on this host, reads to judge an image does not count
    """

    def __init__(self, directory, host, port=8080):
        self.directory = pathlib.Path(directory)
        self.host = host
        self.base = f"http://{host}:{port}"
        self.served = {}
        self.httpd = _Server((host, port), self._handler())
        self.httpd.daemon_threads = True

    def __enter__(self):
        threading.Thread(target=self.httpd.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.httpd.shutdown()
        self.httpd.server_close()

    def url(self, name):
        """The address of the file `name` (which need not exist)."""
        return f"{self.base}/{name}"

    def _handler(self):
        outer = self

        class Handler(http.server.SimpleHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def __init__(self, *arguments):
                super().__init__(*arguments, directory=str(outer.directory))

            def copyfile(self, source, outputfile):
                own = self.client_address[0] == outer.host
                while block := source.read(1 << 18):
                    try:
                        outputfile.write(block)
                    except ConnectionError:
                        self.close_connection = True  # It has seen enough.
                        return
                    if not own:
                        outer.served[self.path] = outer.served.get(self.path, 0) + len(block)

            def log_message(self, format, *arguments):  # pylint: disable=redefined-builtin
                with open(outer.directory / "access.log", "a") as log:
                    log.write(f"{self.client_address[0]} {format % arguments}\n")

        return Handler
