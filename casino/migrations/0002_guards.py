from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


def build(apps, schema_editor):
    text = (SQL / f"0002_guards.{schema_editor.connection.vendor}.sql").read_text()
    with schema_editor.connection.cursor() as cursor:
        for statement in text.split("-- next\n"):
            cursor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("casino", "0001_initial"), ("ledger", "0002_guards")]
    operations = [migrations.RunPython(build, migrations.RunPython.noop)]
