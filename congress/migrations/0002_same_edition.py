from django.db import migrations

from congress.models.database import SameEdition


class Migration(migrations.Migration):
    dependencies = [("congress", "0001_initial")]

    operations = [
        SameEdition("congress_role", "stage_id", "congress_stage"),
        SameEdition("congress_accesslink", "admission_id", "congress_admission"),
    ]
