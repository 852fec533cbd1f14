from django.apps import AppConfig


class CompaniesConfig(AppConfig):
    """Business customers."""

    name = "companies"
    verbose_name = "Customers"

    def ready(self) -> None:
        """Tell the engine what can be synced."""
        from companies.models import Company, CompanyLink, Location, LocationLink
        from connectors.entities import Entity, register

        register(
            Entity(
                "company", "company", "companies", "customer_sync", Company, CompanyLink,
                order=10, related=Company.to_prefetch, unsent=frozenset({Company.Status.REJECTED}),
            ),
        )  # fmt: skip
        register(
            Entity(
                "location", "location", "locations", "customer_location", Location, LocationLink,
                order=20, parent="company", related=lambda path: [f"{path}company"], icon="location_on",
            )
        )  # fmt: skip
