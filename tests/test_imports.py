"""The house: which folders there are, how large they may be, and that imports go one way."""

from __future__ import annotations

import ast
from collections import defaultdict

import pytest

from tests.helpers.networks import ROOT, run_python

BASE = {
    "toymodel",
    *(
        f"toymodel.{name}"
        for name in (
            "arrays",
            "config",
            "environment",
            "errors",
            "evaluation",
            "model",
            "recipe",
            "sampling",
            "settings",
            "task",
            "text",
        )
    ),
}
"""Modules that everything else stands on."""

BELOW = {
    "analysis": (),
    "storage": ("analysis",),
    "training": ("analysis", "storage"),
    "phase": ("analysis", "storage", "training"),
    "jobs": ("analysis", "storage", "training"),
    "sweeps": ("analysis", "storage", "training", "phase", "jobs"),
    "charts": ("analysis", "phase"),
    "cli": ("analysis", "storage", "training", "phase", "jobs", "sweeps", "charts"),
}
"""For each package of the library, the packages that it may import beside itself."""

CHART_FOLDERS = {"network", "neuron", "feature", "motif", "phase", "sweep"}
PAGES = {
    *("features", "identity", "motif", "neurons", "overview", "own"),
    *("phase", "real", "sweep", "sweeps", "train"),
}
MAX_MODULES = 15

FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for folder in ("toymodel", "pages")
    for path in sorted((ROOT / folder).rglob("*.py"))
}
LIBRARY = {name for name in FILES if name.partition(".")[0] == "toymodel"}
IMPORTS_TORCH = {
    f"toymodel.training.{name}" for name in ("accelerator", "engine", "shard_group", "train")
}
IMPORTED_LATE = {*IMPORTS_TORCH, "toymodel.training.parallel", "toymodel.training.run"}
"""What only a function that trains may import."""


def imported(source: str, *, at_once: bool = False) -> set[str]:
    """Every module that a source names; with at_once, only what importing it imports."""
    names: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            module = node.module or ""
            names.add(module)
            names.update(f"{module}.{alias.name}" for alias in node.names)
        in_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for_types = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        children = list(ast.iter_child_nodes(node))
        if at_once and in_function:
            children = []
        elif at_once and for_types:
            children = node.orelse
        for child in children:
            visit(child)

    visit(ast.parse(source))
    return names


def imports_of(module: str, *, at_once: bool = False) -> set[str]:
    return imported(FILES[module].read_text(), at_once=at_once)


def modules_named_by(module: str) -> set[str]:
    """The project's own modules that a module imports."""
    names = imports_of(module)
    return {name for name in names & FILES.keys() if FILES[name].name != "__init__.py"}


def top_levels(names: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


def package_of(module: str) -> str:
    return "" if module in BASE else module.split(".")[1]


def test_the_walker_sees_every_way_to_import():
    source = """
import a.b, c as d
from e import f
if TYPE_CHECKING:
    from g import h
else:
    import i
def function():
    import j
class Class:
    import k
try:
    import l
except ImportError:
    pass
"""
    assert top_levels(imported(source)) == set("acegijkl")
    assert top_levels(imported(source, at_once=True)) == set("aceikl")


def test_the_walker_finds_what_is_known_to_be_there():
    assert "torch" in imports_of("toymodel.training.engine")
    lazy = "toymodel.training.load_or_train"
    assert "toymodel.training.train" in modules_named_by(lazy)
    assert "toymodel.training.train" not in imports_of(lazy, at_once=True)


def test_every_folder_of_the_library_is_known():
    folders = {".".join(FILES[name].parent.relative_to(ROOT).parts) for name in LIBRARY}
    charts = {f"toymodel.charts.{name}" for name in CHART_FOLDERS}
    assert folders == {"toymodel", *(f"toymodel.{name}" for name in BELOW), *charts}


def test_every_page_has_a_folder_with_its_script():
    there = {path.name for path in (ROOT / "pages").iterdir() if path.name != "__pycache__"}
    assert there == PAGES | {"shared", "main.py", "style.css", "history.js", "icon.svg"}
    assert all(f"pages.{page}.page" in FILES for page in PAGES)


def test_no_folder_holds_too_many_modules():
    held: dict[str, list[str]] = defaultdict(list)
    for name, path in FILES.items():
        if path.name not in ("__init__.py", "__main__.py"):
            held[name.rpartition(".")[0]].append(name)
    full = {folder: len(names) for folder, names in held.items() if len(names) > MAX_MODULES}
    assert full == {}


@pytest.mark.parametrize("module", sorted(LIBRARY))
def test_the_library_imports_only_what_stands_below(module: str):
    package = package_of(module)
    named = {package_of(name) for name in modules_named_by(module)} - {"", package}
    if module == "toymodel":  # the public names
        assert named <= {"analysis", "storage", "training"}
    elif module == "toymodel.__main__":
        assert named == {"cli"}
    else:
        assert named <= set(BELOW.get(package, ()))


@pytest.mark.parametrize("module", sorted(LIBRARY))
def test_the_library_never_imports_streamlit_or_pages(module: str):
    assert not {"streamlit", "pages"} & top_levels(imports_of(module))


def test_a_page_imports_no_other_page_but_its_state():
    crossing = {
        (module, name)
        for module in FILES
        for name in modules_named_by(module)
        if name.startswith("pages.") and not name.startswith("pages.shared.")
        if package_of(name) != package_of(module) and not name.endswith(".state")
    }
    assert crossing == set()


def test_every_shared_module_serves_two_pages_or_more():
    users: dict[str, set[str]] = defaultdict(set)
    for page in PAGES:
        waiting = [name for name in FILES if name.startswith(f"pages.{page}.")]
        seen: set[str] = set()
        while waiting:
            module = waiting.pop()
            if module not in seen:
                seen.add(module)
                waiting += [n for n in modules_named_by(module) if n.startswith("pages.shared.")]
        for module in seen:
            users[module].add(page)
    shared = {name for name in FILES if name.startswith("pages.shared.")}
    served_by_app = {"pages.shared.navigation"}
    assert {name for name in shared - served_by_app if len(users[name]) < 2} == set()


def test_torch_is_imported_by_training_alone():
    assert {name for name in LIBRARY if "torch" in top_levels(imports_of(name))} == IMPORTS_TORCH


def test_what_imports_torch_is_imported_late():
    eager = {name for name in FILES if IMPORTED_LATE & imports_of(name, at_once=True)}
    assert eager == IMPORTED_LATE - {"toymodel.training.engine"}


def test_looking_at_models_imports_neither_torch_nor_streamlit():
    names = sorted(LIBRARY - IMPORTED_LATE - {"toymodel.__main__"})
    code = (
        "import sys, importlib; names = sys.argv[1:]; seen = []\n"
        "for name in names:\n"
        "    importlib.import_module(name)\n"
        "    if {'torch', 'streamlit'} & set(sys.modules):\n"
        "        sys.exit(name)\n"
        "print(len(names))"
    )
    result = run_python("-c", code, *names)
    assert (result.stdout, result.stderr) == (f"{len(names)}\n", "")


def test_importing_the_library_is_light():
    code = (
        "import sys, toymodel as tm; tm.Config(), tm.Recipe(), tm.RECIPES; "
        "print(sorted({'torch', 'streamlit', 'altair', 'pandas'} & set(sys.modules)))"
    )
    result = run_python("-c", code)
    assert (result.stdout, result.stderr) == ("[]\n", "")


def test_public_names_are_there_and_training_imports_torch_when_asked_for():
    code = (
        "import sys, toymodel as tm; "
        "assert 'torch' not in sys.modules; "
        "print([name for name in tm.__all__ if not hasattr(tm, name)]); "
        "assert 'torch' in sys.modules; "
        "print(hasattr(tm, 'nonsense'))"
    )
    result = run_python("-c", code)
    assert (result.stdout, result.stderr) == ("[]\nFalse\n", "")
