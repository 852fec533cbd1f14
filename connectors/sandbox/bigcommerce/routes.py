"""The addresses below /api/v3/io and below /stores/{hash}/v3, literal ones before those with placeholders."""

from . import (
    api_addresses,
    api_companies,
    api_more,
    api_roles,
    api_users,
    core_customers,
    core_hooks,
)
from .context import Route

COMPANY, USER, ADDRESS = ("companies", "{}"), ("users", "{}"), ("addresses", "{}")
ROLES, PERMISSIONS = ("companies", "roles"), ("companies", "permissions")
B2B_ROUTES = (
    Route("companies_list", "GET", ("companies",), api_companies.listing),
    Route("company_create", "POST", ("companies",), api_companies.create),
    Route("companies_create", "POST", ("companies", "bulk"), api_companies.create_several),
    Route("companies_update", "PUT", ("companies", "bulk"), api_companies.update_several),
    Route("company_extra_fields", "GET", ("companies", "extra-fields"), api_companies.extra_field_configs),
    Route("roles_list", "GET", ROLES, api_roles.list_roles),
    Route("role_create", "POST", ROLES, api_roles.create_role),
    Route("role_read", "GET", (*ROLES, "{}"), api_roles.read_role),
    Route("role_update", "PUT", (*ROLES, "{}"), api_roles.update_role),
    Route("role_delete", "DELETE", (*ROLES, "{}"), api_roles.delete_role),
    Route("permissions_list", "GET", PERMISSIONS, api_roles.list_permissions),
    Route("permission_create", "POST", PERMISSIONS, api_roles.create_permission),
    Route("permission_update", "PUT", (*PERMISSIONS, "{}"), api_roles.update_permission),
    Route("permission_delete", "DELETE", (*PERMISSIONS, "{}"), api_roles.delete_permission),
    Route("company_read", "GET", COMPANY, api_companies.read),
    Route("company_update", "PUT", COMPANY, api_companies.update),
    Route("company_delete", "DELETE", COMPANY, api_companies.delete),
    Route("company_status", "PUT", (*COMPANY, "status"), api_companies.set_status),
    Route("company_catalog", "PUT", (*COMPANY, "catalogs"), api_companies.set_catalog),
    Route("company_parent", "POST", (*COMPANY, "parent"), api_more.set_parent),
    Route("company_hierarchy", "GET", (*COMPANY, "hierarchy"), api_more.hierarchy),
    Route("subsidiaries_list", "GET", (*COMPANY, "subsidiaries"), api_more.subsidiaries),
    Route("subsidiary_delete", "DELETE", (*COMPANY, "subsidiaries", "{}"), api_more.remove_subsidiary),
    Route("users_list", "GET", ("users",), api_users.listing),
    Route("user_create", "POST", ("users",), api_users.create),
    Route("users_create", "POST", ("users", "bulk"), api_users.create_several),
    Route("user_extra_fields", "GET", ("users", "extra-fields"), api_users.extra_field_configs),
    Route("user_read_by_customer", "GET", ("users", "customer", "{}"), api_users.read_by_customer),
    Route("user_read", "GET", USER, api_users.read),
    Route("user_update", "PUT", USER, api_users.update),
    Route("user_delete", "DELETE", USER, api_users.delete),
    Route("addresses_list", "GET", ("addresses",), api_addresses.listing),
    Route("address_create", "POST", ("addresses",), api_addresses.create),
    Route("addresses_create", "POST", ("addresses", "bulk"), api_addresses.create_several),
    Route("address_extra_fields", "GET", ("addresses", "extra-fields"), api_addresses.extra_field_configs),
    Route("address_read", "GET", ADDRESS, api_addresses.read),
    Route("address_update", "PUT", ADDRESS, api_addresses.update),
    Route("address_delete", "DELETE", ADDRESS, api_addresses.delete),
    Route("super_admin_create", "POST", ("super-admins",), api_more.create_super_admin),
    Route("channels_list", "GET", ("channels",), api_more.channels),
    Route("countries_list", "GET", ("countries",), api_more.countries),
    Route("states_list", "GET", ("states",), api_more.states),
)
CORE_ROUTES = (
    Route("customers_list", "GET", ("customers",), core_customers.listing),
    Route("customers_create", "POST", ("customers",), core_customers.create),
    Route("customers_update", "PUT", ("customers",), core_customers.update),
    Route("customers_delete", "DELETE", ("customers",), core_customers.delete),
    Route("hooks_list", "GET", ("hooks",), core_hooks.listing),
    Route("hook_create", "POST", ("hooks",), core_hooks.create),
    Route("hook_read", "GET", ("hooks", "{}"), core_hooks.read),
    Route("hook_update", "PUT", ("hooks", "{}"), core_hooks.update),
    Route("hook_delete", "DELETE", ("hooks", "{}"), core_hooks.delete),
)


def find_route(
    routes: tuple[Route, ...], method: str, segments: list[str]
) -> tuple[Route, tuple[str, ...]] | int:
    """Return the route and what its placeholders stand for, or the status 404 or 405."""
    method = "GET" if method == "HEAD" else method
    status = 404
    for route in routes:
        if (params := route.params(segments)) is None:
            continue
        if route.method == method:
            return route, params
        status = 405
    return status
