"""A process that sends what it is told on stdin by bare requests, and answers each line with a line."""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import django


def serve() -> None:
    """Send what each line asks for: see `rivals.Bare`."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from tests.benchmarks.rivals import lane, log_in

    print("ready", flush=True)  # noqa: T201 - this is how it answers
    for line in sys.stdin:
        order = json.loads(line)
        send = partial(lane, order["url"], log_in(order["url"]), by_id=order["by_id"])
        with ThreadPoolExecutor(len(order["lanes"])) as pool:
            list(pool.map(send, order["lanes"]))
        print("done", flush=True)  # noqa: T201 - this is how it answers


if __name__ == "__main__":
    serve()
