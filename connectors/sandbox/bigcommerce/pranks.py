"""The troubles a person can make with a button, in words for people."""

from ..system import Prank

PRANKS = (
    Prank(
        "down",
        "Answer 503 for the next 20 calls",
        "The store is down for maintenance.",
        ({"fault": "status:503", "times": 20},),
    ),
    Prank(
        "login",
        "Take the access token back",
        "Somebody deleted the API account.",
        ({"fault": "status:401", "message": "Invalid token."},),
    ),
    Prank(
        "lost",
        "Lose the answer of the next write",
        "The record arrives, the sender never hears of it.",
        ({"fault": "drop_after_commit", "times": 1},),
    ),
    Prank(
        "late",
        "Carry out the next write 20 seconds late",
        "The sender hears nothing; what it sends meanwhile is overwritten then.",
        ({"fault": "late:20", "times": 1},),
    ),
    Prank(
        "quota",
        "Use up this minute's calls, 10 times",
        "Other apps of the same store took the rest.",
        ({"fault": "rate_limit", "times": 10},),
    ),
    Prank(
        "slow",
        "Take 5 seconds for the next 10 answers",
        "A busy afternoon.",
        ({"fault": "slow:5", "times": 10},),
    ),
    Prank(
        "taken",
        "Say that the next e-mail is taken",
        "Another company has this person already.",
        ({"fault": "record:EMAIL_EXISTS", "times": 1, "match": {"route": "user*_create"}},),
    ),
)
