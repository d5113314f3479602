"""A web server on loopback that sends exactly the bytes that a test wants."""

import socket
import threading
from collections.abc import Callable, Iterable

MISSING = b"HTTP/1.1 404 Not Found\r\n\r\n"

Answer = Iterable[bytes]  # the parts in which a server sends it


class Server:
    """Answers each path with the parts in `answers`, and then closes the connection."""

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[], Answer]] = {}
        self.requests: list[str] = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            try:
                asked = connection.recv(2**16).decode("latin-1")
                path = asked.split(" ")[1]
                self.requests.append(path)
                for part in self.answers.get(path, lambda: [MISSING])():
                    connection.sendall(part)
                connection.shutdown(socket.SHUT_WR)
                connection.recv(1)
            except OSError:
                pass  # the client has gone
