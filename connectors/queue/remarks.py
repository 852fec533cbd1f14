"""Remarks: what is left out of a record that is sent all the same, kept on its link."""

from typing import Any

from connectors.mapping import Rendered, same
from connectors.rendering import Renderer


def note_remarks(link: Any, rendered: Rendered, renderer: Renderer) -> None:
    """Keep what is left out of a linked record as it is now; what they refused stands until it is edited."""
    mapping, payload = renderer.mapping, rendered.payload
    stands = [name for name, value in link.left.items() if value and same(value, payload.get(name))]
    refused = {label: link.remarks[label] for label in mapping.labels(stands) if label in link.remarks}
    remarks = {**refused, **mapping.by_label(rendered.remarks)}
    if link.remote_id and remarks != link.remarks:
        link.remarks = remarks
        renderer.kind.links().filter(pk=link.pk).update(remarks=remarks)
