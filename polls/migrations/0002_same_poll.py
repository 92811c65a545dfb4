from django.db import migrations

from congress.models.database import SameEdition

# Dead row versions hold old sums until they are vacuumed: soon, and within the page.
TALLIES = """
ALTER TABLE {table} SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50)
"""


class Migration(migrations.Migration):
    dependencies = [("polls", "0001_initial"), ("programme", "0002_same_edition")]

    operations = [
        SameEdition("polls_poll", "stage_id", "congress_stage"),
        SameEdition("polls_poll", "session_id", "programme_session"),
        SameEdition("polls_stagestate", "active_poll_id", "polls_poll", shared="stage_id"),
        SameEdition("polls_tally", "option_id", "polls_option", shared="poll_id"),
        migrations.RunSQL(TALLIES.format(table="polls_tally"), migrations.RunSQL.noop),
        migrations.RunSQL(TALLIES.format(table="polls_turnout"), migrations.RunSQL.noop),
    ]
