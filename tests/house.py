"""The rules of the house as functions from source to complaints, so that nobody has to recite them.

Every rule takes what it judges as an argument (a module's text, a model class, a set of names) and returns sentences;
tests/test_house.py applies them to the project, and proves of each that it can fail. docs/architecture.md says why the
floors are as they are.
"""

import ast
import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from django.db import models

PROJECT = Path(__file__).resolve().parent.parent

#: Imports fall downward; rooms on the same floor are blind to each other.
FLOORS = {"accounts": 0, "ledger": 1, "casino": 2, "passes": 2, "identity": 2, "neobank": 3}
#: Inside an app they fall too. Modules that are not named here are pure, or stand beside the ones they serve.
LAYERS = {
    "models": 1,
    "selectors": 2,
    "services": 3,
    "api": 4,
    "pages": 4,
    "consumers": 4,
    "admin": 4,
    "management": 4,
    "urls": 5,
}
#: Modules that know neither tables nor settings: everything they need is in their arguments.
PURE = {
    "money",
    "numbers",
    "names",
    "signing",
    "reels",
    "rules",
    "fairness",
    "mixing",
    "drawing",
    "games",
    "distribution",
    "enumeration",
    "closed_form",
    "certificate",
    "certifying",
    "band",
    "designing",
    "simulation",
    "stakes",
    "playing",
    "chance",
    "signatures",
    "reversal",
}
IMPURE_IMPORTS = ("django.db", "django.conf", "django.apps", "django.contrib", "rest_framework")
MONEY_ROOMS = {"accounts", "ledger", "casino", "passes", "identity"}
NAMES_THAT_SAY_NOTHING = {"utils", "util", "common", "helpers", "helper", "misc", "signals", "base_service"}
MAY_PRINT = ("scripts/", "benchmarks/", "examples/", "tests/pictures/__main__.py")
FILE_LINES_MAX = 450
TEST_FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70

#: What no file of the project may mention: folders of whoever wrote it, and the hosts that packages come from (those
#: are a matter of each machine's configuration). In pieces, because this file is judged as well.
FORBIDDEN_WORDS = (
    "../" + "shared",
    "pypi" + ".org",
    "files.python" + "hosted",
    "registry." + "npmjs",
    "/ro" + "ot/",
    "/wo" + "rk/",
)

#: Unique constraints that need no tenant in front, each with its reason.
UNIQUE_WITHOUT_TENANT = {
    "entry_once_per_transfer": "both columns already belong to one tenant, and the index is on the path of every posting",
}


@dataclass(frozen=True)
class Module:
    """A Python file of the project: its path from the root, with slashes, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed text."""
        return ast.parse(self.text)

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """`ledger/services/transfers.py` -> ("ledger", "services", "transfers")."""
        parts = PurePosixPath(self.path).with_suffix("").parts
        return parts[:-1] if parts[-1] == "__init__" else parts

    @property
    def app(self) -> str:
        """The app, or the top folder, it belongs to."""
        return self.parts[0] if self.parts else ""

    @property
    def is_migration(self) -> bool:
        """Whether Django wrote most of it."""
        return "migrations" in self.parts

    @property
    def is_test(self) -> bool:
        """Whether it is only there to judge the others."""
        return self.app == "tests"

    def at(self, node: ast.AST, sentence: str) -> str:
        """A complaint that an editor can jump to."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}: {sentence}"


def project_files() -> list[Path]:
    """Every file that is or would be committed; without git, every file that is not of this machine alone."""
    listing = [
        "git",
        "-c",
        f"safe.directory={PROJECT}",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]
    try:
        names = subprocess.run(listing, cwd=PROJECT, capture_output=True, text=True, check=True).stdout.split(
            "\0"
        )
        return sorted(path for name in set(names) if name and (path := PROJECT / name).is_file())
    except (OSError, subprocess.CalledProcessError):
        ours = (path for path in PROJECT.rglob("*") if path.is_file())
        return sorted(
            path for path in ours if not any(_is_local(part) for part in path.relative_to(PROJECT).parts)
        )


def _is_local(part: str) -> bool:
    return part in {"var", "__pycache__"} or (
        part.startswith(".") and part not in {".ci", ".github", ".gitignore", ".dockerignore"}
    )


def project_modules() -> list[Module]:
    """Every Python file of the project, without third parties' code."""
    paths = [path for path in project_files() if path.suffix == ".py" and "vendor" not in path.parts]
    return [Module(path.relative_to(PROJECT).as_posix(), path.read_text(encoding="utf-8")) for path in paths]


# -- who may see whom --------------------------------------------------------------------------------------------------


def imported_names(module: Module) -> Iterator[tuple[ast.AST, str]]:
    """Every dotted name a module reaches for: imports, wherever they stand, and the string forms of them."""
    package = module.parts if module.path.endswith("__init__.py") else module.parts[:-1]
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            origin = ".".join((*base, *filter(None, [node.module])))
            yield node, origin
            yield from ((node, f"{origin}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and _called(node) in {
            "import_module", "__import__", "import_string", "get_model", "ForeignKey", "OneToOneField", "ManyToManyField",
        }:  # fmt: skip
            arguments = [
                *node.args[:1],
                *(keyword.value for keyword in node.keywords if keyword.arg in {"to", "through"}),
            ]
            yield from ((node, text) for value in arguments if (text := _text(value)))
        elif module.is_migration and isinstance(node, ast.Assign) and _assigned(node) == "dependencies":
            pairs = (
                pair for pair in ast.walk(node.value) if isinstance(pair, ast.Tuple) and len(pair.elts) == 2
            )
            yield from ((pair, text) for pair in pairs if (text := _text(pair.elts[0])))


def _called(node: ast.Call) -> str:
    """`models.ForeignKey(...)` -> "ForeignKey"."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _assigned(node: ast.Assign) -> str:
    return getattr(node.targets[0], "id", "")


def _text(node: ast.AST) -> str:
    """The text of a literal, or nothing."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def imports_upward(module: Module) -> list[str]:
    """Imports of a higher floor, or of a neighbour on the same one."""
    if module.app not in FLOORS:
        return []
    return _unique(
        module.at(node, f"{module.app} may not see {app}")
        for node, name in imported_names(module)
        if (app := name.partition(".")[0]) in FLOORS
        and app != module.app
        and FLOORS[app] >= FLOORS[module.app]
    )


def imports_upward_inside(module: Module) -> list[str]:
    """Imports, inside one app, of a layer above: models from services, selectors from views."""
    own = LAYERS.get(module.parts[1]) if len(module.parts) > 1 else None
    if module.app not in FLOORS or own is None or module.is_migration:
        return []
    return _unique(
        module.at(node, f"{module.parts[1]} may not see {layer}")
        for node, name in imported_names(module)
        if name.startswith(f"{module.app}.") and LAYERS.get(layer := name.split(".")[1], 0) > own
    )


def impure_imports(module: Module) -> list[str]:
    """Tables or settings in a module that should need neither."""
    if module.app not in FLOORS or module.parts[1:] not in {(name,) for name in PURE}:
        return []
    seen = {
        node: name
        for node, name in reversed(list(imported_names(module)))
        if name.startswith(IMPURE_IMPORTS) or "models" in name.split(".")
    }
    return [module.at(node, f"a pure module may not see {name}") for node, name in reversed(seen.items())]


def relates_upward(model: type[models.Model]) -> list[str]:
    """Relations of a model to a higher floor or a neighbour, however they were spelled."""
    app = model._meta.app_label
    targets = {
        field.name: field.related_model._meta.app_label
        for field in model._meta.get_fields()
        if field.concrete and isinstance(field.related_model, type)
    }
    return [
        f"{model._meta.label}.{name}: {app} may not see {target}"
        for name, target in targets.items()
        if app in FLOORS and target in FLOORS and app != target and FLOORS[target] >= FLOORS[app]
    ]


def _unique(complaints: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(complaints))


# -- how things are written --------------------------------------------------------------------------------------------


def says_nothing(module: Module) -> list[str]:
    """Files whose name does not say what is in them, or that hide an effect behind a signal."""
    return [
        f"{module.path}: name it after what it does"
        for part in module.parts
        if part in NAMES_THAT_SAY_NOTHING
    ]


def too_long(module: Module) -> list[str]:
    """Files and functions that tell more than one story."""
    if module.is_migration:
        return []
    lines, most = len(module.text.splitlines()), TEST_FILE_LINES_MAX if module.is_test else FILE_LINES_MAX
    complaints = [f"{module.path}: {lines} lines, more than {most}"] if lines > most else []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES_MAX:
                complaints.append(
                    module.at(node, f"{node.name} has {length} lines, more than {FUNCTION_LINES_MAX}")
                )
    return complaints


def uses_floats(module: Module) -> list[str]:
    """`float(` and FloatField where money lives."""
    if module.app not in MONEY_ROOMS:
        return []
    return [
        module.at(node, "no float near money")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and _called(node) in {"float", "FloatField"}
    ]


def prints(module: Module) -> list[str]:
    """`print(` where nobody reads it; commands, scripts and examples talk to a person."""
    if module.path.startswith(MAY_PRINT) or "commands" in module.parts:
        return []
    return [
        module.at(node, "log it, or raise it")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]


def careless_services(module: Module) -> list[str]:
    """Outermost services whose actor may be forgotten, or mixed up with another argument; no function may default it."""
    if module.app not in FLOORS or "services" not in module.parts[1:2]:
        return []
    complaints = []
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.FunctionDef):
            continue
        positional, named = [*node.args.posonlyargs, *node.args.args], node.args.kwonlyargs
        outermost = any("unit_of_work" in ast.unparse(decorator) for decorator in node.decorator_list)
        if outermost and (positional or not named or named[0].arg != "actor"):
            complaints.append(module.at(node, f"{node.name}: keyword-only arguments, actor first"))
        defaults = dict(
            zip(
                [argument.arg for argument in reversed(positional)],
                reversed(node.args.defaults),
                strict=False,
            )
        )
        defaults |= {
            argument.arg: value for argument, value in zip(named, node.args.kw_defaults, strict=True) if value
        }
        if "actor" in defaults:
            complaints.append(module.at(node, f"{node.name}: actor has no default"))
    return complaints


def mentions(path: str, text: str) -> list[str]:
    """Words that make no sense to somebody who has only the project."""
    return [
        f"{path}:{number}: mentions {word!r}"
        for number, line in enumerate(text.splitlines(), 1)
        for word in FORBIDDEN_WORDS
        if word in line
    ]


# -- settings ----------------------------------------------------------------------------------------------------------


def settings_read(module: Module) -> set[str]:
    """The environment variables a module reads: `env.int("PORT")`, `os.environ["PORT"]`, `os.getenv("PORT")`."""
    found: set[str] = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            owner = ast.unparse(node.func)
            reads = bool(re.fullmatch(r"env(\.[a-z_]+)?|os\.getenv|os\.environ\.get", owner))
            first = node.args[0] if node.args else None
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            reads, first = ast.unparse(node.value) == "os.environ", node.slice
        else:
            continue
        if reads and first is not None and re.fullmatch(r"[A-Z][A-Z0-9_]*", _text(first)):
            found.add(_text(first))
    return found


def settings_documented(page: str) -> set[str]:
    """The variables a page of settings documents: the first cells of its tables, in code quotes."""
    return set(re.findall(r"^\|\s*`([A-Z][A-Z0-9_]*)`", page, re.MULTILINE))


# -- tenants -----------------------------------------------------------------------------------------------------------


def unique_across_tenants(model: type[models.Model]) -> list[str]:
    """Uniqueness of a tenant's model that does not begin with the tenant: it would let one event block another."""
    options = model._meta
    if "tenant" not in {field.name for field in options.get_fields()}:
        return []
    complaints = []
    for constraint in options.constraints:
        if isinstance(constraint, models.UniqueConstraint) and constraint.name not in UNIQUE_WITHOUT_TENANT:
            first = (
                constraint.fields[0] if constraint.fields else getattr(constraint.expressions[0], "name", "")
            )
            if first != "tenant":
                complaints.append(f"{options.label}: {constraint.name} begins with {first!r}")
    for fields in options.unique_together:
        if fields[0] != "tenant":
            complaints.append(f"{options.label}: unique_together begins with {fields[0]!r}")
    for field in options.local_fields:
        if field.unique and not field.primary_key and not field.one_to_one:
            complaints.append(f"{options.label}.{field.name}: unique over all tenants")
    return complaints
