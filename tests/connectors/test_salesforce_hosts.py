"""Which host speaks for a company: the traps of spelling, case, scripts and free mail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.systems.salesforce.hosts import host, proves_nothing


@pytest.mark.parametrize(
    "website",
    [
        "acme.example",
        "www.acme.example",
        "WWW.ACME.EXAMPLE",
        "http://acme.example",
        "https://www.acme.example/about?x=1#y",
        "https://acme.example:8443/",
        "acme.example:8080",
        "acme.example.",
        "https://www.acme.example./",
        "  https://acme.example  ",
        "https://somebody:secret@acme.example/",
        "//acme.example/x",
        "HTTPS://Acme.Example",
        "acme.example/http://other.example",
    ],
)
def test_one_host_is_written_in_many_ways(website: str) -> None:
    assert host(website) == "acme.example"


@pytest.mark.parametrize(
    "website",
    [
        None,
        "",
        "   ",
        "n/a",
        "none",
        "-",
        "www",
        "www.",
        "localhost",
        "http://",
        "http:acme",
        "https://[::1",
        "https://10.0.0.1/",
        "https://a b.example",
        "https://acme.example, https://acme.test",
        "\x00",
        "https://.example",
        "." * 300,
    ],
)
def test_what_is_no_host_speaks_for_nobody(website: object) -> None:
    assert host(website) == ""


def test_a_host_that_is_called_www_keeps_its_name() -> None:
    assert host("https://www.com") == "www.com"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://münchen.example", "https://xn--mnchen-3ya.example"),
        ("https://MÜNCHEN.example", "https://münchen.example/"),
        ("https://mu\u0308nchen.example", "https://münchen.example"),
        ("https://日本語。jp", "https://xn--wgv71a119e.jp"),
        ("https://شركة.example", "https://XN--OGBPI5D.example"),
    ],
)
def test_a_host_in_another_script_is_the_same_in_ascii(one: str, other: str) -> None:
    assert host(one) == host(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://straße.example", "https://strasse.example"),  # two registrations since IDNA 2008
        ("https://ışık.example", "https://isik.example"),  # the dotless i is a letter of its own
        ("https://аcme.example", "https://acme.example"),  # a Cyrillic letter
        ("https://acme.example", "https://acme.example.org"),
        ("https://shop.acme.example", "https://acme.example"),
    ],
)
def test_hosts_that_look_alike_are_not_the_same(one: str, other: str) -> None:
    assert host(one) != host(other)


@given(st.text(max_size=80))
def test_no_text_breaks_it_and_the_result_is_stable(text: str) -> None:
    found = host(text)

    assert found == "" or host(found) == found
    assert found.isascii()
    assert found == found.lower()


@pytest.mark.parametrize(
    "domain",
    [
        "gmail.com",
        "yahoo.de",
        "yahoo.co.uk",
        "yahoo.com.br",
        "hotmail.fr",
        "outlook.com",
        "live.co.uk",
        "gmx.at",
        "web.de",
        "qq.com",
        "mail.ru",
        "yandex.kz",
        "proton.me",
        "orange.fr",
        "bigpond.com",
        "docomo.ne.jp",
    ],
)
def test_an_address_at_a_free_provider_proves_nothing(domain: str) -> None:
    assert proves_nothing(domain)


@pytest.mark.parametrize(
    "domain", ["acme.example", "live-nation.com", "gmxgroup.com", "outlook.acme.com", "yahoo-inc.com"]
)
def test_a_domain_of_its_own_is_proof(domain: str) -> None:
    assert not proves_nothing(domain)
