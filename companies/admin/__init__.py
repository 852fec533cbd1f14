"""The companies' screens. Which systems they go to is the connections' business: no name here."""

from companies.admin.company import CompanyAdmin
from companies.admin.location import LocationAdmin
from companies.admin.panels import add_panel

__all__ = ["CompanyAdmin", "LocationAdmin", "add_panel"]
