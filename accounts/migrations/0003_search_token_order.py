"""On PostgreSQL words are compared by code point: a range over their beginnings means nothing in a language's own order."""

from django.db import migrations


def compare_by_code_point(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            'alter table accounts_searchtoken alter column token type varchar(64) collate "C"'
        )


def compare_as_the_database_does(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            'alter table accounts_searchtoken alter column token type varchar(64) collate "default"'
        )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_append_only")]
    operations = [migrations.RunPython(compare_by_code_point, compare_as_the_database_does)]
