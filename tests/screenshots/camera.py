"""The camera: three looks at every screen, and a note of what a page did wrong meanwhile."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from tests import chromium
from tests.browser.conftest import FLAGS, Person, sit_down
from tests.screenshots.stage import ADMIN, PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

DESK, PHONE, HEIGHT = 1280, 390, 800
LOOKS = ((DESK, "light"), (DESK, "dark"), (PHONE, "light"))
SETTLED = "() => document.fonts.ready.then(() => new Promise(done => setTimeout(done, 60)))"
IN_THEME = "theme => document.documentElement.classList.toggle('dark', theme === 'dark')"  # as Unfold does


@dataclass(frozen=True, slots=True)
class Screen:
    """What to look at. `act` is done on the page before the picture is taken.

    `who` looks: a login, or "" for a stranger. `status` is the answer that is wanted.
    """

    name: str
    path: str
    act: "Callable[[Page], object] | None" = None
    who: str = ADMIN
    status: int = 200


class Camera:
    """Takes pictures into a folder; of all screens, or of those whose name holds one of the words.

    `first_views` are the files for what stands on a desk's screen before anyone scrolls, by screen.
    """

    def __init__(
        self, home: str, folder: Path, words: Iterable[str], first_views: Mapping[str, Path]
    ) -> None:
        self.home, self.folder, self.words, self.first_views = home, folder, tuple(words), first_views
        self.taken = 0
        self.faults: list[str] = []
        self._open = ExitStack()
        self._people: dict[str, Person] = {}

    def __enter__(self) -> Self:
        from playwright.sync_api import sync_playwright

        playwright = self._open.enter_context(sync_playwright())
        self._browser: Browser = playwright.chromium.launch(executable_path=chromium.find(), args=FLAGS)
        self._open.callback(self._browser.close)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def take(self, screens: Iterable[Screen]) -> None:
        """Take every screen in every look."""
        for screen in screens:
            if self.words and not any(word in screen.name for word in self.words):
                continue
            person = self._person(screen.who)
            self._open_page(person, screen)
            if screen.name in self.first_views:
                person.page.evaluate(SETTLED)
                person.page.screenshot(path=self.first_views[screen.name])
            for width, theme in LOOKS:
                if width == PHONE and screen.act:  # a menu stands where it was opened
                    self._open_page(person, screen, width)
                self._picture(person, f"{screen.name}-{width}-{theme}", width, theme)
                self._note(person, screen, width)

    def _open_page(self, person: Person, screen: Screen, width: int = DESK) -> None:
        page = person.page
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.emulate_media(color_scheme="light")
        page.goto("about:blank")  # the address of a tab differs behind the # only
        person.goes_to(screen.path)
        if screen.act:
            screen.act(page)

    def _picture(self, person: Person, name: str, width: int, theme: Any) -> None:
        """Turn the page to this look and take it whole."""
        page = person.page
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.emulate_media(color_scheme=theme)
        page.evaluate(IN_THEME, theme)
        page.evaluate(SETTLED)
        tall = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": width, "height": max(HEIGHT, tall)})  # what sticks goes to the end
        page.screenshot(path=self.folder / f"{name}.png", full_page=True)
        self.taken += 1

    def _note(self, person: Person, screen: Screen, width: int) -> None:
        """Keep what is wrong with the page; an answer that was wanted is not."""
        wanted = "" if screen.status == 200 else str(screen.status)
        found = [one for one in person.faults() if not wanted or wanted not in one]
        self.faults += [f"{screen.name} at {width} px: {one}" for one in found]

    def _person(self, who: str) -> Person:
        if who not in self._people:
            person = self._people[who] = sit_down(self._browser, self.home)
            if who:
                person.logs_in(who, PASSWORD)
        return self._people[who]
