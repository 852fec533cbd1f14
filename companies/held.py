"""Companies that registered in a way that a person should look at: sent nowhere until released."""

from django.db import transaction

from companies.models import Company
from connectors import entities


def hold(company: Company, why: Company.Held) -> None:
    """Mark a company that is not stored yet. Whoever stores it holds what belongs to it as well."""
    company.held, company.sync_enabled = why, False


def release(company: Company, *, by: str) -> bool:
    """Let it be sent like any other, with what belongs to it; False where it was not held."""
    with transaction.atomic():
        company.hold()
        company.refresh_from_db()
        if not company.held:
            return False
        company.held, company.sync_enabled = "", True
        company.save(update_fields=["held", "sync_enabled", "updated_at"], requested_by=by)
        for entity in entities.children_of("company"):
            for child in entity.model._default_manager.filter(company=company, sync_enabled=False):
                child.sync_enabled = True
                child.save(update_fields=["sync_enabled", "updated_at"], requested_by=by)
    return True
