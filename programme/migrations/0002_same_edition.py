from django.db import migrations

from congress.models.database import SameEdition


class Migration(migrations.Migration):
    dependencies = [("programme", "0001_initial")]

    operations = [
        SameEdition("programme_session", "stage_id", "congress_stage"),
        SameEdition("programme_session", "track_id", "programme_track"),
        SameEdition("programme_sessionspeaker", "session_id", "programme_session"),
        SameEdition("programme_sessionspeaker", "speaker_id", "programme_speaker"),
        SameEdition("programme_onair", "stage_id", "congress_stage"),
        SameEdition("programme_onair", "session_id", "programme_session"),
    ]
