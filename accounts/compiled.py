"""Querysets whose SQL is put together once, for what is asked at every request.

Django builds a query anew each time, and for one row by its key that takes several times as long as asking the database. What
is compiled here is an ordinary queryset; only its values are left open. Like every other one it filters by the tenant of the
scope, and runs behind row-level security.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import django_scopes
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Expression, Field, Model, QuerySet, UUIDField
from django.db.models.query import get_related_populators

from accounts import tenancy

M = TypeVar("M", bound=Model)
_TENANT = "tenant"


class _Slot(Expression):
    """A value that is not known yet."""

    def __init__(self, name: str, output_field: Field[Any, Any]) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        return "%s", (self,)

    def prepare(self, values: dict[str, Any]) -> Any:
        return self.output_field.get_db_prep_value(values[self.name], connection)


@dataclass(frozen=True, slots=True)
class _Plan:
    sql: str
    params: tuple[Any, ...]
    model: type[Model]
    columns: slice
    names: list[str]
    converters: list[tuple[int, list[Any], Any]]
    populators: list[Any]
    annotations: dict[str, int]


class Compiled(Generic[M]):
    """``build(**slots)`` is called once for each kind of database; ``fields`` says what each slot will hold.

    The queryset may filter by equality and ``in``, join with ``select_related``, annotate and have subqueries; it is of a shape
    that does not hang on the values (None is no value: ``= NULL`` finds nothing).
    """

    def __init__(self, build: Callable[..., QuerySet[M]], **fields: Field[Any, Any]) -> None:
        self._build = build
        self._fields = fields
        self._plans: dict[str, _Plan] = {}

    def first(self, **values: Any) -> M | None:
        """The first row, or None. Raises ``ScopeError`` outside of a scope."""
        return next(iter(self.all(**values)), None)

    def all(self, **values: Any) -> list[M]:
        """The rows. Raises ``ScopeError`` outside of a scope."""
        plan, params = self.plan_with(values)
        with connection.cursor() as cursor:
            cursor.execute(plan.sql, params)
            return [_instance(plan, row) for row in cursor.fetchall()]

    def plan_with(self, values: dict[str, Any]) -> tuple[_Plan, list[Any]]:
        """The statement of this engine, and its parameters. Raises ``ScopeError`` outside of a scope."""
        values = {**values, _TENANT: tenancy.current().pk}
        plan = self._plans.get(connection.vendor)
        if plan is None:
            plan = self._plans[connection.vendor] = self._compile()
        return plan, [one.prepare(values) if isinstance(one, _Slot) else one for one in plan.params]

    def _compile(self) -> _Plan:
        slots = {name: _Slot(name, field) for name, field in self._fields.items()}
        with django_scopes.scope(tenant=_Slot(_TENANT, UUIDField())):
            query = self._build(**slots).query
        compiler = query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        select, found = compiler.select, compiler.klass_info
        own = found["select_fields"]
        columns = slice(own[0], own[-1] + 1)
        return _Plan(
            sql,
            tuple(params),
            found["model"],
            columns,
            [column[0].target.attname for column in select[columns]],
            [
                (place, converters, expression)
                for place, (converters, expression) in compiler.get_converters(
                    [column[0] for column in select]
                ).items()
            ],
            get_related_populators(found, select, connection.alias),  # type: ignore[call-arg]  # the stubs are of a later Django
            dict(compiler.annotation_col_map or {}),
        )


def _instance(plan: _Plan, found: tuple[Any, ...]) -> Any:
    row = list(found)
    for place, converters, expression in plan.converters:
        for convert in converters:
            row[place] = convert(row[place], expression, connection)
    instance = plan.model.from_db(connection.alias, plan.names, row[plan.columns])
    for populator in plan.populators:
        populator.populate(row, instance)
    for name, place in plan.annotations.items():
        setattr(instance, name, row[place])
    return instance


def together(*asked: tuple[Compiled[Any], dict[str, Any]]) -> list[list[Any]]:
    """The rows of several queries, each with its values, in one message to PostgreSQL: one round trip.

    They run one after the other, each seeing what was committed before it began: so one that waits for a lock may come first,
    and the others see what the one before in the queue has left. Raises ``ScopeError`` outside of a scope.
    """
    if connection.vendor != "postgresql":
        return [query.all(**values) for query, values in asked]
    plans = [query.plan_with(values) for query, values in asked]
    with connection.cursor() as cursor:
        cursor.execute(
            "; ".join(plan.sql for plan, _params in plans),
            [param for _plan, params in plans for param in params],
        )
        found = []
        for place, (plan, _params) in enumerate(plans):
            if place:
                cursor.nextset()
            found.append([_instance(plan, row) for row in cursor.fetchall()])
    return found
