from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.AddField(
            "profile",
            "digest_since",
            models.DateTimeField(blank=True, help_text="When the digest was switched on. Empty: since the account was created.", null=True),
        ),
    ]
