from django.apps import AppConfig


class CompaniesConfig(AppConfig):
    """Business customers."""

    name = "companies"
    verbose_name = "Customers"

    def ready(self) -> None:
        """Tell the engine what can be synced."""
        from companies.models import Company, CompanyLink
        from connectors.entities import Entity, register

        register(
            Entity("company", "company", "companies", "customer_sync", Company, CompanyLink, order=10),
        )
