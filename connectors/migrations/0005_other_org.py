from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("connectors", "0004_users_and_statuses")]

    operations = [
        migrations.AddField(
            model_name="connectionhealth",
            name="other_org",
            field=models.CharField(blank=True, max_length=64),
        ),
    ]
