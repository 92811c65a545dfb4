import congress.fields
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models

from congress.models.database import SameEdition


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('congress', '0003_outbox'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PressSettings',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('late_queue', models.BooleanField(default=True, help_text='They are marked as late and stand apart. Where it is off, what was typed stays in the form and the press office is named.', verbose_name='take requests after the deadline')),
                ('phone', congress.fields.LineField(blank=True, max_length=40, verbose_name='press office: telephone')),
                ('edition', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='press_settings', to='congress.edition', verbose_name='edition')),
            ],
            options={
                'verbose_name': 'settings for the press',
                'verbose_name_plural': 'settings for the press',
            },
        ),
        migrations.CreateModel(
            name='Accreditation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('form_key', models.UUIDField(default=uuid.uuid4, editable=False, verbose_name='key of the form')),
                ('title', congress.fields.LineField(blank=True, max_length=40, verbose_name='title')),
                ('first_name', congress.fields.LineField(max_length=80, verbose_name='first name')),
                ('last_name', congress.fields.LineField(max_length=80, verbose_name='last name')),
                ('medium', congress.fields.LineField(max_length=160, verbose_name='medium')),
                ('function', models.CharField(choices=[('editor', 'Editor'), ('freelance', 'Freelance journalist'), ('photo', 'Photography'), ('tv', 'Television'), ('radio', 'Radio'), ('agency', 'News agency'), ('online', 'Online medium')], max_length=12, verbose_name='works as')),
                ('mailbox', congress.fields.MailboxField(max_length=254, verbose_name='e-mail address')),
                ('phone', congress.fields.LineField(blank=True, max_length=40, verbose_name='telephone')),
                ('language', models.CharField(choices=[('de', 'German'), ('en', 'English')], default='de', max_length=2, verbose_name='language')),
                ('card_issuer', models.CharField(blank=True, choices=[('djv', 'Deutscher Journalisten-Verband (DJV)'), ('dju', 'dju in ver.di'), ('bdzv', 'Bundesverband Digitalpublisher und Zeitungsverleger (BDZV)'), ('mvfp', 'Medienverband der freien Presse (MVFP)'), ('vds', 'Verband Deutscher Sportjournalisten (VDS)'), ('freelens', 'FREELENS'), ('jugendpresse', 'Jugendpresse Deutschland'), ('dfjv', 'Deutscher Fachjournalisten-Verband (DFJV)'), ('foreign', 'Association of another country'), ('none', 'no press card')], max_length=14, verbose_name='press card issued by')),
                ('card_number', congress.fields.LineField(blank=True, max_length=40, verbose_name='number of the press card')),
                ('work', congress.fields.ParagraphField(blank=True, help_text='Addresses of an imprint that names the person, or of articles with their name.', max_length=2000, verbose_name='imprint or articles')),
                ('submitted_at', models.DateTimeField(verbose_name='sent')),
                ('deadline_at', models.DateTimeField(verbose_name='deadline')),
                ('late', models.BooleanField(verbose_name='late')),
                ('verified_at', models.DateTimeField(blank=True, null=True, verbose_name='address confirmed')),
                ('proof_at', models.DateTimeField(blank=True, null=True, verbose_name='proof added')),
                ('state', models.CharField(choices=[('requested', 'requested'), ('approved', 'approved'), ('rejected', 'rejected'), ('withdrawn', 'withdrawn')], default='requested', max_length=10, verbose_name='state')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='decided')),
                ('reason_code', models.CharField(blank=True, choices=[('no_proof', 'no proof of work for a medium'), ('proof_expired', 'the proof has expired'), ('no_editorial_link', 'no editorial assignment recognisable'), ('late', 'came after the deadline'), ('duplicate', 'requested twice'), ('capacity', 'no places left for the press'), ('not_press', 'no journalistic work (advertising, public relations)'), ('wrong_event', 'meant for another event')], max_length=20, verbose_name='reason')),
                ('reason', congress.fields.ParagraphField(blank=True, max_length=2000, verbose_name='explanation')),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True, verbose_name='withdrawn')),
                ('admission', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='accreditations', to='congress.admission', verbose_name='admission')),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='decided_accreditations', to=settings.AUTH_USER_MODEL, verbose_name='decided by')),
                ('edition', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='accreditations', to='congress.edition', verbose_name='edition')),
                ('person', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='accreditation', to=settings.AUTH_USER_MODEL, verbose_name='person')),
            ],
            options={
                'verbose_name': 'accreditation',
                'verbose_name_plural': 'accreditations',
                'ordering': ('submitted_at', 'pk'),
                'indexes': [models.Index(fields=['edition', 'state', 'submitted_at'], name='press_accre_edition_d07507_idx')],
                'constraints': [models.UniqueConstraint(fields=('edition', 'form_key'), name='one_accreditation_per_sent_form'), models.CheckConstraint(condition=models.Q(('late', models.Q(('submitted_at__gte', models.F('deadline_at'))))), name='late_is_what_was_not_sent_before_the_deadline'), models.CheckConstraint(condition=models.Q(('state__in', ['requested', 'approved', 'rejected', 'withdrawn'])), name='accreditation_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['approved', 'rejected']), _negated=True), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False)), _connector='OR'), name='decided_accreditations_name_who_and_when'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), ('person__isnull', False), _connector='OR'), name='approved_accreditations_have_their_person'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'rejected'), _negated=True), models.Q(('reason_code', ''), _negated=True), _connector='OR'), name='rejected_accreditations_have_a_reason'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'withdrawn'), _negated=True), ('withdrawn_at__isnull', False), _connector='OR'), name='withdrawn_accreditations_have_their_moment')],
            },
        ),
        SameEdition("press_accreditation", "admission_id", "congress_admission"),
    ]
