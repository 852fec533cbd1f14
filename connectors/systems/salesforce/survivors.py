"""What became of records that are not there any more: merged records live on in another one.

Source: the fact sheet's sections 2.6 and 2.9: queryAll shows IsDeleted and MasterRecordId.
"""

from collections.abc import Sequence

from connectors.systems.salesforce.client import Client
from connectors.systems.salesforce.ids import as_18

MOST_HOPS = 10  # A was merged into B, B into C, …


def survivors(client: Client, sobject: str, ids: Sequence[str]) -> dict[str, str]:
    """Return for each of up to 200 ids the living record that it was merged into.

    One that was deleted, or that nobody remembers, is left out; one that is alive
    after all stands for itself.
    """
    at = {record_id: record_id for record_id in ids}
    found: dict[str, str] = {}
    for _ in range(MOST_HOPS):
        if not at:
            break
        fates = client.fates(sobject, sorted(set(at.values())))
        following = {}
        for start, here in at.items():
            fate = fates.get(here)
            if fate is not None and fate.get("IsDeleted") is False:
                found[start] = here
            elif fate is not None and (master := as_18(fate.get("MasterRecordId"))):
                following[start] = master
        at = following
    return found
