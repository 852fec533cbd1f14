"""Sentences about B2B for people: record, field, remedy, and whose it is."""

from collections.abc import Mapping

SYSTEM = "B2B"
TITLE = "BigCommerce B2B Edition"
OWNER = "The store's owner"
ACCOUNTS = "the store's control panel › Settings › Store-level API accounts"
EXTRA_FIELDS = "B2B Edition › Settings › Extra fields"
THEN = "Then press Test connection."
THEIR_WORDS = 200  # characters of a text of theirs that a person reads

TOKEN_REFUSED = (
    f"B2B does not accept the access token. Enter the token of a store-level API account ({ACCOUNTS}) "
    f"and the store hash of the same store. {THEN}"
)
SCOPE = (
    f"The API account may not use B2B Edition. {OWNER} makes one with the scope “B2B Edition: modify” "
    f"({ACCOUNTS}) and sends you its token. {THEN}"
)
CORE_SCOPE = (
    "The API account may not look at the store's customers, so Concord can't tell whether an e-mail belongs "
    f"to a customer already. {OWNER} makes one with the scope “Customers: modify” ({ACCOUNTS}) too. {THEN}"
)
NO_STOREFRONTS = (
    "This store has one storefront only and takes no list of channels. Empty the box Channels on the "
    f"connection's page. {THEN}"
)
INDEPENDENT = (
    "The store does not allow this for its kind of companies. Compare the box Companies on the connection's "
    "page with B2B Edition › Settings: Independent, or Dependent on a customer group."
)
WRONG_ADDRESS = (
    "There is no B2B Edition at this address, or the API account may not see it. Compare the address and the "
    f"store hash, and the scope “B2B Edition: modify” ({ACCOUNTS}). {THEN}"
)
BROKEN = "B2B failed while working on a call (500)."
WRONG_HASH = (
    "B2B failed (500). That is also its answer to a wrong store hash: compare it with the API path of the "
    "API account (…/stores/HASH/v3/). If it is right, wait some minutes, then press Test connection."
)
MAINTENANCE = "The store is in maintenance, or suspended. It is asked again every five minutes."
TOO_MANY_CALLS = (
    "B2B asks for fewer calls: 150 a minute are allowed, shared with your other integrations. What waits is "
    "kept."
)
NO_HASH = (
    f"The store hash is empty. It stands in the API path of the API account ({ACCOUNTS}): …/stores/HASH/v3/."
)

# Of one record. {who} is the record, {label} our field, {value} what stands in it.
REFUSED: Mapping[str, str] = {
    "role": "B2B does not know the role that {who} has here. Choose another role and save.",
    "storefront": (
        "B2B wants at least one storefront for a user. Enter the store's channels in the box Channels on the "
        "connection's page (1 is the default storefront)."
    ),
    "customer_group": (
        "B2B could not make the customer group of {who}. Compare the boxes Companies, Customer group and "
        "Price list on the connection's page with B2B Edition › Settings."
    ),
    "defaults": (
        "B2B refused the default mark of {who}: only an address for billing can be the default for "
        "billing, and likewise for shipping."
    ),
    "duplicate": "{label} stands on another {one} in B2B already, and it must be unique there.",
    "plan_limit": f"The plan of the store takes no more {{many}}. {OWNER} removes some, or changes the plan.",
    "too_large": "{who} is too large for B2B. Shorten its texts.",
    "last_user": "{who} is the last user of the company in B2B, and the last one can't be deleted.",
    "not_found": "B2B does not find the {one} any more.",
}


def not_here(value: str, label: str) -> str:
    """Return what to do about a value of ours that B2B refused without words."""
    return f"B2B refused {label} ({value[:THEIR_WORDS]}). Correct it and save."


def theirs(text: str) -> str:
    """Return a text of theirs as a person reads it: quoted, capped, on one line."""
    flat = " ".join(text.split())
    return f"“{flat[:THEIR_WORDS]}{'…' if len(flat) > THEIR_WORDS else ''}”"
