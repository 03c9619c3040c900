"""The rules that keep the house in order: who may import whom, and that data is never executed."""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.serving import ROOT

SERVING = sorted([*ROOT.glob("model/**/*.py"), *ROOT.glob("interface/**/*.py"), *ROOT.glob("app.py")])
ALL = sorted([*SERVING, *ROOT.glob("train/**/*.py"), *ROOT.glob("examples/**/*.py"), ROOT / "vistazo.py"])
TRAINING_ONLY = {"train", "tensorflow", "keras", "tf_keras", "torch", "jax", "sklearn", "scipy", "matplotlib"}
EXECUTING = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "h5py", "runpy"}
EXECUTING_CALLS = {"eval", "exec", "compile", "__import__"}
# What a module may do when it is imported: define things, and nothing that can be noticed elsewhere.
DEFINITIONS = (
    ast.Import,
    ast.ImportFrom,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Assign,
    ast.AnnAssign,
)


# Who may import whom, the lowest layer first. A file or folder imports from lower layers only, and no two files import
# each other, directly or by way of others. A name that is missing here fails the test.
LAYERS: dict[str, list[set[str]]] = {
    "model": [
        {"errors", "command_names", "packages", "parser", "program"},
        {"labels", "limits", "system_memory", "cores", "other_models", "folder_walk"},
        {"image_file", "statistics", "presentation"},
        {"preprocessing"},
        {"bundle"},
        {"verdict", "hub"},
        {"classifier"},
        {"video", "grad_cam", "localization", "loading"},
        {"sandbox"},
        {"bulk"},
        {"commands"},
        {"__main__"},
    ],
    "train": [
        {"settings", "metrics", "report", "resource_errors"},
        {"data", "recipes", "search_space"},
        {"network"},
        {"trainer", "export", "findings", "label_errors", "input_selection", "shared_study", "site"},
        {"publish", "convert", "evaluate", "trained_model"},
        {"fit", "check", "compare", "explain", "tune"},
        {"commands"},
        {"__main__"},
    ],
    "interface": [
        {"i18n", "rendering", "label_colours"},
        {"header", "confidence"},
        {"server"},
        {"tabs"},
        {"theme", "waiting_page", "deep_links", "examples"},
        {"page"},
    ],
}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported(tree: ast.AST) -> set[str]:
    """Top-level names of everything imported anywhere in a file, inside functions as well."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def modules_imported(path: Path) -> set[str]:
    """Dotted names of the project's own modules that a file imports, inside functions as well."""
    names = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                inner = ROOT.joinpath(*node.module.split("."), alias.name)
                is_module = inner.is_dir() or inner.with_suffix(".py").is_file()
                names.add(f"{node.module}.{alias.name}" if is_module else node.module)
    return {name for name in names if name.split(".")[0] in LAYERS}


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_tests_import_nothing_from_other_test_files() -> None:
    borrowers = set()
    for path in ROOT.glob("tests/**/*.py"):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("tests."):
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
                borrowers |= {
                    name_of(path)
                    for name in names
                    if (ROOT / f"{name.replace('.', '/')}.py").is_file() and name.rpartition(".")[2].startswith("test_")
                }
    assert borrowers == set()


def test_there_are_files_to_look_at() -> None:
    assert {"model/classifier.py", "model/preprocessing.py"} <= {name_of(path) for path in SERVING}


@pytest.mark.parametrize("path", SERVING, ids=name_of)
def test_serving_never_imports_training_or_what_only_training_needs(path: Path) -> None:
    assert imported(parsed(path)) & TRAINING_ONLY == set()


@pytest.mark.parametrize("path", [p for p in SERVING if p.relative_to(ROOT).parts[0] == "model"], ids=name_of)
def test_the_model_knows_nothing_of_the_interface(path: Path) -> None:
    assert imported(parsed(path)) & {"interface", "app", "gradio", "examples"} == set()


@pytest.mark.parametrize("path", [p for p in ALL if p.relative_to(ROOT).parts[0] == "train"], ids=name_of)
def test_training_knows_nothing_of_the_interface_or_the_examples(path: Path) -> None:
    assert imported(parsed(path)) & {"interface", "app", "gradio", "examples"} == set()


LAYERED = [p for p in ALL if p.relative_to(ROOT).parts[0] in LAYERS and p.name != "__init__.py"]


@pytest.mark.parametrize("path", LAYERED, ids=name_of)
def test_imports_run_from_higher_layers_to_lower_ones(path: Path) -> None:
    top, own = module_of(path).split(".")[:2]
    height = {name: number for number, layer in enumerate(LAYERS[top]) for name in layer}
    assert own in height, f"“{own}” has no layer: add it to LAYERS."
    for name in modules_imported(path):
        other_top, _, rest = name.partition(".")
        other = rest.partition(".")[0]
        if other_top == top and other and other != own:
            assert height[other] < height[own], f"{module_of(path)} imports {name}"


@pytest.mark.parametrize("top", LAYERS)
def test_no_files_import_each_other(top: str) -> None:
    files = [path for path in LAYERED if path.relative_to(ROOT).parts[0] == top]
    known = {module_of(path) for path in files}
    graph = {module_of(path): modules_imported(path) & known for path in files}
    tuple(graphlib.TopologicalSorter(graph).static_order())  # raises CycleError, which names the cycle


@pytest.mark.parametrize("top", LAYERS)
def test_every_layer_has_files(top: str) -> None:
    there = {module_of(path).split(".")[1] for path in LAYERED if path.relative_to(ROOT).parts[0] == top}
    assert there == set().union(*LAYERS[top])


@pytest.mark.parametrize("path", SERVING, ids=name_of)
def test_serving_never_executes_data(path: Path) -> None:
    tree = parsed(path)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    keywords = {(k.arg, getattr(k.value, "value", None)) for call in calls for k in call.keywords}

    assert imported(tree) & EXECUTING == set()
    assert {call.func.id for call in calls if isinstance(call.func, ast.Name)} & EXECUTING_CALLS == set()
    assert ("allow_pickle", True) not in keywords
    assert ("shell", True) not in keywords
    assert "load_model" not in {call.func.attr for call in calls if isinstance(call.func, ast.Attribute)}


# Programs, which are run and never imported.
PROGRAMS = {"__main__.py", "app.py", "vistazo.py", "client.py"}


@pytest.mark.parametrize("path", [p for p in ALL if p.name not in PROGRAMS], ids=name_of)
def test_importing_a_module_only_defines_things(path: Path) -> None:
    for node in parsed(path).body:
        documentation = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        for_checkers = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        assert documentation or for_checkers or isinstance(node, DEFINITIONS), ast.unparse(node)


def test_serving_starts_without_tensorflow_in_the_process() -> None:
    code = "import sys, model.__main__, model.hub.resolve; print(sorted({n.split('.')[0] for n in sys.modules}))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    loaded = set(ast.literal_eval(result.stdout))

    assert "ai_edge_litert" in loaded
    assert loaded & (TRAINING_ONLY | {"gradio"}) == set()
    assert result.stderr == ""


def test_data_that_cannot_be_used_is_refused_without_starting_tensorflow(tmp_path: Path) -> None:
    (tmp_path / "data" / "cat").mkdir(parents=True)
    code = """
import sys
from train.__main__ import main
data, out = sys.argv[1:]
commands = (["check", data], ["fit", data, "--out", out], ["tune", data, "--trials", "1", "--out", out])
statuses = [main(command) for command in commands]
print(statuses, "tensorflow" in sys.modules, "keras" in sys.modules)
"""
    arguments = [sys.executable, "-c", code, str(tmp_path / "data"), str(tmp_path / "out")]
    result = subprocess.run(arguments, capture_output=True, text=True, cwd=ROOT, check=True)

    assert result.stdout.splitlines()[-1] == "[1, 2, 2] False False"
    assert result.stderr.count("The class folders of") == 2


def test_a_typing_mistake_in_train_is_answered_without_starting_tensorflow() -> None:
    code = """
import sys
from train.__main__ import main
status = main(["fit", "nowhere", "--out", "nothing", "--epochs", "0"])
print(status, "tensorflow" in sys.modules, "keras" in sys.modules)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)

    assert result.stdout == "2 False False\n"
    assert result.stderr == "error: --epochs should be between 1 and 100000. Received: 0.\n"
