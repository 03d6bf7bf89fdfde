"""The package as it is installed: types, examples, and nothing that it must not need."""

from __future__ import annotations

import doctest
import importlib
import importlib.metadata
import pkgutil
import subprocess
import sys
from pathlib import Path

import avocet
from conftest import ROOT

FOLDER = Path(avocet.__file__).parent
SOURCES = ROOT / "python" / "avocet"
MODULES = [module.name for module in pkgutil.iter_modules([str(FOLDER)])]


def test_types_are_complete() -> None:
    assert (FOLDER / "py.typed").exists()
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", str(SOURCES)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_stub_names_what_the_extension_has() -> None:
    from avocet import _engine

    stub = (FOLDER / "_engine.pyi").read_text()
    for name in dir(_engine):
        if not name.startswith("__"):
            assert f"def {name}(" in stub or f"class {name}" in stub, name


def test_examples_in_the_documentation_of_functions() -> None:
    for name in ["avocet", *(f"avocet.{module}" for module in MODULES if module != "_engine")]:
        module = importlib.import_module(name)
        assert doctest.testmod(module).failed == 0, name


def test_the_extension_needs_no_broker_no_server_and_no_rust() -> None:
    (library,) = FOLDER.glob("_engine*.so")
    needed = subprocess.run(["ldd", library], check=True, capture_output=True, text=True).stdout
    for name in ("rdkafka", "curl", "ssl", "sqlite", "boost", "not found"):
        assert name not in needed, needed
    assert avocet.__version__.count(".") == 2


def test_the_terms_of_what_is_compiled_in_come_along() -> None:
    terms = {
        path.name: path.read_text().split()
        for path in (importlib.metadata.files("avocet") or [])
        if path.parent.name == "licenses"
    }
    # A wheel that is given away has those of its libraries, too.
    assert set(terms) >= {"LICENSE", "nanobind.txt", "robin_map.txt"}
    assert "Wenzel" in terms["nanobind.txt"]
    assert "Goetghebuer-Planchon" in terms["robin_map.txt"] and "WARRANTY" in terms["robin_map.txt"]


def test_importing_imports_no_other_package() -> None:
    code = "import avocet, sys; print(*{'pyarrow', 'pandas', 'polars', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == ""
