from django.db import migrations

from congress.models.database import SameEdition


class Migration(migrations.Migration):
    dependencies = [("registration", "0011_places")]

    operations = [
        SameEdition("registration_place", "registration_id", "registration_registration"),
        SameEdition("registration_place", "contingent_id", "registration_contingent"),
        # Whoever had registered before there was a choice takes part in the way the edition is held.
        migrations.RunSQL(
            "UPDATE registration_registration SET way = 'onsite' FROM congress_edition"
            " WHERE congress_edition.id = edition_id AND congress_edition.format = 'onsite'",
            migrations.RunSQL.noop,
        ),
    ]
