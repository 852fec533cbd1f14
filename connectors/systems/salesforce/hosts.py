"""Which host speaks for a company, and which speak for nobody."""

import re
from functools import lru_cache
from urllib.parse import urlsplit

import idna

from connectors.mapping import as_text

_FREE_MAIL = """
    gmail.com googlemail.com me.com mac.com icloud.com aim.com web.de t-online.de freenet.de arcor.de
    mail.com email.com mail.ru bk.ru inbox.ru list.ru internet.ru rambler.ru ya.ru qq.com foxmail.com
    163.com 126.com yeah.net sina.com sina.cn sohu.com 139.com naver.com hanmail.net daum.net nate.com
    orange.fr wanadoo.fr free.fr laposte.net sfr.fr neuf.fr bbox.fr libero.it virgilio.it tiscali.it
    alice.it tin.it proton.me protonmail.com protonmail.ch pm.me tutanota.com tuta.io zoho.com
    fastmail.com fastmail.fm hey.com hushmail.com comcast.net verizon.net att.net sbcglobal.net
    bellsouth.net cox.net charter.net earthlink.net juno.com btinternet.com btopenworld.com
    virginmedia.com ntlworld.com sky.com talktalk.net blueyonder.co.uk bigpond.com bigpond.net.au
    optusnet.com.au xtra.co.nz rediffmail.com uol.com.br bol.com.br terra.com.br ig.com.br globo.com
    seznam.cz centrum.cz wp.pl o2.pl interia.pl onet.pl op.pl ukr.net i.ua abv.bg docomo.ne.jp
    ezweb.ne.jp softbank.ne.jp telenet.be skynet.be ziggo.nl kpnmail.nl hetnet.nl bluewin.ch
    shaw.ca rogers.com sympatico.ca videotron.ca telus.net
"""
FREE_MAIL = frozenset(_FREE_MAIL.split())
# Providers with one domain per country: yahoo.de, hotmail.co.uk, gmx.at …
_PROVIDER = re.compile(
    r"(?:yahoo|ymail|rocketmail|hotmail|outlook|live|msn|windowslive|gmx|yandex|aol|zohomail)"
    r"\.(?:(?:com?|net|org)\.)?[a-z]{2,4}"
)
_SCHEME = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+[a-z0-9-]*[a-z][a-z0-9-]*")


def host(website: object) -> str:
    """Return a website's host without "www.", lower-cased, in ASCII; "" where there is none.

    A word without a dot ("n/a", "none") is none. Names in other scripts are
    compared as the DNS does today: straße.de is not strasse.de, though older rules
    had it so.
    """
    return _host(as_text(website) or "")


@lru_cache(maxsize=4_096)  # a batch asks for the same ones again and again
def _host(text: str) -> str:
    try:
        name = urlsplit(text if _SCHEME.match(text) else f"//{text}").hostname or ""
        name = name.rstrip(".") if name.isascii() else idna.encode(name.rstrip("."), uts46=True).decode()
    except (ValueError, UnicodeError):
        return ""
    name = name.lower()
    bare = name.removeprefix("www.")
    name = bare if "." in bare else name
    return name if _NAME.fullmatch(name) else ""


def proves_nothing(name: str) -> bool:
    """Return whether everybody may have an address at this host."""
    return name in FREE_MAIL or _PROVIDER.fullmatch(name) is not None
