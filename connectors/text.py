"""Text from outside, made fit to be stored. Pure: no Django."""

from typing import Any


def storable(value: Any) -> Any:
    """Return a JSON value without what no database stores: NUL, and halves of surrogate pairs.

    JSON can carry both; PostgreSQL refuses the first, UTF-8 the second.
    """
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {storable(name): storable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    return value
