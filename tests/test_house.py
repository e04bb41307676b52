"""The rules of the house, applied to every file; after each, the proof that it can fail."""

from collections.abc import Callable

import pytest
from django.apps import apps
from django.db import models
from django.test.utils import isolate_apps

from tests import house
from tests.house import Module

MODULES = house.project_modules()
SETTINGS_PAGE = house.PROJECT / "docs" / "settings.md"

MODULE_RULES = [
    house.imports_upward,
    house.imports_upward_inside,
    house.impure_imports,
    house.says_nothing,
    house.too_long,
    house.uses_floats,
    house.prints,
    house.careless_services,
]


@pytest.mark.parametrize("rule", MODULE_RULES, ids=lambda rule: rule.__name__)
def test_every_module_keeps_the_rule(rule: Callable[[Module], list[str]]) -> None:
    complaints = [complaint for module in MODULES for complaint in rule(module)]
    assert not complaints, "\n" + "\n".join(complaints)


def test_the_rules_see_the_whole_project() -> None:
    assert set(house.FLOORS) <= {module.app for module in MODULES}


BROKEN = [
    (house.imports_upward, "ledger/posting.py", "import casino"),
    (house.imports_upward, "ledger/posting.py", "from casino.services import spin"),
    (house.imports_upward, "accounts/models.py", "def f():\n    from ledger import selectors"),
    (house.imports_upward, "casino/api.py", "from passes.models import Pass"),
    (house.imports_upward, "passes/pages.py", "from neobank import settings"),
    (house.imports_upward, "ledger/posting/__init__.py", "from ...casino import reels"),
    (house.imports_upward, "accounts/audit.py", 'import_module("ledger.models")'),
    (house.imports_upward, "accounts/models.py", 'x = models.ForeignKey("ledger.Account", models.PROTECT)'),
    (house.imports_upward, "accounts/models.py", 'x = models.ManyToManyField(to="ledger.Account")'),
    (
        house.imports_upward,
        "accounts/migrations/0002_x.py",
        'class M:\n    dependencies = [("ledger", "0001_initial")]',
    ),
    (house.imports_upward_inside, "ledger/models.py", "from ledger import services"),
    (house.imports_upward_inside, "ledger/selectors.py", "from ledger.services.transfers import pay"),
    (house.imports_upward_inside, "ledger/services/transfers.py", "from ..api import view"),
    (house.impure_imports, "ledger/money.py", "from django.conf import settings"),
    (house.impure_imports, "casino/reels.py", "from ledger.models import Account"),
    (house.says_nothing, "ledger/utils.py", ""),
    (house.says_nothing, "casino/helpers/reels.py", ""),
    (house.says_nothing, "accounts/signals.py", ""),
    (house.too_long, "ledger/posting.py", "\n" * 451),
    (house.too_long, "tests/test_posting.py", "\n" * 601),
    (house.too_long, "ledger/posting.py", "def post():\n" + "    x = 1\n" * 70),
    (house.uses_floats, "ledger/money.py", "half = float(amount) / 2"),
    (house.uses_floats, "casino/models.py", "rtp = models.FloatField()"),
    (house.prints, "ledger/posting.py", 'print("paid")'),
    (house.careless_services, "ledger/services.py", "@unit_of_work\ndef pay(actor, amount): ..."),
    (
        house.careless_services,
        "ledger/services/pay.py",
        "@units.unit_of_work\ndef pay(*, amount, actor): ...",
    ),
    (house.careless_services, "ledger/services/pay.py", "@unit_of_work\ndef pay(*, actor=None, amount): ..."),
    (house.careless_services, "ledger/services/pay.py", "def pay_inside(order, actor=None): ..."),
]


@pytest.mark.parametrize(("rule", "path", "text"), BROKEN, ids=lambda value: getattr(value, "__name__", None))
def test_a_broken_rule_is_seen(rule: Callable[[Module], list[str]], path: str, text: str) -> None:
    assert len(rule(Module(path, text))) == 1


KEPT = [
    (
        house.imports_upward,
        "casino/services.py",
        "from ledger import posting\nfrom accounts.models import User\nimport casino.reels",
    ),
    (house.imports_upward, "neobank/urls.py", "import casino.urls, passes.urls, ledger.urls"),
    (house.imports_upward, "tests/test_posting.py", "import neobank, casino, accounts"),
    (house.imports_upward_inside, "ledger/api.py", "from ledger import services, selectors, models"),
    (
        house.impure_imports,
        "ledger/money.py",
        "from decimal import Decimal\nfrom django.utils.translation import gettext",
    ),
    (house.too_long, "ledger/migrations/0001_initial.py", "\n" * 999),
    (house.too_long, "tests/test_posting.py", "\n" * 599),
    (house.uses_floats, "neobank/metrics.py", "seconds = float(text)"),
    (house.impure_imports, "ledger/console/money.py", "from ledger.models import Currency"),
    (house.careless_services, "ledger/services.py", "@unit_of_work\ndef pay(*, actor, amount, memo=''): ..."),
    (house.careless_services, "ledger/services.py", "def why_not(actor, role): ..."),
    (house.prints, "neobank/management/commands/check_books.py", 'print("books are clean")'),
    (
        house.careless_services,
        "ledger/services.py",
        "def pay(*, actor, amount, memo=''): ...\ndef _row(account): ...",
    ),
]


@pytest.mark.parametrize(("rule", "path", "text"), KEPT, ids=lambda value: getattr(value, "__name__", None))
def test_a_kept_rule_is_left_in_peace(rule: Callable[[Module], list[str]], path: str, text: str) -> None:
    assert rule(Module(path, text)) == []


# -- what is not Python ------------------------------------------------------------------------------------------------


def test_no_file_mentions_what_only_its_writer_has() -> None:
    complaints = []
    for path in house.project_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if "vendor" not in path.parts:
            complaints += house.mentions(path.relative_to(house.PROJECT).as_posix(), text)
    assert not complaints, "\n" + "\n".join(complaints)


@pytest.mark.parametrize("word", house.FORBIDDEN_WORDS)
def test_a_forbidden_word_is_seen(word: str) -> None:
    assert house.mentions("README.md", f"first line\nas {word} says") == [f"README.md:2: mentions {word!r}"]


def test_every_setting_that_is_read_is_documented_and_every_documented_one_is_read() -> None:
    product = [module for module in MODULES if module.app in house.FLOORS]
    read = set().union(*(house.settings_read(module) for module in product))
    documented = house.settings_documented(SETTINGS_PAGE.read_text(encoding="utf-8"))
    assert read, "no setting was found: the rule has gone blind"
    assert read == documented, (
        f"not documented: {sorted(read - documented)}; not read: {sorted(documented - read)}"
    )


def test_the_ways_of_reading_a_setting_are_seen() -> None:
    text = (
        'A = env("ONE")\nB = env.int("TWO", default=3)\nC = os.environ["THREE"]\nD = os.environ.get("FOUR")\n'
        'E = os.getenv("FIVE")\nos.environ["NOT_READ"] = "1"\nos.environ.setdefault("NOR_THIS", "1")\n'
    )
    assert house.settings_read(Module("neobank/settings.py", text)) == {"ONE", "TWO", "THREE", "FOUR", "FIVE"}
    assert house.settings_documented("| `ONE` | 1 |\n|`TWO`|\nsee `THREE`\n| text `FOUR` |") == {"ONE", "TWO"}


# -- models ------------------------------------------------------------------------------------------------------------

OUR_MODELS = [
    model for model in apps.get_models(include_auto_created=True) if model._meta.app_label in house.FLOORS
]


def test_no_model_relates_to_a_higher_floor_or_a_neighbour() -> None:
    complaints = [complaint for model in OUR_MODELS for complaint in house.relates_upward(model)]
    assert not complaints, "\n" + "\n".join(complaints)


@isolate_apps("accounts", "ledger")
def test_a_relation_upward_is_seen() -> None:
    class Purse(models.Model):
        class Meta:
            app_label = "ledger"

    class Person(models.Model):
        purse = models.ForeignKey(Purse, on_delete=models.PROTECT)

        class Meta:
            app_label = "accounts"

    assert house.relates_upward(Person) == ["accounts.Person.purse: accounts may not see ledger"]
    assert house.relates_upward(Purse) == []


def test_what_is_unique_is_unique_within_a_tenant() -> None:
    complaints = [complaint for model in OUR_MODELS for complaint in house.unique_across_tenants(model)]
    assert not complaints, "\n" + "\n".join(complaints)


def test_every_exception_from_uniqueness_within_a_tenant_is_still_needed() -> None:
    names = {constraint.name for model in OUR_MODELS for constraint in model._meta.constraints}
    assert set(house.UNIQUE_WITHOUT_TENANT) <= names


@isolate_apps("accounts", "ledger")
def test_uniqueness_over_all_tenants_is_seen() -> None:
    class World(models.Model):
        class Meta:
            app_label = "accounts"

    class Drink(models.Model):
        tenant = models.ForeignKey(World, on_delete=models.PROTECT)
        name = models.CharField(max_length=10)
        barcode = models.CharField(max_length=10, unique=True)

        class Meta:
            app_label = "ledger"
            unique_together = (("name", "tenant"),)
            constraints = (
                models.UniqueConstraint(fields=("name",), name="bad"),
                models.UniqueConstraint(models.F("name"), models.F("tenant"), name="bad_expression"),
                models.UniqueConstraint(fields=("tenant", "name"), name="good"),
            )

    assert house.unique_across_tenants(Drink) == [
        "ledger.Drink: bad begins with 'name'",
        "ledger.Drink: bad_expression begins with 'name'",
        "ledger.Drink: unique_together begins with 'name'",
        "ledger.Drink.barcode: unique over all tenants",
    ]
    assert house.unique_across_tenants(World) == []
