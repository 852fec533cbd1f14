"""The ways to log in to Salesforce, what each asks of a person, and what is refused at once.

Passwords are none: the SOAP login and the OAuth password flow are being switched
off, and neither works with an External Client App. Source: the fact sheet's
section 0.1.
"""

import re

from connectors.kinds import Input, Login, UnfitError
from connectors.systems.salesforce import jwt_bearer, keys

CLIENT_CREDENTIALS = "client_credentials"
APP = "Setup › External Client App Manager › your app"


def username(text: str) -> str:
    """Return a username as Salesforce has it. Raises UnfitError."""
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", text) or len(text) > 80:
        raise UnfitError(
            "A Salesforce username looks like an e-mail address and has at most 80 characters. "
            "It stands in Setup › Users, and may differ from the user's e-mail."
        )
    return text


def api_name(text: str) -> str:
    """Return the API name of a field. Raises UnfitError."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,79}", text):
        raise UnfitError(
            "An API name has letters a to z, digits and underscores, such as Concord_Id__c. It stands in "
            "Setup › Object Manager › Account › Fields & Relationships, column Field Name."
        )
    return text


def version(text: str) -> str:
    """Return an API version as entered. Raises UnfitError."""
    if not re.fullmatch(r"[vV]?[0-9]{2,3}(\.0)?", text):
        raise UnfitError("An API version is two digits, a dot and a zero, such as 64.0.")
    return text


_CLIENT_ID = Input(
    "client_id", "Client ID", f"{APP} › Settings › OAuth Settings › Consumer Key and Secret.", secret=True
)

LOGINS = (
    Login(
        CLIENT_CREDENTIALS,
        "Client credentials: an ID and a secret",
        "The app acts as its Run As user. The shortest way.",
        (
            _CLIENT_ID,
            Input(
                "client_secret",
                "Client Secret",
                f"From the same page. In {APP} › Policies the client credentials flow is on and has a Run As "
                "user.",
                secret=True,
            ),
        ),
    ),
    Login(
        jwt_bearer.NAME,
        "JWT bearer: an ID and a private key",
        "No secret leaves this machine; Salesforce holds the certificate only.",
        (
            _CLIENT_ID,
            Input(
                "username",
                "Username",
                "Whom Concord acts as: Setup › Users, the column Username. Pre-authorised for the app: "
                f"{APP} › Policies › App Policies.",
                read=username,
            ),
            Input(
                "private_key",
                "Private key",
                "The key whose certificate is in the app (JWT bearer flow › Upload Certificate). Upload the "
                f".key or .pem file, or paste it. To make both: {keys.MAKE}",
                secret=True,
                uploads=".pem,.key,.der,.txt",
                read_bytes=keys.read,
                shown=keys.known,
            ),
            Input(
                "audience",
                "Audience",
                "Where users of the organisation log in. If Salesforce says that the audience is invalid or "
                "does not find the app, choose My Domain.",
                choices=(
                    ("", "As the environment says (production: login, else: test)"),
                    (jwt_bearer.PRODUCTION, f"Production ({jwt_bearer.PRODUCTION})"),
                    (jwt_bearer.SANDBOX, f"Sandbox ({jwt_bearer.SANDBOX})"),
                    (jwt_bearer.MY_DOMAIN, "My Domain (the address of this connection)"),
                ),
                required=False,
            ),
        ),
    ),
)
