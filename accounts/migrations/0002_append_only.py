from django.db import migrations

POSTGRESQL = (
    """
    create function accounts_refuse_change() returns trigger language plpgsql as $$
    begin
        raise exception 'accounts: % is append-only', tg_table_name using errcode = 'restrict_violation';
    end
    $$
    """,
    """
    create trigger accounts_auditevent_append_only before update or delete on accounts_auditevent
    for each row execute function accounts_refuse_change()
    """,
)
SQLITE = (
    *(
        f"""
    create trigger accounts_auditevent_no_{verb} before {verb} on accounts_auditevent
    begin
        select raise(abort, 'accounts: accounts_auditevent is append-only');
    end
    """
        for verb in ("update", "delete")
    ),
    # REPLACE takes a row away to make room for the new one, and SQLite tells no delete trigger about it.
    """
    create trigger accounts_auditevent_no_replace before insert on accounts_auditevent
    when exists (select 1 from accounts_auditevent where id = new.id)
    begin
        select raise(abort, 'accounts: accounts_auditevent is append-only');
    end
    """,
)
POSTGRESQL_UNDO = (
    "drop trigger accounts_auditevent_append_only on accounts_auditevent",
    "drop function accounts_refuse_change()",
)
SQLITE_UNDO = tuple(f"drop trigger accounts_auditevent_no_{verb}" for verb in ("update", "delete", "replace"))


def _run(schema_editor, statements):
    with schema_editor.connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def arm(apps, schema_editor):
    _run(schema_editor, POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE)


def disarm(apps, schema_editor):
    _run(schema_editor, POSTGRESQL_UNDO if schema_editor.connection.vendor == "postgresql" else SQLITE_UNDO)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunPython(arm, disarm)]
