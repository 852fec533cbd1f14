"""How to log in to a store, what each box holds, and what is refused at once."""

import re

from connectors.kinds import Input, Login, UnfitError
from connectors.systems.bigcommerce.words import ACCOUNTS, EXTRA_FIELDS

STORE_HASH, TOKEN, CLIENT_SECRET = "store_hash", "access_token", "client_secret"


def store_hash(text: str) -> str:
    """Return a store hash, also out of a whole API path. Raises UnfitError."""
    found = re.search(r"/stores/([A-Za-z0-9]+)", text)
    bare = found[1] if found else text.removeprefix("store-").partition(".")[0]
    if not re.fullmatch(r"[A-Za-z0-9]{3,40}", bare):
        raise UnfitError(
            "A store hash has letters and digits only, such as 8x2kd9. It stands in the API path: "
            "https://api.bigcommerce.com/stores/8x2kd9/v3/."
        )
    return bare


def token(text: str) -> str:
    """Return an access token. Raises UnfitError for what can't be one."""
    if not re.fullmatch(r"[\x21-\x7e]{10,200}", text):
        raise UnfitError("An access token has no blanks. Copy it anew from the file of the API account.")
    if text.count(".") == 2 and text.startswith("eyJ"):
        raise UnfitError(
            "This is one of the old B2B tokens (authToken), which can't do all that Concord needs. Make a "
            f"store-level API account ({ACCOUNTS}) and enter its access token."
        )
    return text


def number(text: str) -> str:
    """Return a whole number as entered. Raises UnfitError."""
    if not re.fullmatch(r"[0-9]{1,10}", text):
        raise UnfitError("Enter a number, as it stands in the store's control panel.")
    return text


def minutes(text: str) -> str:
    """Return how many minutes, from 0 to a day. Raises UnfitError."""
    if not re.fullmatch(r"[0-9]{1,4}", text) or int(text) > 1440:
        raise UnfitError("Enter whole minutes, from 1 to 1440; 0 for never.")
    return str(int(text))


def numbers(text: str) -> str:
    """Return a list of numbers, "1,2". Raises UnfitError."""
    parts = [part for part in re.split(r"[,;\s]+", text) if part]
    if not parts or not all(re.fullmatch(r"[1-9][0-9]{0,9}", part) for part in parts):
        raise UnfitError("Enter the channels' numbers with commas between them, such as 1,2.")
    return ",".join(dict.fromkeys(parts))


def field_name(text: str) -> str:
    """Return the name of an extra field. Raises UnfitError."""
    if ":" in text or len(text) > 100:
        raise UnfitError(
            f"Enter the name as it stands in {EXTRA_FIELDS}. One with a colon can't be searched for."
        )
    return text


def address(text: str) -> str:
    """Return an address. Raises UnfitError for what is none."""
    if not re.fullmatch(r"https?://[^\s]{3,300}", text):
        raise UnfitError("An address begins with https:// and has no blanks.")
    return text.rstrip("/")


def pattern(text: str) -> str:
    """Return the address of a page with a hole for the number. Raises UnfitError."""
    if "{company}" not in text or not re.fullmatch(r"https://[^\s]{3,300}", text):
        raise UnfitError(
            "Enter an address that begins with https:// and has {company} where the number stands."
        )
    return text


LOGINS = (
    Login(
        "account",
        "Store-level API account",
        f"Made in {ACCOUNTS}, with the scopes “B2B Edition: modify” and “Customers: modify”.",
        (
            Input(
                STORE_HASH,
                "Store hash",
                "Between /stores/ and /v3/ in the API path of the account, such as 8x2kd9.",
                read=store_hash,
            ),
            Input(TOKEN, "Access token", "Shown once, when the account is made.", secret=True, read=token),
            Input(
                CLIENT_SECRET,
                "Client secret",
                "From the same file. With it Concord knows that a notice of a change came from the store.",
                secret=True,
                required=False,
            ),
        ),
    ),
)
