"""Start the console and its health port: python -m config.serve.

The one place that knows how granian is called. Both processes end together: where one
ends by itself, so does this one, with status 1, for a service manager to start it anew.
"""

import argparse
import signal
import sys
import threading

from config import processes

# HTTP/1 only; ten seconds for a request's header; so many connections at once for each worker, the rest
# wait unaccepted. Bodies have their limits in config/bodies.py.
_COMMON = "--http 1 --no-ws --respawn-failed-workers"
_CONSOLE = f"{_COMMON} --interface asginl --http1-header-read-timeout 10000 --backpressure 256 --access-log"
# The time stands before it, as before every line: LOGGING in config/settings.py writes this one, too.
_ACCESS = '%(addr)s "%(method)s %(path)s %(protocol)s" %(status)d %(dt_ms).3f'
_HEALTH = (
    f"{_COMMON} --interface wsgi --http1-header-read-timeout 2000 --backpressure 64 --blocking-threads 2"
)
STOP_S = 20.0  # for requests under way
LOOK_EVERY_S = 0.5


def console(host: str, port: int, *, workers: int) -> list[str]:
    """Return the command that serves the console."""
    command = _granian(host, port, workers, f"{_CONSOLE} config.asgi:application")
    return [*command, "--access-log-fmt", _ACCESS]


def health(host: str, port: int) -> list[str]:
    """Return the command that serves /healthz and /readyz apart from the console."""
    return _granian(host, port, 1, f"{_HEALTH} config.health_app:application")


def _granian(host: str, port: int, workers: int, rest: str) -> list[str]:
    where = ["--host", host, "--port", str(port), "--workers", str(workers)]
    return [sys.executable, "-m", "granian", *where, *rest.split()]


def main() -> int:
    """Serve until a signal; return the status to end with."""
    chosen = _arguments()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    children = [
        processes.start(console(chosen.host, chosen.port, workers=chosen.workers)),
        processes.start(health(chosen.host, chosen.health_port)),
    ]
    while all(child.poll() is None for child in children):
        if ended.wait(LOOK_EVERY_S):
            break
    processes.stop(children, patience_s=STOP_S)
    return 0 if ended.is_set() else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m config.serve", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="(default: %(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="of the console (default: %(default)s)")
    parser.add_argument(
        "--health-port", type=int, default=8001, help="of /healthz and /readyz (default: %(default)s)"
    )
    parser.add_argument("--workers", type=int, default=2, help="processes (default: %(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
