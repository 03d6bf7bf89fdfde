"""An HTTP server on loopback, in threads of the test."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self


class LocalServer:
    """Answers between `with` and its end, at `url`. A subclass says how in `handle`, which several
    threads call at once."""

    METHODS = ("POST",)
    PROTOCOL = "HTTP/1.0"

    def __init__(self) -> None:
        def answer(handler: BaseHTTPRequestHandler) -> None:
            self.handle(handler)

        members = {f"do_{method}": answer for method in self.METHODS}
        quiet = {"log_message": lambda *_: None, "protocol_version": self.PROTOCOL}
        handler = type("Handler", (BaseHTTPRequestHandler,), {**members, **quiet})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
