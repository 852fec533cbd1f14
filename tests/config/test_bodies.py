"""How large a body may be, for Django under any server: refused before it is parsed, never on disk."""

import tempfile
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from django.urls import reverse

from config.bodies import BY_VIEW, limit_for
from config.urls import urlpatterns

LOGIN = "/admin/login/"


class Unread:
    """A body that must not be read."""

    def read(self, *_: object) -> bytes:
        raise AssertionError("the body was read")

    readline = read


@pytest.mark.parametrize("length", ["209715200", "262145", "-1", "1e3", "0x10", "9" * 30])
def test_a_declared_size_beyond_that_of_a_form_is_refused_unread(client: Client, length: str) -> None:
    environ: Any = {"REQUEST_METHOD": "POST", "PATH_INFO": LOGIN, "wsgi.input": Unread()}
    answer = client.request(**environ, CONTENT_LENGTH=length)

    assert answer.status_code == 413
    assert answer.content == (
        b"This request is larger than the 256 kB that Concord takes here. Send less at a time."
    )


@pytest.mark.parametrize(
    ("path", "size", "within_s"),
    [
        (LOGIN, 256 * 1024, 30),
        ("/companies/register/", 256 * 1024, 30),
        ("/nowhere/", 256 * 1024, 30),
        (f"/webhooks/bigcommerce/{uuid.UUID(int=7)}/", 64 * 1024, 5),
        (f"/webhooks/nothing/{uuid.UUID(int=7)}/", 256 * 1024, 5),
    ],
)
def test_each_address_has_its_limit(path: str, size: int, within_s: float) -> None:
    limit = limit_for(path)

    assert (limit.max_bytes, limit.within_s) == (size, within_s)


def test_every_line_of_the_table_names_an_address() -> None:
    assert set(BY_VIEW) <= {pattern.name for pattern in urlpatterns if hasattr(pattern, "name")}
    assert reverse("webhook", args=["bigcommerce", uuid.UUID(int=7)])


def test_an_upload_stays_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    upload = SimpleUploadedFile("key.pem", b"k" * 200_000)

    request = RequestFactory().post(LOGIN, {"file": upload})
    kept: Any = request.FILES["file"]

    assert kept.size == 200_000
    assert type(kept).__name__ == "InMemoryUploadedFile"
    assert list(tmp_path.iterdir()) == []


def test_the_handler_of_uploads_reads_in_small_pieces() -> None:
    assert settings.FILE_UPLOAD_HANDLERS == ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
    assert settings.DATA_UPLOAD_MAX_MEMORY_SIZE == 256 * 1024
