"""docs/writing-a-connector.md, followed word for word in an environment of its own."""

import importlib
import os
import re
import site
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "writing-a-connector.md").read_text(encoding="utf-8")
BLOCK = re.compile(
    r"(?:^(Add to |Below `[^`\n]+` in )?`([^`\n]+)`\n\n)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
NO_INDEX = re.compile(r"No matching distribution found|Could not find a version|Failed to establish|connection broken")
SHARED = {"deskaudit", "pybabel"}


class Reader:
    """Somebody who does what the page says."""

    def __init__(self, folder: Path) -> None:
        self.here = folder
        self.said = ""
        self._state = folder / "state"
        self._env = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("DESKAUDIT_", "VIRTUAL_ENV", "PYTEST_", "PYTHON"))
        } | {
            "PATH": f"{Path(sys._base_executable).parent}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(folder),
            "PIP_CACHE_DIR": str(Path.home() / ".cache" / "pip"),
            "LANG": "C.UTF-8",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        }

    def write(self, name: str, text: str, *, where: str) -> None:
        """`where`: "" for a new file, "Add to " for its end, "Below `LINE` in " for the place under a line."""
        file = self.here / name
        file.parent.mkdir(parents=True, exist_ok=True)
        assert file.exists() is bool(where), f"{name}: the page writes a file twice, or adds to none"
        before = file.read_text(encoding="utf-8") if where else ""
        line = where.removeprefix("Below `").removesuffix("` in ") + "\n" if where.startswith("Below") else ""
        assert before.count(line) == 1 or not line, f"{name}: the page names no single line: {line}"
        head, found, tail = before.partition(line) if line else (before + "\n" * bool(where), "", "")
        file.write_text(head + found + text + tail, encoding="utf-8")

    def run(self, commands: str) -> None:
        """Runs a block in one shell; folder, environment and exported variables are those that the block before left."""
        words = f". {self._state}; " if self._state.exists() else ""
        keep = f'{{ echo "cd $PWD"; export -p; }} > {self._state}'
        done = subprocess.run(
            ["bash", "-c", f"set -e; {words}\nset -x\n{commands}\n{{ set +x; }} 2>/dev/null\n{keep}"],
            cwd=self.here, env=self._env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=400, check=False,
        )  # fmt: skip
        self.said = done.stdout
        if done.returncode and "pip install" in commands and NO_INDEX.search(self.said) and not os.environ.get("CI"):
            pytest.skip(f"pip has no package index here: {self.said[-200:]}")
        assert done.returncode == 0, f"{commands}\n{self.said[-3000:]}"
        self.here = Path(self._state.read_text().splitlines()[0].removeprefix("cd "))
        self._share()

    def _share(self) -> None:
        """Lets the page's environment see what this one has: deskaudit from this tree, with all that it needs."""
        for folder in self.here.glob("venv/lib/python*/site-packages"):
            lines = [f"import site; site.addsitedir({place!r})" for place in site.getsitepackages()]
            (folder / "shared.pth").write_text("\n".join(lines) + "\n")
        for point in entry_points(group="console_scripts"):
            command = self.here / "venv" / "bin" / point.name
            if point.name in SHARED and not command.exists():  # pip finds the package installed, and makes none
                command.write_text(
                    f"#!{command.with_name('python')}\nfrom {point.module} import {point.attr}\n{point.attr}()\n"
                )
                command.chmod(0o755)


def blocks():
    return [match.groups() for match in BLOCK.finditer(PAGE)]


def test_every_block_is_one_that_is_followed():
    assert PAGE.count("```") == 2 * len(blocks())
    for _where, name, kind, _text in blocks():
        assert (name is None) is (kind in {"sh", "text"}), (name, kind)


def test_the_page_is_followed_from_nothing_to_a_wheel(tmp_path):
    reader = Reader(tmp_path)
    for where, name, kind, text in blocks():
        if kind == "sh":
            reader.run(text)
        elif kind == "text":
            for line in text.splitlines():
                assert " ".join(line.split()) in " ".join(reader.said.split()), (
                    f"the page shows {line!r}, and this was said:\n{reader.said[-3000:]}"
                )
        else:
            reader.write(name, text, where=where or "")
    assert "failed" not in reader.said


@pytest.mark.parametrize("name", re.findall(r"`(deskaudit(?:\.[a-z_]+)+\.\w+)`", PAGE))
def test_what_the_page_names_is_there(name):
    module, _dot, word = name.rpartition(".")
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError:
        pytest.fail(f"{module} is no module")
    assert hasattr(found, word)
