"""Give each registration form a key, so that sending it twice makes one patient."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clinic", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="patient",
            name="request_key",
            field=models.UUIDField(
                blank=True,
                editable=False,
                help_text="One per form shown: a double tap makes one patient.",
                null=True,
                unique=True,
            ),
        ),
    ]
