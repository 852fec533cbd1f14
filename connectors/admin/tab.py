"""A tab of a record's page."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tab:
    """What a tab is called and shows. `html` is escaped already; "" for one inside the form."""

    slug: str
    title: str
    html: str = ""
    count: str = ""
