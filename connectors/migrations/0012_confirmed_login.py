from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("connectors", "0011_comparison")]

    operations = [
        migrations.AddField(
            model_name="connectionhealth",
            name="confirmed_login",
            field=models.CharField(blank=True, max_length=64),
        ),
    ]
