"""How a list of keys is asked for: as one array."""

from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import models
from django.db.models import lookups

_READ_TWICE = (list, tuple, set, frozenset, dict)


@models.BigAutoField.register_lookup
class InArray(lookups.In):
    """`pk__in` with a list: one parameter instead of one per key.

    Of a few hundred keys Django and psycopg spend more time on the parameters than PostgreSQL
    on the rows.
    """

    def get_prep_lookup(self) -> Any:
        """Return the keys; numbers are what they are."""
        if isinstance(self.rhs, _READ_TWICE) and all(type(key) is int for key in self.rhs):
            return self.rhs
        return super().get_prep_lookup()

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Return the condition and its values; raises EmptyResultSet where no row can be meant."""
        keys = self.rhs
        if not self.rhs_is_direct_value() or {type(key) for key in keys} - {int, type(None)}:
            return super().as_sql(compiler, connection)
        known = {key for key in keys if key is not None}
        if not known:
            raise EmptyResultSet
        lhs, values = self.process_lhs(compiler, connection)
        return f"{lhs} = ANY(%s)", [*values, f"{{{','.join(map(str, known))}}}"]
