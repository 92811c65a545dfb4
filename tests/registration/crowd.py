"""Ten thousand people at once: copies of one registration, made by the database."""

from django.db import connection

from registration.models import Registration
from tests.registration.making import make_registration

# What no two rows may share. `n` is the number of the copy, `_person` the person made for it.
_OWN = {
    "congress_user": {
        "email": "'crowd-' || n || '@stadt-musterhausen.example'",
        "last_name": "'Crowd-' || n",
    },
    "registration_registration": {
        "email": "'crowd-' || n || '@stadt-musterhausen.example'",
        "email_key": "'crowd-' || n || '@stadt-musterhausen.example'",
        "name_key": "'crowd-' || n",
        "last_name": "'Crowd-' || n",
        "form_key": "gen_random_uuid()",
        "person_id": "_person",
    },
    "congress_admission": {"person_id": "_person"},
}


def make_crowd(registration, first, last):
    """Copies of a registration, of its person and their admission, with numbers from `first` to `last`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE IF NOT EXISTS crowd (n integer, _person bigint) ON COMMIT DROP"
        )
        cursor.execute("TRUNCATE crowd")
        columns, values = _copied(cursor, "congress_user")
        cursor.execute(
            f"WITH made AS (INSERT INTO congress_user ({columns}) SELECT {values} FROM congress_user AS old,"
            " generate_series(%s, %s) AS n WHERE old.id = %s RETURNING id, last_name)"
            " INSERT INTO crowd SELECT split_part(last_name, '-', 2)::integer, id FROM made",
            [first, last, registration.person_id],
        )
        for table, column, value in (
            ("registration_registration", "id", registration.pk),
            ("congress_admission", "person_id", registration.person_id),
        ):
            columns, values = _copied(cursor, table)
            cursor.execute(
                f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table} AS old, crowd WHERE old.{column} = %s",
                [value],
            )
        # Without it the planner believes these tables are nearly empty, and some plans take minutes.
        cursor.execute("ANALYZE congress_user, registration_registration, congress_admission")


def _copied(cursor, table):
    cursor.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
        " AND is_generated = 'NEVER' AND column_name <> 'id' ORDER BY ordinal_position",
        [table],
    )
    columns = [name for (name,) in cursor.fetchall()]
    own = _OWN[table]
    return ", ".join(columns), ", ".join(own.get(name, f"old.{name}") for name in columns)


def crowd_of(edition, state, first, last):
    """Registrations in this state; admitted people with their admissions."""
    known = Registration.objects.filter(edition=edition, state=state, last_name="Vorbild").first()
    if known is None:
        host = "stadt-musterhausen" if state == "admitted" else "unbekannt"
        known = make_registration(
            edition, state=state, last_name="Vorbild", email=f"vorbild@{host}.example"
        )
    make_crowd(known, first, last)
    return known
