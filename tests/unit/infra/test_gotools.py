"""Programs from Go modules: which Go builds them, what decides a build, and what is left when one breaks off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from infra import gotools
from infra.gotools import Files, Module, NoGoError, Tool, ToolError, cache, go

# Stands in for Go: says its version, "compiles" by writing the command line, "downloads" a module with two files.
GO = """
case "$1" in
  env) echo go1.26.8;;
  build) while [ "$1" != -o ]; do case "$1" in *broken*) exit 1;; esac; words="$words $1"; shift; done
         case "$3" in *broken*) echo "no such package" >&2; exit 1;; esac
         echo "$words $3" > "$2";;
  mod) mkdir -p "$SHIPPED/stages"; echo one > "$SHIPPED/script"; echo two > "$SHIPPED/stages/a.yaml"
       chmod 444 "$SHIPPED/script"; echo "{\\"Dir\\": \\"$SHIPPED\\"}";;
esac
"""


def executable(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of its own, and a Go that only says what it is asked."""
    executable(tmp_path / "go" / "go", GO)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("SHIPPED", str(tmp_path / "shipped"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'go'}:/bin:/usr/bin")


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    wrapper = tmp_path / "wrapper"
    wrapper.mkdir()
    (wrapper / "go.mod").write_text("module costate.invalid/t\n\ngo 1.26\n")
    (wrapper / "go.sum").write_text("")
    module = Module(wrapper, {"hello": "example.org/cmd/hello"}, "a minute", "-X a.b=c", ("no_x", "no_y"))
    files = Files("example.org/m@v1.0.0", {"script": "bin/script", "stages": "stages"})
    return Tool(name="hello", version="1.2.3", modules=(module,), files=(files,))


def test_a_tool_is_built_once_with_its_flags_tags_and_files(tool: Tool) -> None:
    found = gotools.programs(tool)
    line = (found / "hello").read_text()
    for words in ("-mod=readonly", "-ldflags -s -w -X a.b=c", "-tags no_x,no_y", "example.org/cmd/hello"):
        assert words in line
    assert (found / "script").stat().st_mode & 0o111
    assert (gotools.folder(tool) / "stages" / "a.yaml").read_text() == "two\n"
    (found / "hello").write_text("the first build")
    assert (gotools.programs(tool) / "hello").read_text() == "the first build"


def test_another_recipe_is_another_build(tool: Tool) -> None:
    first = gotools.folder(tool)
    module = tool.modules[0]
    (module.folder / "go.sum").write_text("example.org/m v1.0.1 h1:abc\n")
    second = gotools.folder(tool)
    third = gotools.folder(replace(tool, modules=(replace(module, tags=("other",)),)))
    assert len({first, second, third}) == 3
    assert all(one.name.startswith("1.2.3-") for one in (first, second, third))


def test_a_build_that_fails_leaves_nothing_and_tells_the_commands_words(tool: Tool) -> None:
    broken = replace(tool, modules=(replace(tool.modules[0], programs={"hello": "example.org/broken"}),))
    with pytest.raises(ToolError, match="hello could not be built: no such package"):
        gotools.programs(broken)
    assert [one.name for one in cache.cache("hello").iterdir()] == ["lock"]


@pytest.mark.parametrize(("version", "taken"), [("go1.26.3", True), ("go1.19", False), ("devel", False)])
def test_a_go_older_than_the_modules_need_is_left_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: Tool, version: str, taken: bool
) -> None:
    executable(tmp_path / "go" / "go", f"echo {version}")
    asked: list[list[str]] = []
    run = go.run

    def pip_answers(command: list[str], folder: Path, failure: str) -> str:
        asked.append(command)
        return "" if "pip" in command else run(command, folder, failure)

    monkeypatch.setattr(go, "run", pip_answers)
    wrappers = [module.folder for module in tool.modules]
    assert (go.find(tmp_path, wrappers) == str(tmp_path / "go" / "go")) is taken
    assert any("pip" in command for command in asked) is not taken


def test_where_go_is_missing_and_cannot_be_installed_that_is_what_is_said(
    monkeypatch: pytest.MonkeyPatch, tool: Tool
) -> None:
    def no_registry(command: list[str], folder: Path, failure: str) -> str:
        raise ToolError(f"{failure}: no registry")

    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(go, "run", no_registry)
    with pytest.raises(NoGoError, match="Go could not be installed: no registry"):
        gotools.programs(tool)


def test_a_failed_command_shows_the_end_of_its_output(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="pulumi could not be built: missing module"):
        go.run(["/bin/sh", "-c", "echo missing module >&2; exit 1"], tmp_path, "pulumi could not be built")


def test_every_wrapper_module_of_the_tests_is_whole() -> None:
    folders = [one.parent for one in Path(__file__).parents[2].glob("tools/modules/*/go.mod")]
    assert folders
    for folder in folders:
        assert (folder / "go.sum").stat().st_size > 0, folder
        assert (folder / "go.mod").read_text().startswith("module costate.invalid/"), folder
