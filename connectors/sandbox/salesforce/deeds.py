"""What a person does with a record on its page, as a colleague would over there."""

from collections.abc import Mapping

from ..system import ControlError
from .byhand import ByHand
from .shown import record_path


def do(hands: ByHand, form: Mapping[str, str]) -> str:
    """Do what the form says and return where to go then; raise ControlError, a sentence for the person."""
    kind, key = form.get("kind", ""), form.get("id", "")
    match form.get("deed"):
        case "deactivate" | "activate" as deed:
            kind = "User"
            hands.change("User", key, {"IsActive": deed == "activate"})
        case "delete":
            hands.delete(kind, key)
        case "merge":
            hands.perform(kind, key, "merge", {"losers": [form.get("other", "")]})
        case _:
            raise ControlError(400, "There is no such button.")
    return record_path(kind, key)
