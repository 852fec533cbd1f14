"""Sentences about B2B for people: record, field, remedy, and whose it is."""

import re
from collections.abc import Mapping, Sequence

from connectors.systems.bigcommerce.nouns import Nouns

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
MAINTENANCE = "The store is in maintenance, or suspended. It is asked again by itself, until it answers."
TOO_MANY_CALLS = (
    "B2B asks for fewer calls: 150 a minute are allowed, shared with your other integrations. What waits is "
    "kept."
)
NO_HASH = (
    f"The store hash is empty. It stands in the API path of the API account ({ACCOUNTS}): …/stores/HASH/v3/."
)

# Of one record: {who} is the record, {label} our field, {one} and {many} what it is called there.
_REFUSED: Mapping[str, str] = {
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
    "duplicate": "{label} of {who} stands on another {one} in B2B already, and it must be unique there.",
    "store_customer": (
        "The store could not take {who} among its own customers. Another one may have the e-mail already; "
        "names have at most 100 characters there, and phones 50. Correct it and save."
    ),
    "plan_limit": f"The plan of the store takes no more {{many}}. {OWNER} removes some, or changes the plan.",
    "too_large": "{who} is too large for B2B. Shorten its texts.",
    "last_user": "{who} is the last user of the company in B2B, and the last one can't be deleted.",
    "not_found": "B2B does not find something that {who} refers to.",
    "email_taken": "The e-mail of {who} is taken in B2B. Use another one and save.",
}
DELETED = (
    "Deleted in B2B. Nothing was changed here, and no {one} was made anew. Create it again, unlink it, or "
    "leave it."
)
NO_COMPANY = (
    "Its company is not there in B2B any more. That is looked at first; then this is tried again by itself."
)
_EMPTY = re.compile(
    r"may not be (?:null|blank|empty)|is required|can'?t be (?:null|blank|empty)", re.IGNORECASE
)
_EMAIL = re.compile(r"valid e-?mail|e-?mail is not correct", re.IGNORECASE)
_UNKNOWN = re.compile(r"does not exist|not found", re.IGNORECASE)
_LENGTH = re.compile(r"no more than (\d+) characters", re.IGNORECASE)


def refusal(why: str, who: str, label: str, nouns: Nouns, text: str) -> str:
    """Return B2B's refusal of one record in our words; theirs are quoted where ours don't reach.

    `label` is our field, "" where the refusal names none; `text` is what they said of it.
    """
    who = who or f"the {nouns.ours}"
    if label and _EMPTY.search(text):
        return f"{label} is empty; B2B needs it. Fill it in and save."
    if label and _EMAIL.search(text):
        return f"B2B does not take what stands in {label} as an e-mail address. Correct it and save."
    if label and (limit := _LENGTH.search(text)):
        return f"{label} is too long; B2B takes {limit[1]} characters. Shorten it."
    if label and _UNKNOWN.search(text):
        return f"B2B does not know what stands in {label}. Correct it and save."
    known = _REFUSED.get(why)
    if known and (label or why != "duplicate"):
        return known.format(who=who, label=label, one=nouns.one, many=nouns.many)
    what = f"{label} of {who}" if label else who
    return f"B2B refused {what}" + (f": {theirs(text)}" if text else " and gave no reason.")


def is_about_email(text: str) -> bool:
    """Return whether a refusal says that an e-mail address is none."""
    return bool(_EMAIL.search(text))


def stays(labels: Sequence[str]) -> str:
    """Return what happens to fields that were emptied here and can't be there."""
    names = " and ".join(labels)
    return f"{names} can't be emptied in B2B and stays as it is there. Fill it in, or correct it there."


def taken(email: str, company: str) -> str:
    """Return what to do about an e-mail that a user of another company has."""
    return (
        f"{email} already is a user of {company} in B2B. One e-mail can belong to one company only. Use "
        f"another e-mail here; or, if the person moved, delete the user of {company} in B2B and send this "
        "again."
    )


def taken_here(email: str, company: str) -> str:
    """Return what to do about an e-mail that another user of the same company has."""
    return f"{email} already is another user of {company} in B2B. Each user needs an e-mail of their own."


def super_admin(email: str) -> str:
    """Return what to do about an e-mail that is taken, and by no company's user."""
    return (
        f"{email} is taken in B2B and is no company's user: a super admin or somebody of the sales staff has "
        "it. They can't be a company's user. Use another e-mail here."
    )


def several_customers(email: str) -> str:
    """Return what to do about an e-mail that several of the store's customers have."""
    return (
        f"Several customers of the store have the e-mail {email}, one per storefront. Use another e-mail "
        "here, or merge them in the store's control panel › Customers."
    )


def company_email(email: str) -> str:
    """Return what to do about a company's e-mail that another company has."""
    return f"Another company in B2B has the e-mail {email}. Use another one here, or correct it there."


def customers_own(email: str) -> str:
    """Return what to do about an e-mail that changed to one of the store's customers."""
    return (
        f"{email} is a customer of the store already, and B2B does not make one user of two. Use another "
        "e-mail here; or delete that customer in the store's control panel › Customers and send this again."
    )


def consent(email: str, company: str) -> tuple[str, str]:
    """Return what a person is asked before a store's customer becomes a company's user, and what follows."""
    asks = f"{email} is a customer of the store already, without a company. Link it to {company}?"
    return asks, f"Earlier private orders of {email} become visible to {company}."


def theirs(text: str) -> str:
    """Return a text of theirs as a person reads it: quoted, capped, on one line."""
    flat = " ".join(text.split())
    return f"“{flat[:THEIR_WORDS]}{'…' if len(flat) > THEIR_WORDS else ''}”"


def unfilled(names: Sequence[str]) -> str:
    """Return who does what about extra fields that must be filled and that nothing here fills."""
    listed = ", ".join(f"“{name}”" for name in names)
    return (
        f"The store requires the extra field {listed}, which Concord does not send. {OWNER} makes it "
        f"optional or gives it a default ({EXTRA_FIELDS}); or enter its name at one of our fields on the "
        "connection's page."
    )


def stays_admin(name: str) -> str:
    """Return why a user keeps the role Admin for now."""
    return (
        f"{name} stays Admin in B2B until another user of the company is Admin there: a company needs one. "
        "Set another contact as Primary, or give one the role Admin; this is then sent by itself."
    )


def keeps_role(name: str, role: str) -> str:
    """Return why a user's role is not changed."""
    return f"{name} keeps the role {theirs(role)} that the store gave." if role else f"{name} keeps the role."


def move(name: str, old: str, new: str) -> tuple[str, str, str]:
    """Return what a person is asked before a user moves, the button, and what follows."""
    asks = f"{name} belongs to {old} in B2B, and B2B does not move users from one company to another."
    label = f"Delete the user in {old} and create it in {new}"
    consequence = (
        f"{name} can no longer order for {old}. Orders and quotes made there stay with {old}; the login and "
        "the password stay the same."
    )
    return asks, label, consequence


def last_one(name: str, company: str) -> str:
    """Return why a user can't be deleted where nobody would be left."""
    return (
        f"{name} is the last user of {company} in B2B, and a company needs one. Add another contact to "
        f"{company} first, then send this again."
    )


def last_admin(name: str, company: str) -> str:
    """Return why a user can't be deleted where no admin would be left."""
    return (
        f"{name} is the only Admin of {company} in B2B, and a company needs one. Set another contact of "
        f"{company} as Primary first, then send this again."
    )


def may_be_made(one: str) -> str:
    """Tell why a record is only looked for."""
    return (
        f"A call to make the {one} got no answer and may still be carried out. Concord looks for it again "
        "after that, and makes it if it is not there."
    )


def halfway(done: str, error: str) -> str:
    """Return what happened to a record of which only the first of several calls was answered."""
    return f"{done}; what follows failed: {error} It is completed by itself."


def move_address(name: str) -> tuple[str, str, str]:
    """Return what a person is asked before an address moves, the button, and what follows."""
    asks = f"{name} belongs to another company in B2B, and B2B does not move addresses."
    label = "Delete the address there and create it at its company"
    return asks, label, "Orders and quotes that were made with the old address keep its text."
