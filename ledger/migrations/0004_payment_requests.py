from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import accounts.ids

SQL = Path(__file__).parent / "sql"


def build(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        with schema_editor.connection.cursor() as cursor:
            cursor.execute((SQL / "0004_payment_requests.postgresql.sql").read_text())


def unbuild(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        before = (SQL / "0003_posting.postgresql.sql").read_text()
        posting = before[before.index("CREATE FUNCTION ledger_post(p jsonb)") :]
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(posting.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1))
            cursor.execute("DROP FUNCTION ledger_lock_request(uuid, uuid)")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_notification_unread"),
        ("ledger", "0003_posting"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PaymentRequest",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=accounts.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("code", models.CharField(max_length=12)),
                ("amount", models.BigIntegerField()),
                ("memo", models.CharField(blank=True, max_length=140)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("paid", "paid"),
                            ("cancelled", "cancelled"),
                            ("expired", "expired"),
                        ],
                        default="open",
                        max_length=9,
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="requests",
                        to="ledger.account",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.tenant",
                    ),
                ),
                (
                    "transfer",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="settles_request",
                        to="ledger.transfer",
                    ),
                ),
            ],
            options={
                "ordering": ("-id",),
                "indexes": [models.Index(fields=["account", "expires_at"], name="request_of_account")],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "code"), name="request_code_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gte", 1), ("amount__lte", 9007199254740991)),
                        name="request_amount_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "paid"), ("transfer__isnull", False)),
                            models.Q(models.Q(("state", "paid"), _negated=True), ("transfer__isnull", True)),
                            _connector="OR",
                        ),
                        name="request_paid_by_a_transfer",
                    ),
                ],
            },
        ),
        migrations.RunPython(build, unbuild),
    ]
