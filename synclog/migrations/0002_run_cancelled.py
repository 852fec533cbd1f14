from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("synclog", "0001_initial"),
    ]

    operations = [
        migrations.AddField("run", "cancelled_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("run", "cancelled_by", models.CharField(blank=True, max_length=150)),
        migrations.AddField("run", "withdrawn", models.PositiveIntegerField(default=0)),
    ]
