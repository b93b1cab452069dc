"""What loads what: `ask` starts without the heavy libraries, and imports point one way (DESIGN, section 4)."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import evals
import ingest
import shanghai_qa
from tests.e2e.program import environment

HEAVY = ("torch", "transformers", "sentence_transformers", "gradio", "langchain", "pandas", "sklearn")

PACKAGES = {
    package.__name__: Path(package.__path__[0])
    for package in (shanghai_qa, ingest, evals)
}  # fmt: skip

DOORS = {"api", "cli", "langchain", "mcp", "terminal", "web", "__main__"}
VALUES = {"values", "settings", "errors"}

HOMES = {
    "chromadb": {"shanghai_qa.store"},
    "gradio": {"shanghai_qa.web"},
    "sentence_transformers": {"shanghai_qa.embedding"},
    "transformers": {"shanghai_qa.embedding"},
    "tokenizers": {"shanghai_qa.embedding", "shanghai_qa.reader"},
    "torch": {"shanghai_qa.embedding"},
    "onnxruntime": {"shanghai_qa.embedding", "shanghai_qa.reader"},
    "bm25s": {"shanghai_qa.store"},
    "mcp": {"shanghai_qa.mcp"},
    "openpyxl": {"shanghai_qa.sheet"},
}


@pytest.mark.corpus
def test_ask_loads_no_heavy_library(index: Path) -> None:
    code = f"""
import sys
sys.argv = ["shanghai-qa", "ask", "--json", "When was the STAR Market launched?", "--index", {str(index)!r}]
from shanghai_qa.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print("\\n", sorted(sys.modules.keys() & set({HEAVY!r})))
"""
    said = _python(code)
    assert '"outcome": "answered"' in said
    assert said.splitlines()[-1].strip() == "[]"


def test_importing_the_package_loads_next_to_nothing() -> None:
    said = _python("import sys; before = set(sys.modules); import shanghai_qa; print(*set(sys.modules) - before)")
    loaded = {name.partition(".")[0] for name in said.split()}
    assert "shanghai_qa" in loaded
    assert loaded & {*HEAVY, *HOMES, "numpy", "pydantic", "langchain_core", "typer", "rich", "fastapi"} == set()


def test_help_loads_no_model_and_no_store() -> None:
    code = """
import sys
sys.argv = ["shanghai-qa", "--help"]
from shanghai_qa.cli import main
try:
    main()
except SystemExit:
    pass
print("\\n", *sys.modules)
"""
    loaded = set(_python(code).splitlines()[-1].split())
    assert loaded & {*HEAVY, *HOMES, "numpy", "langchain_core"} == set()


@pytest.mark.parametrize("module", sorted(name for name in PACKAGES))
def test_only_one_module_knows_each_library(module: str) -> None:
    for name, imported in _imports(module):
        for library in imported:
            homes = HOMES.get(library.partition(".")[0])
            assert homes is None or any(name == home or name.startswith(home + ".") for home in homes), (name, library)


def test_the_package_imports_neither_ingest_nor_evals() -> None:
    for name, imported in _imports("shanghai_qa"):
        for other in imported:
            assert other.partition(".")[0] not in ("ingest", "evals", "tests"), (name, other)


def test_ingest_does_not_import_evals() -> None:
    for name, imported in _imports("ingest"):
        for other in imported:
            assert other.partition(".")[0] not in ("evals", "tests"), (name, other)


def test_imports_point_from_doors_to_the_assistant_to_steps_to_values() -> None:
    for name, imported in _imports("shanghai_qa"):
        for other in imported:
            if other.startswith("shanghai_qa.") and _module(other) != _module(name):
                assert _level(other) <= _level(name), f"{name} imports {other}"
                if _level(name) == _level("shanghai_qa.values"):
                    assert _module(other) in VALUES, f"{name} imports {other}"


def test_no_two_steps_import_each_other() -> None:
    graph: dict[str, set[str]] = {}
    for name, imported in _imports("shanghai_qa"):
        others = {_module(other) for other in imported if other.startswith("shanghai_qa.")}
        graph.setdefault(_module(name), set()).update(others - {_module(name)})

    def reach(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " imports ".join((*path, module))
        for other in sorted(graph.get(module, ())):
            reach(other, (*path, module))

    for module in graph:
        reach(module, ())


def _module(name: str) -> str:
    """The part of a dotted name that DESIGN gives a place: "web" of shanghai_qa.web.page."""
    return name.split(".")[1] if "." in name else "__init__"


def _level(name: str) -> int:
    """3 for doors, 2 for the assistant, 1 for steps, 0 for values."""
    module = _module(name)
    return 3 if module in DOORS else 2 if module == "assistant" else 0 if module in VALUES else 1


@cache
def _imports(package: str) -> list[tuple[str, frozenset[str]]]:
    """Each module of a package with what it imports anywhere in it, but for types alone, in dotted names."""
    found = []
    for path in sorted(PACKAGES[package].rglob("*.py")):
        parts = (package, *path.relative_to(PACKAGES[package]).with_suffix("").parts)
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if name != "shanghai_qa":  # the public names of the package are a door of their own
            found.append((name, frozenset(_imported(ast.parse(path.read_text(encoding="utf-8"))))))
    return found


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports name the whole way"
        assert node.module
        yield node.module
        if node.module in ("shanghai_qa", "shanghai_qa.web"):
            yield from (f"{node.module}.{alias.name}" for alias in node.names if alias.name[0].islower())
    for child in ast.iter_child_nodes(node):
        yield from _imported(child)


def _python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
