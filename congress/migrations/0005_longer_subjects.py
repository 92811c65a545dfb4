import congress.fields
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('congress', '0004_body_of_255_letters'),
    ]

    operations = [
        migrations.AlterField(
            model_name='historicallettertext',
            name='subject',
            field=congress.fields.LineField(max_length=1000, verbose_name='subject'),
        ),
        migrations.AlterField(
            model_name='lettertext',
            name='subject',
            field=congress.fields.LineField(max_length=1000, verbose_name='subject'),
        ),
    ]
