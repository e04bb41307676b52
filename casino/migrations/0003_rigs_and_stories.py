from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parent / "sql"


def build(apps, schema_editor):
    _run(schema_editor, "0003_rigs_and_stories")


def unbuild(apps, schema_editor):
    _run(schema_editor, "0003_rigs_and_stories.undo")


def _run(schema_editor, name):
    text = (SQL / f"{name}.{schema_editor.connection.vendor}.sql").read_text()
    with schema_editor.connection.cursor() as cursor:
        for statement in text.split("-- next\n"):
            cursor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("casino", "0002_guards")]

    operations = [
        migrations.AlterModelOptions(name="rig", options={"ordering": ("-configuration",)}),
        migrations.AddField(model_name="rig", name="reveal_by", field=models.DateTimeField(null=True)),
        migrations.AddConstraint(
            model_name="rig",
            constraint=models.UniqueConstraint(fields=("tenant", "commitment"), name="rig_commitment_unique"),
        ),
        migrations.RunPython(build, unbuild),
    ]
