"""What a rehearsal begins with: the file, whatever it holds."""

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox import keeping
from connectors.sandbox.server import SandboxServer

SEED: dict[str, Any] = {
    "Contact": [
        {"LastName": "Zuck", "Account": {"Concord_Id__c": "C-1"}, "Email": "z@example.com"},
        {"LastName": "Ann", "AccountId": "0015g0000000001", "Owner": {"Username": "nora@example.com"}},
    ],
    "Account": [
        {"Name": "Facebook", "Concord_Id__c": "C-1", "OwnerId": "0055g0000000001"},
        {"Id": "0015g0000000001", "Name": "Globex"},
        {"Name": "Globex", "Website": "https://globex.example"},
    ],
    "User": [
        {"Id": "0055g0000000001", "FirstName": "Nora", "LastName": "Voss", "Email": "nora@example.com"},
        {"LastName": "Gone", "Email": "gone@example.com", "IsActive": False},
    ],
}


class Stage:
    """A sandbox without a port, and files to begin with."""

    def __init__(self, folder: Path) -> None:
        self.app = SandboxServer(port=0).app
        self.path = folder / "rehearsal.json"

    def load(self, entities: object) -> int:
        self.path.write_text(json.dumps({"salesforce": entities}))
        return keeping.load(self.app, self.path)

    def rows(self, entity: str) -> list[dict[str, Any]]:
        return self.app.systems["salesforce"].listing(entity, with_deleted=True)

    def one(self, entity: str, **wanted: Any) -> dict[str, Any]:
        (row,) = [row for row in self.rows(entity) if wanted.items() <= row.items()]
        return row


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_every_entity_can_be_seeded_in_any_order(stage: Stage) -> None:
    assert stage.load(SEED) == 7

    nora = stage.one("User", Name="Nora Voss")
    assert (nora["Id"][:15], nora["IsActive"], nora["UserType"]) == ("0055g0000000001", True, "Standard")
    assert stage.one("User", LastName="Gone")["IsActive"] is False
    facebook = stage.one("Account", Name="Facebook")
    assert facebook["OwnerId"] == nora["Id"]
    assert stage.one("Contact", LastName="Zuck")["AccountId"] == facebook["Id"]
    ann = stage.one("Contact", LastName="Ann")
    assert (ann["AccountId"][:15], ann["OwnerId"], ann["Name"]) == ("0015g0000000001", nora["Id"], "Ann")


def test_a_second_start_adds_nothing(stage: Stage) -> None:
    stage.load(SEED)
    before = [stage.rows(entity) for entity in SEED]

    assert stage.load(SEED) == 0
    assert [stage.rows(entity) for entity in SEED] == before


def test_what_was_changed_since_is_not_set_back_by_the_seed(stage: Stage) -> None:
    stage.load(SEED)
    key = stage.one("User", Name="Nora Voss")["Id"]
    stage.app.systems["salesforce"].change("User", key, {"IsActive": False})

    stage.load(SEED)

    assert stage.one("User", Name="Nora Voss")["IsActive"] is False


def test_everything_is_kept_over_a_restart(stage: Stage, tmp_path: Path) -> None:
    stage.load(SEED)
    system = stage.app.systems["salesforce"]
    east = stage.one("User", Alias="east")["Id"]
    system.change("User", east, {"IsActive": False, "FederationIdentifier": None})
    system.perform(
        "Account",
        stage.one("Account", Name="Facebook")["Id"],
        "merge",
        {"losers": [stage.one("Account", Website="https://globex.example")["Id"]]},
    )
    keeping.keep(stage.app, tmp_path / "kept.json")

    later = Stage(tmp_path)
    keeping.load(later.app, tmp_path / "kept.json")

    for entity in ("Profile", "User", "Account", "Contact"):
        assert later.rows(entity) == stage.rows(entity)


@pytest.mark.parametrize(
    "entities",
    [
        {"User": [{"LastName": "A"}]},
        {"User": [{"LastName": "A", "Email": "nobody"}]},
        {"Account": [{"Name": "A"}, {"Name": "x" * 256}]},
        {"Account": [{"Id": "0055g0000000001", "Name": "A"}]},
        {"Account": [{"Id": "7", "Name": "A"}]},
        {"Account": [{"Name": "A"}, 5]},
        {"Contact": [{"LastName": "A", "AccountId": "0015g0000000001"}]},
        {"Nothing": []},
        {"Account": 5},
        [],
    ],
)
def test_a_file_that_makes_no_sense_is_named_and_adds_nothing(stage: Stage, entities: object) -> None:
    before = [stage.rows(entity) for entity in ("User", "Account", "Contact")]

    with pytest.raises(keeping.UnreadableFileError, match=r"rehearsal\.json"):
        stage.load(entities)

    assert [stage.rows(entity) for entity in ("User", "Account", "Contact")] == before
