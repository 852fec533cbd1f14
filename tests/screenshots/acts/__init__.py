"""What is played before the camera, in this order: an act sets states and yields the screens to look at."""

from collections.abc import Callable, Iterator

from tests.screenshots.acts import at_work, failing, hostile, new, public, store
from tests.screenshots.camera import Screen
from tests.screenshots.stage import Stage

ACTS: tuple[Callable[[Stage], Iterator[list[Screen]]], ...] = (
    new.play,
    public.play,
    at_work.play,
    store.play,
    failing.play,
    hostile.play,
)
