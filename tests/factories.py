"""Objects for tests, each valid as it comes."""

from typing import Any

import factory
from django.contrib.auth import get_user_model
from factory.django import DjangoModelFactory

from companies.models import Company, Location
from connectors.models import Connection, RemoteUser, UserLink
from contacts.models import Contact


class UserFactory(DjangoModelFactory[Any]):
    """A member of staff without rights."""

    class Meta:
        model = get_user_model()
        skip_postgeneration_save = True

    username = factory.Sequence("user{}".format)
    email = factory.LazyAttribute(lambda user: f"{user.username}@concord.example")
    password = factory.django.Password("rehearsal")
    is_staff = True


class CompanyFactory(DjangoModelFactory[Company]):
    """A company with everything that a remote system may ask for. Saving it may request a sync."""

    class Meta:
        model = Company

    name = factory.Sequence("Company {}".format)
    legal_name = factory.LazyAttribute(lambda company: f"{company.name} Ltd")
    email = factory.Sequence("office@company{}.example".format)
    phone = factory.Sequence("+1 415 555 {:04d}".format)
    website = factory.Sequence("https://company{}.example".format)
    legal_street = "1 Market Street"
    legal_city = "San Francisco"
    legal_region = "CA"
    legal_postal_code = "94105"
    legal_country = "US"


class ContactFactory(DjangoModelFactory[Contact]):
    """A person of a new company; of an existing one where `company` is passed."""

    class Meta:
        model = Contact

    company = factory.SubFactory(CompanyFactory)
    first_name = "Mark"
    last_name = factory.Sequence("Z{}".format)
    email = factory.Sequence("person{}@test.example".format)


class LocationFactory(DjangoModelFactory[Location]):
    """A place of a new company; of an existing one where `company` is passed."""

    class Meta:
        model = Location

    company = factory.SubFactory(CompanyFactory)
    label = factory.Sequence("Place {}".format)
    street = "5 Dock Road"
    city = "Oakland"
    country = "US"


class RemoteUserFactory(DjangoModelFactory[RemoteUser]):
    """A user over there as the mirror holds it. Pass `connection`, and the `remote_id` of a real one."""

    class Meta:
        model = RemoteUser

    remote_id = factory.Sequence("0055g{:010}AAA".format)
    name = factory.Sequence("Remote User {}".format)


class UserLinkFactory(DjangoModelFactory[UserLink]):
    """Who one of ours is over there. Pass `user` and `remote_user`."""

    class Meta:
        model = UserLink

    connection = factory.SelfAttribute("remote_user.connection")


class ConnectionFactory(DjangoModelFactory[Connection]):
    """A connection to the rehearsal Salesforce, with its health; it sends when told only. Pass `base_url`."""

    class Meta:
        model = Connection

    kind = "salesforce"
    slug = "salesforce"
    name = "Salesforce"
    environment = Connection.Environment.REHEARSAL
    base_url = "http://127.0.0.1:1/salesforce"  # nobody listens there
    enabled = True
    credentials = {"client_id": "rehearsal-client", "client_secret": "rehearsal-secret"}


class B2BFactory(ConnectionFactory):
    """A connection to the rehearsal's B2B store, as `ConnectionFactory`. Pass `base_url`."""

    kind = "bigcommerce"
    slug = "better-b2b"
    name = "Better B2B"
    base_url = "http://127.0.0.1:1/bigcommerce"  # nobody listens there
    credentials = {
        "store_hash": "rehearsal",
        "access_token": "rehearsal-token",
        "client_secret": "rehearsal-secret",
    }
    batch_size = 100
