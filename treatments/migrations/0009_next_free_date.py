"""The earliest free day of a course's next session, and whether it lost the day it had."""

from django.db import migrations, models


def mark_lost_days(apps, schema_editor):
    """Say of courses whose visit waits to be moved, with nothing booked, that they lost a day."""
    plans = apps.get_model("treatments", "TreatmentPlan").objects.using(schema_editor.connection.alias)
    sessions = apps.get_model("treatments", "PlannedSession").objects
    waiting = sessions.using(schema_editor.connection.alias).filter(
        done_on=None, appointment__status="proposed"
    )
    plans.filter(
        status="open", next_booked_on=None, next_earliest_on__isnull=False,
        pk__in=waiting.values("plan"),
    ).update(next_to_move=True)  # fmt: skip


class Migration(migrations.Migration):

    dependencies = [
        ('treatments', '0008_limits_of_the_house'),
    ]

    operations = [
        migrations.AddField(
            model_name='treatmentplan',
            name='next_free_on',
            field=models.DateField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='treatmentplan',
            name='next_free_seen_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='treatmentplan',
            name='next_to_move',
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AddConstraint(
            model_name='treatmentplan',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('next_free_on__isnull', False), ('next_free_seen_at__isnull', False)), models.Q(('next_free_on__isnull', True), ('next_free_seen_at__isnull', True)), _connector='OR'), name='treatmentplan_free_day_with_when'),
        ),
        migrations.RunPython(mark_lost_days, migrations.RunPython.noop, elidable=True),
    ]
