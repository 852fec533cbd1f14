"""An address by itself, wherever it is kept."""

from dataclasses import dataclass

from companies.countries import english_name


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address; `country` is a two-letter code, "" where there is none."""

    street: str
    city: str
    region: str
    postal_code: str
    country: str

    @property
    def country_name(self) -> str:
        """Return the country's English name, whatever language the reader has chosen."""
        return english_name(self.country)
