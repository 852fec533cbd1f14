"""A relay in front of a server: it counts what passes, and can hang: take what comes and pass nothing on."""

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Relay:
    """Pass bytes both ways between its own port and the real one."""

    target: tuple[str, int]
    listener: socket.socket
    hung: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    sent_bytes: int = 0  # to the server

    @property
    def port(self) -> int:
        """Return the port to connect to."""
        return int(self.listener.getsockname()[1])

    def serve(self) -> None:
        """Accept until ended."""
        while not self.ended.is_set():
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass, args=(client,), daemon=True).start()

    def _pass(self, client: socket.socket) -> None:
        with client, socket.create_connection(self.target) as server, selectors.DefaultSelector() as ready:
            other = {client: server, server: client}
            for one in other:
                ready.register(one, selectors.EVENT_READ, one)
            while not self.ended.is_set():
                for key, _ in [] if self.hung.is_set() else ready.select(0.2):
                    end = key.data
                    try:
                        data = end.recv(65536)
                        if not data:
                            return
                        other[end].sendall(data)
                        self.sent_bytes += len(data) if end is client else 0
                    except OSError:
                        return
                if self.hung.is_set():
                    self.ended.wait(0.05)


@contextmanager
def relay(host: str, port: int) -> Iterator[Relay]:
    """Serve a relay to this server on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = Relay((host, port), listener)
        thread = threading.Thread(target=running.serve, daemon=True)
        thread.start()
        try:
            yield running
        finally:
            running.ended.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=5)
