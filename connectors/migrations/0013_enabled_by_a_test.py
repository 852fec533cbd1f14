from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("connectors", "0012_confirmed_login")]

    operations = [
        migrations.AddField(
            model_name="connectionhealth",
            name="passed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="connection",
            name="enabled",
            field=models.BooleanField(default=False),
        ),
        migrations.AlterField(
            model_name="historicalconnection",
            name="enabled",
            field=models.BooleanField(default=False),
        ),
    ]
