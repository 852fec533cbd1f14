"""The Dockerfile as stages of steps."""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction, its continued lines joined."""

    keyword: str
    text: str


@dataclass(frozen=True, slots=True)
class Copy:
    """A COPY: from the context, or from an earlier stage."""

    sources: Sequence[str]
    target: str
    stage: str | None

    @classmethod
    def of(cls, step: Step) -> "Copy":
        """Read the flags and paths of a COPY."""
        words = shlex.split(step.text)
        stage = next((word.removeprefix("--from=") for word in words if word.startswith("--from=")), None)
        *sources, target = (word for word in words if not word.startswith("--"))
        return cls(sources, target, stage)


@dataclass(frozen=True, slots=True)
class Stage:
    """What stands between two FROM: `base` is the name of an earlier stage or of an image."""

    name: str
    base: str
    steps: list[Step] = field(default_factory=list)

    def copies(self) -> Iterator[Copy]:
        """Every COPY of the stage."""
        return (Copy.of(step) for step in self.steps if step.keyword == "COPY")


def read(text: str) -> dict[str, Stage]:
    """The stages by name, in their order. Each must have a name."""
    stages: dict[str, Stage] = {}
    for step in _steps(text):
        if step.keyword == "FROM":
            base, _, name = step.text.partition(" AS ")
            stages[name] = Stage(name, base)
        else:
            next(reversed(stages.values())).steps.append(step)
    return stages


def needed(stages: dict[str, Stage], target: str) -> list[Stage]:
    """The stages that a target is made of, each after those that it builds on."""
    stage = stages[target]
    before = [stage.base, *(copy.stage for copy in stage.copies() if copy.stage)]
    found = [part for name in before if name in stages for part in needed(stages, name)]
    return list({part.name: part for part in (*found, stage)}.values())


def _steps(text: str) -> Iterator[Step]:
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n", "", "\n".join(lines))
    for line in filter(None, map(str.strip, joined.splitlines())):
        keyword, _, rest = line.partition(" ")
        yield Step(keyword, rest.strip())
