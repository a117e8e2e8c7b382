"""Imports go one way: charts and pages never reach training, and torch stays in one corner."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.builders import ROOT, run_python

LIBRARY = ROOT / "toymodel"
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(LIBRARY.rglob("*.py"))
}
CHARTS = sorted(name for name in FILES if name.startswith("toymodel.charts."))
WITH_TORCH = {f"toymodel.{name}" for name in ("accelerator", "engine", "part", "training")}
ENGINE = {*WITH_TORCH, "toymodel.run"}
BELOW = {"engine", "accelerator", "part", "run", "crew", "child"}
UPPER = {"jobs", "job", "worker", "cached", "training", *BELOW, "cli"}


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
        later = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for_types = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        children = list(ast.iter_child_nodes(node))
        if at_once and later:
            children = []
        elif at_once and for_types:
            children = node.orelse
        for child in children:
            visit(child)

    visit(ast.parse(source))
    return names


def of(module: str, *, at_once: bool = False) -> set[str]:
    return imported(FILES[module].read_text(), at_once=at_once)


def packages(names: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


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
    assert packages(imported(source)) == set("acegijkl")
    assert packages(imported(source, at_once=True)) == set("aceikl")


def test_the_walker_finds_what_is_known_to_be_there():
    assert len(FILES) >= 20
    assert "torch" in of("toymodel.engine")
    assert "toymodel.training" in of("toymodel.cached")
    assert "toymodel.training" not in of("toymodel.cached", at_once=True)
    assert len(CHARTS) >= 5


@pytest.mark.parametrize("module", FILES)
def test_the_library_never_imports_streamlit(module: str):
    assert "streamlit" not in packages(of(module))


def test_torch_is_imported_by_the_training_engine_alone():
    assert {module for module in FILES if "torch" in packages(of(module))} == WITH_TORCH


def test_what_imports_training_does_so_when_it_trains():
    eager = {module for module in FILES if ENGINE & of(module, at_once=True)}
    assert eager == ENGINE - {"toymodel.engine"}


@pytest.mark.parametrize("module", CHARTS)
def test_charts_take_frames_and_reach_nothing_else(module: str):
    allowed = {"charts", "frames", "polysemanticity"}
    own = {name.split(".")[1] for name in of(module) if name.startswith("toymodel.")}
    assert own <= allowed


@pytest.mark.parametrize(
    ("module", "above"),
    [
        ("settings", {"config", "model", "store", "charts", "frames", "loss", *UPPER}),
        ("config", {"model", "store", "charts", "frames", "loss", *UPPER}),
        ("model", {"store", "charts", "frames", "loss", *UPPER}),
        ("sampling", {"store", "charts", "frames", "loss", *UPPER}),
        ("loss", {"store", "charts", "frames", *UPPER}),
        ("polysemanticity", {"store", "charts", "frames", *UPPER}),
        ("store", {"charts", "frames", *UPPER}),
        ("frames", {"store", "charts", *UPPER}),
        ("diagnosis", {"store", "charts", "frames", *UPPER}),
        ("figures", {"store", *UPPER}),
        ("export", {"store", "charts", "frames", *UPPER}),
        ("layout", {"store", "charts", "frames", *UPPER}),
        ("child", {"store", "charts", "frames", *UPPER}),
        ("crew", {"store", "charts", "frames", *UPPER - {"child", "part"}}),
        ("engine", {"store", "charts", "frames", *UPPER - {"engine"}}),
        ("accelerator", {"store", "charts", "frames", *UPPER - {"engine"}}),
        ("part", {"store", "charts", "frames", *UPPER - {"engine", "accelerator"}}),
        ("run", {"store", "charts", "frames", *UPPER - BELOW}),
        ("training", {"store", "charts", "frames", "jobs", "worker", "cached", "cli"}),
        ("cached", {"charts", "frames", "jobs", "worker", "cli"}),
        ("jobs", {"charts", "frames", "cli"}),
    ],
)
def test_nothing_imports_what_stands_above_it(module: str, above: set[str]):
    named = {name.split(".")[1] for name in of(f"toymodel.{module}") if name.count(".")}
    assert not named & above


def test_looking_at_models_imports_neither_torch_nor_streamlit():
    names = sorted(FILES.keys() - ENGINE - {"toymodel.__main__"})
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


def test_no_file_of_the_library_stands_outside_its_packages():
    listed = {path.parent.relative_to(ROOT).as_posix() for path in FILES.values()}
    assert listed == {"toymodel", "toymodel/charts"}
    text = Path(ROOT / "pyproject.toml").read_text()
    assert 'packages = ["toymodel", "toymodel.charts"]' in text
