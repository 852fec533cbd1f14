"""System › All Users and Roles; importing it registers them."""

from connectors.admin.users import screens  # noqa: F401 - registers its screens
