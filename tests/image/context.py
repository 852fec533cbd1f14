"""What .dockerignore lets through to the image's build."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath


@dataclass(frozen=True, slots=True)
class DockerIgnore:
    """The patterns of the file: the last one that matches a path or a folder above it decides."""

    patterns: tuple[tuple[re.Pattern[str], bool], ...]

    @classmethod
    def of(cls, text: str) -> "DockerIgnore":
        """Read the patterns; comments and empty lines are none."""
        lines = (line.strip() for line in text.splitlines())
        return cls(
            tuple(
                (re.compile(_regex(line.removeprefix("!").strip("/"))), line.startswith("!"))
                for line in lines
                if line and not line.startswith("#")
            )
        )

    def lets_through(self, path: PurePosixPath) -> bool:
        """Whether COPY finds this file; the path is relative to the project."""
        names = [str(path), *map(str, path.parents)]
        passes = True
        for pattern, is_exception in self.patterns:
            if any(pattern.fullmatch(name) for name in names):
                passes = is_exception
        return passes


def copy_context(root: Path, folder: Path) -> None:
    """Copy what the build would see, as `docker build` sends it."""
    ignore = DockerIgnore.of((root / ".dockerignore").read_text())
    skipped = {".git", ".venv"}  # large, and excluded by the first pattern
    for top in root.iterdir():
        for path in [top] if top.is_file() else [] if top.name in skipped else top.rglob("*"):
            relative = path.relative_to(root)
            if path.is_file() and ignore.lets_through(PurePosixPath(relative)):
                (folder / relative.parent).mkdir(parents=True, exist_ok=True)
                shutil.copy(path, folder / relative)


def _regex(pattern: str) -> str:
    """Translate the wildcards: * and ? stay within a name, ** goes over any number of folders."""
    translated = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    return "".join(translated.get(part, re.escape(part)) for part in parts)
