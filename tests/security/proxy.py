"""nginx with the configuration that is shipped, its ports, folders and upstreams replaced."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from config import processes
from tests.workers import ROOT

SHIPPED = ROOT / "config" / "nginx"


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running nginx: its ports and its logs."""

    http: int
    https: int
    folder: Path

    @property
    def url(self) -> str:
        """Return its address without HTTPS."""
        return f"http://127.0.0.1:{self.http}"


def needed() -> str:
    """Return where nginx is; skip the test where there is none."""
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if not found:
        pytest.skip("nginx is not installed (Debian: apt-get install nginx-light)")
    return found


@contextmanager
def running(site: str, folder: Path, *, console: int, health: int, locations: str = "") -> Iterator[Proxy]:
    """Serve a site ("http" or "https", whose certificate lies in folder/certs) until the block ends.

    `locations` are added to the shipped ones: they tell what no answer of those does.
    """
    program = needed()
    proxy = Proxy(processes.free_port(), processes.free_port(), folder)
    _install(site, proxy, {"web:8000": f"127.0.0.1:{console}", "web:8001": f"127.0.0.1:{health}"})
    with (folder / "locations.conf").open("a") as shipped:
        shipped.write(locations)
    user = "user root;" if os.geteuid() == 0 else ""  # nobody may not pass through a test's folder
    command: list[str | Path] = [program, "-c", folder / "nginx.conf", "-g", f"daemon off; {user}"]
    process = processes.start(command, log=folder / "nginx.log")
    try:
        processes.wait_until(lambda: _answers(proxy), timeout_s=30, what="nginx", process=process)
        yield proxy
    except RuntimeError as error:
        raise AssertionError((folder / "nginx.log").read_text()[-2000:]) from error
    finally:
        processes.stop([process])


def _install(site: str, proxy: Proxy, upstreams: dict[str, str]) -> None:
    folder = proxy.folder
    places = {
        "/etc/nginx/concord/": f"{folder}/",
        "/etc/nginx/certs/": f"{folder}/certs/",
        "/tmp/nginx": f"{folder}/nginx",
        "/dev/stdout": f"{folder}/access.log",
        "listen 8080": f"listen 127.0.0.1:{proxy.http}",
        "listen 8443": f"listen 127.0.0.1:{proxy.https}",
        **upstreams,
    }
    for name, shipped in (("nginx", "nginx"), ("locations", "locations"), ("site", site)):
        text = (SHIPPED / f"{shipped}.conf").read_text()
        for ours, theirs in places.items():
            text = text.replace(ours, theirs)
        (folder / f"{name}.conf").write_text(text)


def _answers(proxy: Proxy) -> bool:
    try:
        requests.get(proxy.url, timeout=2, allow_redirects=False)
    except requests.RequestException:
        return False
    return True
