import congress.fields
import django.db.models.deletion
from django.db import migrations, models

# Dead row versions hold old sums until they are vacuumed: soon.
WORDS = "ALTER TABLE polls_word SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50)"


class Migration(migrations.Migration):

    dependencies = [
        ('polls', '0006_screens'),
    ]

    operations = [
        migrations.CreateModel(
            name='Word',
            fields=[
                ('pk', models.CompositePrimaryKey('poll_id', 'spelling', blank=True, editable=False, primary_key=True, serialize=False)),
                ('spelling', congress.fields.LineField(max_length=40, verbose_name='word')),
                ('count', models.PositiveIntegerField(verbose_name='count')),
                ('poll', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='words', to='polls.poll', verbose_name='poll')),
            ],
            options={
                'verbose_name': 'word',
                'verbose_name_plural': 'words',
                'constraints': [models.CheckConstraint(condition=models.Q(('count__gt', 0), models.Q(('spelling', ''), _negated=True)), name='a_word_was_written')],
            },
        ),
        migrations.CreateModel(
            name='WordRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=1000, verbose_name='word')),
                ('into', congress.fields.LineField(blank=True, help_text='Empty: it is not shown.', max_length=40, verbose_name='counts as')),
                ('poll', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='word_rules', to='polls.poll', verbose_name='poll')),
            ],
            options={
                'verbose_name': 'rule about a word',
                'verbose_name_plural': 'rules about words',
                'ordering': ('poll', 'key'),
                'constraints': [models.UniqueConstraint(fields=('poll', 'key'), name='one_rule_per_word_and_poll')],
            },
        ),
        migrations.RunSQL(WORDS, migrations.RunSQL.noop),
    ]
