from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


def build(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        with schema_editor.connection.cursor() as cursor:
            cursor.execute((SQL / "0003_posting.postgresql.sql").read_text())


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_guards"), ("accounts", "0001_initial")]
    operations = [migrations.RunPython(build, migrations.RunPython.noop)]
