from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parent / "sql"


def build(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        with schema_editor.connection.cursor() as cursor:
            cursor.execute((SQL / "0007_casino.postgresql.sql").read_text())


def unbuild(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        first = (SQL / "0003_posting.postgresql.sql").read_text()
        one = first[
            first.index("CREATE FUNCTION ledger_post_one") : first.index(
                "CREATE FUNCTION ledger_post(p jsonb)"
            )
        ]
        second = (SQL / "0004_payment_requests.postgresql.sql").read_text()
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(one.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1))
            cursor.execute(second[second.index("CREATE OR REPLACE FUNCTION ledger_post(p jsonb)") :])


class Migration(migrations.Migration):
    dependencies = [("ledger", "0006_asking")]

    operations = [
        migrations.AlterField(
            model_name="transfer",
            name="kind",
            field=models.CharField(
                choices=[
                    ("transfer", "transfer"),
                    ("deposit", "deposit"),
                    ("withdrawal", "withdrawal"),
                    ("terminal", "payment at a terminal"),
                    ("bonus", "welcome bonus"),
                    ("payroll", "salary"),
                    ("admin", "game master"),
                    ("refund", "refund"),
                    ("voucher", "voucher"),
                    ("casino_bet", "casino bet"),
                    ("casino_win", "casino win"),
                    ("prize", "prize"),
                ],
                max_length=16,
            ),
        ),
        migrations.RunPython(build, unbuild),
    ]
