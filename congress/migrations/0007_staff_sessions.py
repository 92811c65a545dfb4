from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("congress", "0006_given_back")]

    operations = [
        migrations.AddField(
            model_name="browsersession",
            name="on_duty_at",
            field=models.DateTimeField(null=True, verbose_name="last on duty"),
        ),
        migrations.AddField(
            model_name="browsersession",
            name="seen_at",
            field=models.DateTimeField(null=True, verbose_name="last active"),
        ),
    ]
