"""The troubles a person can make with a button, in words for people."""

from ..system import Prank

PRANKS = (
    Prank(
        "down",
        "Answer 503 for the next 20 calls",
        "Salesforce is out of order for a while.",
        ({"fault": "status:503", "times": 20},),
    ),
    Prank(
        "login",
        "Refuse the login",
        "The app has lost its Run As user; the token in use ends too.",
        (
            {"fault": "token:400:invalid_grant", "message": "no client credentials user enabled"},
            {"fault": "expire_tokens", "times": 1},
        ),
    ),
    Prank(
        "lost",
        "Lose the answer of the next write",
        "The records arrive, the sender never hears of it.",
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
        "Use up today's calls",
        "Other integrations of the same org took the rest.",
        ({"fault": "rate_limit"},),
    ),
    Prank(
        "slow",
        "Take 5 seconds for the next 10 answers",
        "A busy org with many automations.",
        ({"fault": "slow:5", "times": 10},),
    ),
    Prank(
        "locked",
        "Lock one record in four, 20 times",
        "Somebody else is saving the same accounts.",
        ({"fault": "record:UNABLE_TO_LOCK_ROW", "probability": 0.25, "times": 20},),
    ),
)
