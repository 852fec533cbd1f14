"""A log as it looks after 90 days: skewed, in several languages, made by the database itself (log_rows.sql).

A weekday has six times the entries of a day at the weekend. 60 days ago one click sent a backlog, a
tenth of all entries in a day. 40 days ago the other side took hardly anything, 25 days ago it
refused a value thousands of times, and the third connection ended 70 days ago. Some companies are
sent often, most seldom; texts are as long as the sandbox's.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from django.db import connection

DAYS = 90
BACKLOG_RUN = "0a0b0c0d-0000-4000-8000-000000000060"

_WORDS = {
    "first": "Acme Globex Initech Umbrella Hooli Stark Wayne Wonka Tyrell Cyberdyne Aperture Massive "
    "Vandelay Duff Northern Southern Alpine Baltic Coastal Harbour Granite Timber Silver Copper Cedar Maple "
    "Willow Falcon Heron Otter Badger Lynx Juniper Saffron Cobalt Indigo Crimson Amber Velvet Quartz Onyx "
    "Marble Summit Prairie Canyon Glacier Meridian Equinox Zenith Aurora Borealis Cascade Delta Vertex Fjord",
    "second": "Lighting Logistics Foods Tools Textiles Bearings Optics Paper Plastics Ceramics Robotics "
    "Motors Pumps Valves Furniture Apparel Beverages Dairy Coffee Bakery Garden Seeds Feed Steel Glass "
    "Chemicals Paints Pharma Dental Medical Packaging Printing Books Toys Cycles Marine Aviation Rail Mining "
    "Solar Wind Energy",
    "forms": "Ltd Inc. GmbH LLC B.V. S.A.",
    "cities": "Berlin Toronto Chicago Riyadh Osaka Dubai Lyon Austin Leeds Porto Krakow Malmo",
}
_OTHERS = ["شركة النور", "مؤسسة الخليج", "株式会社青空", "Müller & Söhne", "Łódź Meble", "Αφοί Παππά"]


def fill(rows: int) -> None:
    """Log so many entries, by one statement, and the runs that they name."""
    values = {
        "rows": str(rows), "days": str(DAYS), "companies": "150000",
        "backlog": "60", "hung": "40", "refused": "25", "ended": "70",
        "rare": f"{rows // 40}, {rows // 30}, {rows // 3}", "backlog_run": f"'{BACKLOG_RUN}'",
        **{name: _array(words.split()) for name, words in _WORDS.items()}, "others": _array(_OTHERS),
    }  # fmt: skip
    text = (Path(__file__).parent / "log_rows.sql").read_text()
    sql = re.sub(r"(?<!:):([a-z_]+)", lambda found: values[found[1]], text)
    with connection.cursor() as cursor:
        # One hash table and one process keep the order: ids grow with the dates.
        cursor.execute(
            "SET work_mem = '256MB'; SET max_parallel_workers_per_gather = 0; SELECT setseed(0.42)"
        )
        cursor.execute(sql)
        cursor.execute("RESET work_mem; RESET max_parallel_workers_per_gather")


def _array(words: Sequence[str]) -> str:
    return "ARRAY[" + ", ".join(f"'{word}'" for word in words) + "]"
