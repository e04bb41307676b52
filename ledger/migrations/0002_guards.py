from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


def build(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    text = (SQL / f"0002_guards.{vendor}.sql").read_text()
    with schema_editor.connection.cursor() as cursor:
        for statement in text.split("-- next\n"):
            cursor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [migrations.RunPython(build, migrations.RunPython.noop)]
