"""Builds one Python environment of the published ComputeHorde packages, once per recipe.

usage: environment.py FOLDER CONSTRAINTS STEP...
A step is one line of arguments for `pip install`, or `locked PROJECT`: what a uv.lock pins, but for what it takes from
git repositories and from folders beside it. FOLDER appears whole or not at all; who finds it there uses it.
Exits with 75 where the package registry cannot be reached, which is not the project's fault.
"""

import fcntl
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

UNREACHABLE = 75


def main(folder: Path, constraints: Path, steps: list[str]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    # The lock goes with this process, however it ends.
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists():
            return
        making = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
        try:
            build(making, constraints, steps)
            making.rename(folder)
        finally:
            shutil.rmtree(making, ignore_errors=True)


def build(making: Path, constraints: Path, steps: list[str]) -> None:
    run(sys.executable, "-m", "venv", str(making))
    python = str(making / "bin/python")
    # uv installs in seconds what takes pip a minute; getting it also shows whether there is a registry.
    got = run(python, "-m", "pip", "install", "--quiet", "--retries", "1", "uv", check=False)
    if got.returncode != 0 and "after connection broken by" in got.stderr:
        print("The Python package registry cannot be reached.", file=sys.stderr)
        sys.exit(UNREACHABLE)
    for step in steps:
        words = shlex.split(step)
        if words[0] == "locked":
            words = ["--no-deps", "--requirement", export(python, words[1], making / "locked.txt")]
        else:
            words = ["--constraint", str(constraints), *words]
        arguments = ["--quiet", *words]
        by_uv = run(python, "-m", "uv", "pip", "install", "--python", python, *arguments, check=False)
        if by_uv.returncode != 0:
            run(python, "-m", "pip", "install", *arguments)
    # A folder that is there has packages that can be imported; doing so writes into HOME.
    os.environ["HOME"] = str(making)
    if any("compute-horde" in step for step in steps):
        run(python, "-c", "import compute_horde.protocol_messages, compute_horde_sdk.v1")


def export(python: str, project: str, file: Path) -> str:
    pins = run(
        *(python, "-m", "uv", "export", "--project", project, "--frozen", "--no-dev", "--no-hashes", "--quiet")
    )
    file.write_text("".join(f"{pin}\n" for pin in pins.stdout.splitlines() if re.match(r"[\w.-]+==", pin)))
    return str(file)


def run(*command: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if check and done.returncode != 0:
        print(f"{shlex.join(command)} failed:\n{done.stdout}{done.stderr}", file=sys.stderr)
        sys.exit(1)
    return done


if __name__ == "__main__":
    os.environ.setdefault("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
