from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0005_search_folders_tags")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="context",
            field=models.CharField(default="own", editable=False, max_length=10),
        ),
        migrations.AddField(
            model_name="answer",
            name="reasoning_ms",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
    ]
