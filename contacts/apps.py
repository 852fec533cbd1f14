from django.apps import AppConfig


class ContactsConfig(AppConfig):
    """The people of business customers."""

    name = "contacts"
    verbose_name = "Customers"

    def ready(self) -> None:
        """Tell the engine what can be synced, and the company page what belongs to a company."""
        from companies.admin import add_panel
        from connectors.entities import Entity, register
        from contacts.admin.on_company import GRID, MENDS
        from contacts.models import Contact, ContactLink

        register(
            Entity(
                "contact", "contact", "contacts", "customer_contact", Contact, ContactLink,
                order=30, parent="company", lead="is_primary", related=lambda path: [f"{path}company"],
                icon="person",
            )
        )  # fmt: skip
        add_panel(GRID.slug, GRID.tab, order=10, mends=MENDS)
