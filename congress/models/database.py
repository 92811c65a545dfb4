"""Words of PostgreSQL that Django has none for."""

from collections.abc import Iterator
from typing import Any

from django.contrib.postgres.aggregates import StringAgg
from django.db import migrations, models
from django.db.models.functions import Cast, Concat, Lower, Replace

from congress.text import PLAIN_FROM, PLAIN_TO


class StatementNow(models.Func):
    """The database's clock at the start of the running statement: the one clock that rules are judged by."""

    function = "statement_timestamp"
    template = "%(function)s()"
    output_field = models.DateTimeField()


class Plain(models.Func):
    """Text for looking up, in small letters from a to z as far as possible, whatever the database's locale.

    Compare with `congress.text.spellings`.
    """

    function = "TRANSLATE"
    output_field = models.TextField()

    def __init__(self, expression: Any) -> None:
        super().__init__(Lower(expression), models.Value(PLAIN_FROM), models.Value(PLAIN_TO))


def found_by(*columns: str) -> models.GeneratedField:
    """A column that the database keeps: these columns as `Plain` reads them, for looking up among thousands.

    To read them so at each search takes a second for ten thousand rows.
    """
    parts = [part for name in columns for part in (name, models.Value(" "))]
    return models.GeneratedField(
        expression=Plain(Concat(*parts, output_field=models.TextField())),
        output_field=models.TextField(),
        db_persist=True,
    )


def numbered(rows: models.QuerySet[Any], column: str) -> Iterator[tuple[int, str]]:
    """Number and this column of all rows, fetched as one text: as rows, ten thousand take twice as long."""
    line = Concat(
        Cast("pk", models.TextField()),
        models.Value(" "),
        Replace(column, models.Value("\n"), models.Value(" "), output_field=models.TextField()),
        output_field=models.TextField(),
    )
    together = rows.order_by().aggregate(together=StringAgg(line, delimiter="\n"))["together"]
    for row in together.split("\n") if together else ():
        number, _blank, text = row.partition(" ")
        yield int(number), text


class SameEdition(migrations.RunSQL):
    """Ties a foreign key to its edition: a row of one edition can never name a row of another.

    `SameEdition("programme_session", "stage_id", "congress_stage")` needs `edition_id` in both tables and a unique
    constraint over (edition_id, id) in the second.
    """

    def __init__(self, table: str, column: str, target: str, *, shared: str = "edition_id") -> None:
        name = f"{table}_{column}_same_{shared}"
        super().__init__(
            f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({shared}, {column}) "
            f"REFERENCES {target} ({shared}, id) DEFERRABLE INITIALLY DEFERRED",
            f"ALTER TABLE {table} DROP CONSTRAINT {name}",
        )
        self._arguments = (table, column, target, shared)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        table, column, target, shared = self._arguments
        return self.__class__.__qualname__, [table, column, target], {"shared": shared}

    def describe(self) -> str:
        return "Tie {}.{} to {} by {}".format(*self._arguments)
