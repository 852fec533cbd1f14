"""The image: what goes into it, and the means by which `make image-check` builds it without Docker."""

from pathlib import Path, PurePosixPath

import pytest
from django.apps import apps

from tests.image import compose
from tests.image.build import Builder, UnknownStepError
from tests.image.context import DockerIgnore, copy_context
from tests.image.dockerfile import needed, read
from tests.workers import ROOT

STAGES = read((ROOT / "Dockerfile").read_text())


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the files that the build sees."""
    folder = tmp_path_factory.mktemp("context")
    copy_context(ROOT, folder)
    return folder


def test_every_source_of_a_copy_passes_dockerignore(context: Path) -> None:
    copies = [copy for stage in STAGES.values() for copy in stage.copies() if copy.stage is None]
    sources = [context / source for copy in copies for source in copy.sources]

    assert len(sources) > 8
    assert [source for source in sources if not source.is_file() and not any(source.glob("*"))] == []


def test_every_installed_app_is_copied_whole(context: Path) -> None:
    copied = {
        source for stage in needed(STAGES, "concord") for copy in stage.copies() for source in copy.sources
    }
    ours = [app.name for app in apps.get_app_configs() if (ROOT / app.name).is_dir()]

    assert len(ours) == 5
    assert set(ours) <= copied
    for name in ours:
        assert {path.relative_to(ROOT) for path in (ROOT / name).rglob("*.py")} == {
            path.relative_to(context) for path in (context / name).rglob("*.py")
        }


def test_neither_secrets_nor_what_only_developers_need_pass_dockerignore() -> None:
    ignore = DockerIgnore.of((ROOT / ".dockerignore").read_text())
    kept_out = [".env", ".git/config", "var/secrets.json", "tests/conftest.py", "config/__pycache__/a.pyc"]

    assert [path for path in kept_out if ignore.lets_through(PurePosixPath(path))] == []


def test_each_service_is_built_from_a_stage_of_its_own() -> None:
    targets = {
        name: service["build"]["target"]
        for name, service in compose.services(ROOT).items()
        if "build" in service
    }

    assert targets.pop("sandbox") == "sandbox"
    assert set(targets.values()) == {"concord"}
    assert next(reversed(STAGES)) == "concord"  # what docker build makes without a target


@pytest.mark.parametrize(
    ("text", "path", "passes"),
    [
        ("", "a/b", True),
        ("*", "a/b", False),
        ("*\n!a", "a/b/c", True),
        ("*\n!a\n**/*.pyc", "a/b/c.pyc", False),
        ("*\n!a\n**/__pycache__", "a/__pycache__/c", False),
        ("a/?.txt", "a/b.txt", False),
        ("a/*.txt", "a/b/c.txt", True),
        ("# a\n/b/", "b/c", False),
    ],
)
def test_the_last_pattern_that_matches_decides(text: str, path: str, passes: bool) -> None:
    assert DockerIgnore.of(text).lets_through(PurePosixPath(path)) is passes


def builder(folder: Path, dockerfile: str) -> Builder:
    (folder / "context/pack").mkdir(parents=True)
    (folder / "context/Dockerfile").write_text(dockerfile)
    (folder / "context/pack/one").write_text("1")
    (folder / "context/pack/two").write_text("2")
    (folder / "built").mkdir()
    return Builder(folder / "context", folder / "built", Path("/usr/bin/true"))


def test_a_stage_takes_files_environment_and_folder_from_those_that_it_is_built_on(tmp_path: Path) -> None:
    image = builder(
        tmp_path,
        """
        FROM python:3.11 AS base
        ENV CONCORD_VAR_DIR=/var/lib/concord \\
            LEVEL="a b"
        RUN useradd concord
        WORKDIR /app
        FROM base AS source
        COPY pack pack
        # One is not for the image.
        RUN rm pack/one && echo "$LEVEL" > pack/level
        FROM base AS last
        COPY --from=source /app /app
        ENV PATH=/venv/bin:$PATH
        CMD ["serve", "/app/pack", \\
             "--port", "8000"]
        EXPOSE 8000
        """,
    ).build("last")

    root = tmp_path / "built/last"
    assert sorted(path.name for path in (root / "app/pack").iterdir()) == ["level", "two"]
    assert (root / "app/pack/level").read_text() == "a b\n"
    assert image.environment["CONCORD_VAR_DIR"] == str(root / "var/lib/concord")
    assert image.environment["PATH"].startswith(f"{tmp_path}/built/venv/bin:")
    assert (image.command, image.ports) == (["serve", f"{root}/app/pack", "--port", "8000"], [8000])


@pytest.mark.parametrize("step", ["RUN rm -rf /etc/nothing", "VOLUME /data"])
def test_a_step_that_could_not_be_done_by_hand_is_refused(tmp_path: Path, step: str) -> None:
    with pytest.raises(UnknownStepError):
        builder(tmp_path, f"FROM python:3.11 AS last\n{step}\n").build("last")


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("${A:-x}", "1"),
        ("${B:-x}", "x"),
        ("${B-x}", ""),
        ("${C-x}", "x"),
        ("a:${A:?is missing}", "a:1"),
        ("$$A", "$A"),
    ],
)
def test_variables_are_filled_in_as_compose_does(text: str, filled: str) -> None:
    assert compose.filled(text, {"A": "1", "B": ""}) == filled


def test_an_empty_variable_that_is_demanded_is_refused() -> None:
    with pytest.raises(compose.MissingVariableError, match="B is missing"):
        compose.filled("${B:?is missing}", {"B": ""})
