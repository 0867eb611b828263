"""One command for everything a contributor does: `python3 tools/dev.py test`, and so on; `--help` lists the verbs.

The first run makes `.venv` in the checkout and installs into it what its verb needs. Later runs start at once,
and install again only when a verb needs more, or a pyproject.toml, constraints.txt or the Python changed.

It runs before anything is installed, so it imports the standard library only. It also keeps to syntax that Python 3.7
reads, so that an old Python is told what is wrong instead of meeting a SyntaxError.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
CONSTRAINTS = ROOT / "constraints.txt"
OLDEST = (3, 11)
ON_WINDOWS = os.name == "nt"

BUILD_TOOLS = ("hatchling", "hatch-fancy-pypi-readme", "editables")
"""What builds our packages. Installed once, before them: a build environment for each takes far longer."""

DEMO_PLUGINS = ("amazon_mcf", "bdlinx", "commercehub", "mww", "shopify")
"""The folders under plugins/ of the services that the demo plays. It needs nothing of the others."""

EXTENTS = ("demo", "console", "all")
"""What is installed: for the demo, for its console on all integrations, or with the development tools."""

ROOM = 2 * 1024**3
"""Bytes of memory that tests may fill with their files: several times what they do."""

OFFLINE = (
    *("name resolution", "NameResolutionError", "getaddrinfo failed", "NewConnectionError", "Network is unreachable"),
    *("No route to host", "ConnectTimeoutError", "ProxyError", "Connection refused"),
)
"""Words in pip's output that mean: the package index was not reached."""

PAGES = ("sphinx-build", "-W", "--keep-going", "-q", "-b", "html", "-d", "build/doctrees", "docs", "build/docs")
"""What builds docs/ as pages; its warnings are errors."""

CONSTRAINTS_HEADER = """\
# The exact versions that development and CI install: name==version only, so that it holds for any package index.
# Written by `python3 tools/dev.py pin`, which takes the newest versions that pyproject.toml allows. Do not edit.
"""


class SetupError(Exception):
    """The environment cannot be made; the message says why and what to do."""


def say(text: str) -> None:
    """Show progress on stderr: stdout belongs to the command that runs."""
    print(f"dev.py: {text}", file=sys.stderr, flush=True)


def executable(venv: Path, name: str) -> Path:
    """The path of a program in a virtual environment, whether it exists or not."""
    return venv / "Scripts" / f"{name}.exe" if ON_WINDOWS else venv / "bin" / name


def projects() -> list[Path]:
    """The folders of all distributions in this checkout: the SDK, the devkit, then the plugins by name."""
    return [ROOT, ROOT / "devkit", *sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))]


def editables(extent: str) -> list[str]:
    """The arguments that make pip install, editable, distributions of this checkout; extent: one of EXTENTS."""
    sdk, devkit, *others = projects()
    extras = {"demo": "cli,rules", "console": "cli,rules,web", "all": "dev"}[extent]
    plugins = [ROOT / "plugins" / name for name in DEMO_PLUGINS] if extent == "demo" else others
    with_simulator = "" if extent == "all" else "[sandbox]"
    wanted = [f"{sdk}[{extras}]", str(devkit), *(f"{plugin}{with_simulator}" for plugin in plugins)]
    return [argument for project in wanted for argument in ("-e", project)]


# The environment ------------------------------------------------------------------------------------------------------


def wanted_stamp(extent: str) -> dict[str, str]:
    """What a current environment for one of EXTENTS is made from. The folder counts: if moved, its paths are wrong."""
    inputs = hashlib.sha256()
    for path in [*(folder / "pyproject.toml" for folder in projects()), CONSTRAINTS]:
        inputs.update(f"{path.relative_to(ROOT).as_posix()}\0".encode())
        inputs.update(path.read_bytes() if path.exists() else b"")
    python = "{}.{}.{}".format(*sys.version_info[:3])
    return {"extent": extent, "inputs": inputs.hexdigest(), "python": python, "root": str(ROOT)}


def written_stamp() -> dict[str, str] | None:
    """What `.venv` was made from; None where no installation ever ended well."""
    try:
        stamp = json.loads((VENV / "dev-stamp.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return stamp if isinstance(stamp, dict) else None


def ensure_environment(extent: str) -> None:
    """Leave `.venv` current, with what one of EXTENTS needs. Raises SetupError where that cannot be done."""
    found = written_stamp()
    installed = found["extent"] if found and found.get("extent") in EXTENTS else EXTENTS[0]
    extent = max(installed, extent, key=EXTENTS.index)  # What is installed stays current: the next verb may need it.
    wanted = wanted_stamp(extent)
    if found == wanted and executable(VENV, "python").exists():
        return
    unfinished = VENV / "dev-unfinished"
    reason = rebuild_reason(wanted, found, unfinished.exists())
    if reason:
        say(f"{reason}; this takes {'a minute' if extent == 'all' else 'a few seconds'}")
        make_venv(VENV)
    elif found and extent != installed:
        say(f"adding the other plugins{' and the development tools' * (extent == 'all')} to .venv; this takes a minute")
    else:
        say("pyproject.toml or constraints.txt changed; installing what is new")
    # A killed pip may leave half a package that looks installed. Only this mark tells: it goes when pip ends by itself.
    unfinished.touch()
    (VENV / "dev-stamp.json").unlink(missing_ok=True)
    try:
        install(VENV, extent, "-c", str(CONSTRAINTS))
    except SetupError:
        unfinished.unlink()
        raise
    (VENV / "dev-stamp.json").write_text(json.dumps(wanted), encoding="utf-8")
    unfinished.unlink()
    say("the environment is ready")


def rebuild_reason(wanted: dict[str, str], found: dict[str, str] | None, unfinished: bool) -> str | None:
    """Why `.venv` must be made from nothing; None where installing into it is enough."""
    if not VENV.exists():
        return "making .venv"
    if unfinished:
        return "the last set-up was interrupted; making .venv anew"
    if not can_start(executable(VENV, "python"), "-m", "pip", "--version"):
        return ".venv is broken; making it anew"
    if found and found["root"] != wanted["root"]:
        return f".venv was made at {found['root']}; making it anew"
    if found and found["python"] != wanted["python"]:
        return f".venv was made with Python {found['python']}, this is {wanted['python']}; making it anew"
    return None


def can_start(program: Path, *arguments: str) -> bool:
    """Whether a program can be started and ends well."""
    try:
        return subprocess.run([program, *arguments], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def make_venv(venv: Path) -> None:
    """Make an empty virtual environment at `venv`, in place of what is there. Raises SetupError."""
    hint = (
        "install the module for this Python (Debian and Ubuntu: apt install python3-venv) "
        "or run tools/dev.py with another Python"
    )
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        raise SetupError(f"{sys.executable} has no venv module; {hint}")
    made = captured(sys.executable, "-m", "venv", "--clear", venv)
    if made.returncode != 0:
        raise SetupError(f"{sys.executable} -m venv failed:\n{tail(made.stdout)}\nRemedy: {hint}")


def install(venv: Path, extent: str, *options: str) -> None:
    """Install the build tools, then the distributions that one of EXTENTS stands for. Raises SetupError."""
    pip(venv, "install", *options, *BUILD_TOOLS)
    pip(venv, "install", "--no-build-isolation", *options, *editables(extent))


def pip(venv: Path, *arguments: str) -> str:
    """Run pip in `venv`; gives its output. Raises SetupError with the end of it."""
    ran = captured(executable(venv, "python"), "-m", "pip", "--disable-pip-version-check", *arguments)
    if ran.returncode != 0:
        shown = " ".join(["pip", *arguments]).replace(str(ROOT), ".")
        raise SetupError(f"{shown} failed:\n{tail(ran.stdout)}\nRemedy: {hint_for(ran.stdout)}")
    return ran.stdout


def captured(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """What a command that ran in the checkout wrote, errors among it, and its exit code."""
    out, both = subprocess.PIPE, subprocess.STDOUT
    return subprocess.run(command, check=False, cwd=ROOT, encoding="utf-8", errors="replace", stdout=out, stderr=both)


def tail(output: str, lines: int = 20) -> str:
    """The last lines of a program's output, indented."""
    return "\n".join(f"    {line}" for line in output.rstrip().splitlines()[-lines:])


def hint_for(output: str) -> str:
    """What to do about a failed pip, by what it said."""
    if any(word in output for word in OFFLINE):
        return (
            "pip reached no package index. Go online, or name an index you can reach in PIP_INDEX_URL or a folder of "
            "wheels in PIP_FIND_LINKS; then run the same command again"
        )
    if "No space left" in output:
        return "make room on the disk, then run the same command again"
    if "ResolutionImpossible" in output or "No matching distribution" in output:
        return (
            "a pyproject.toml asks for what constraints.txt or the package index does not have. After a change of "
            "dependencies run `python3 tools/dev.py pin`; otherwise see whether you are online and which index pip uses"
        )
    return "read pip's words above, mend it and run the same command again; .venv may be deleted at any time"


# The verbs ------------------------------------------------------------------------------------------------------------


def run(program: str, *arguments: str, **variables: str) -> int:
    """Run a program of `.venv` in the checkout, at the person's terminal; gives its exit code.

    variables: of its environment, beside those of this process. Raises KeyboardInterrupt after Control-C, but lets the
    program end by itself first: pytest has a summary to print.
    """
    interrupts = []
    # MYPYPATH makes the sources of every plugin a root for mypy, which pyproject.toml cannot do with a glob.
    # So are those of the plugins that only tests install.
    roots = [*projects()[1:], *sorted(path.parent for path in ROOT.glob("tests/distributions/*/pyproject.toml"))]
    sources = os.pathsep.join(str(folder / "src") for folder in roots)
    environment = {**os.environ, "MYPYPATH": sources, **variables}
    before = signal.signal(signal.SIGINT, lambda *_: interrupts.append(True))
    try:
        code = subprocess.run(
            [executable(VENV, program), *arguments], check=False, cwd=ROOT, env=environment
        ).returncode
    finally:
        signal.signal(signal.SIGINT, before)
    if interrupts:
        raise KeyboardInterrupt
    return code if code >= 0 else 128 - code


def demo(extra: list[str]) -> int:
    """Cancel orders at five simulated services, before your eyes; --serve: a shop to look at in the console."""
    return run("orderdesk", "demo", *extra)


def test(extra: list[str]) -> int:
    """Run all tests, or --fast: those that take no time, on every processor; arguments go to pytest: test -k cancel."""
    arguments = [argument for argument in extra if argument != "--fast"]
    if not arguments:
        waiting = "--fast" not in extra  # Slow tests wait for timeouts and dying processes; another one runs then.
        arguments = ["-n", str(processors() + waiting), "--dist", "worksteal"]
    if "--fast" in extra:
        arguments += ["-m", "not slow and not crash"]
    with temporary_files() as variables:
        # Hundreds of tests start a Python of their own, which would compile everything anew without its bytecode.
        return run("python", "-m", "pytest", *arguments, PYTHONDONTWRITEBYTECODE="", **variables)


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def temporary_files() -> Iterator[dict[str, str]]:
    """Where tests write: in memory, if this system has room for it; gives the variables that say so, and tidies up.

    They make thousands of databases, and would wait for the disk at each commit. What a test kills is a process: what
    that has written is there afterwards, on a disk or in memory.
    """
    memory = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there
    if "TMPDIR" in os.environ or not os.access(memory, os.W_OK) or shutil.disk_usage(memory).free < ROOM:
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="orderdesk-test-", dir=memory, ignore_cleanup_errors=True) as folder:
        yield {"TMPDIR": folder}


def lint(extra: list[str]) -> int:
    """Run every check, or those named: lint ruff format mypy imports docs pages."""
    checks = {
        "ruff": ("ruff", "check", "."),
        "format": ("ruff", "format", "--check", "."),
        "mypy": ("mypy",),
        "imports": ("lint-imports", "--no-logo"),
        "docs": ("python", "-m", "docs.generate", "--check"),
        "pages": PAGES,
    }
    unknown = [name for name in extra if name not in checks]
    if unknown:
        say(f"lint knows no {', '.join(unknown)}; it knows {', '.join(checks)}")
        return 2
    failed = []
    for name in extra or checks:
        say(" ".join(checks[name]))
        if run(*checks[name]) != 0:
            failed.append(name)
    if failed:
        say(f"lint failed: {', '.join(failed)}")
        return 1
    return 0


def bench(extra: list[str]) -> int:
    """Measure; arguments go to bench."""
    return run("python", "-m", "bench", *extra)


def mutants(extra: list[str]) -> int:
    """Measure the conformance suite by mutants: [SLUG ...] [--jobs N]; they become docs/reference/mutation.md."""
    with temporary_files() as variables:
        return run("python", "-m", "docs", *extra, **variables)


def docs(extra: list[str]) -> int:
    """Write the generated pages and build docs/ into build/docs; --check only compares."""
    code = run("python", "-m", "docs.generate", *extra)
    return code if extra or code else run(*PAGES)


def record(extra: list[str]) -> int:
    """Record again: a plugin's cassettes (amazon-mcf [--live]), or the docs' pictures of the console (console)."""
    if extra == ["console"]:
        return run("python", "-m", "pytest", "-q", "tests/browser/test_pictures.py", ORDERDESK_PICTURES="yes")
    return run("python", "-m", "orderdesk_devkit.testing.record", *extra)


def build(extra: list[str]) -> int:
    """Build the wheels and sdists of all distributions into dist/, or into the folder that is named."""
    return run("python", str(ROOT / "tools" / "distributions.py"), *extra)


def pin(extra: list[str]) -> int:
    """Write constraints.txt from a clean installation of the newest versions."""
    if extra:
        say(f"pin takes no arguments, but got {' '.join(extra)}")
        return 2
    if sys.version_info[:2] != OLDEST:
        say("pin with Python {}.{}, the oldest supported: newer versions may not run there".format(*OLDEST))
        return 2
    with tempfile.TemporaryDirectory(prefix="orderdesk-pin-") as folder:
        venv = Path(folder) / "venv"
        say("installing the newest versions into a clean environment; this takes a minute")
        make_venv(venv)
        install(venv, "all")
        frozen = pip(venv, "freeze", "--exclude-editable").splitlines()
    strange = [line for line in frozen if "==" not in line or "://" in line]
    if strange:
        raise SetupError("pip freeze names more than versions, so nothing was written:\n" + tail("\n".join(strange)))
    CONSTRAINTS.write_text(CONSTRAINTS_HEADER + "\n".join(frozen) + "\n", encoding="utf-8")
    say(f"constraints.txt holds {len(frozen)} versions; read the difference, then run the tests")
    return 0


VERBS = {verb.__name__: verb for verb in (demo, test, lint, bench, mutants, docs, record, build, pin)}


def main(arguments: list[str]) -> int:
    """Run one verb; gives the exit code of what it ran, 1 where the environment cannot be made."""
    if sys.version_info < OLDEST:
        say(
            "this is Python {}.{} ({}); orderdesk_sdk needs {}.{} or newer. Run this with a newer one, "
            "for example: python{}.{} tools/dev.py".format(*sys.version_info[:2], sys.executable, *OLDEST, *OLDEST)
        )
        return 1
    verbs = "\n".join(f"  {name:8}{verb.__doc__}" for name, verb in VERBS.items())
    parser = argparse.ArgumentParser(
        prog="tools/dev.py",
        description="Run a task of this checkout, after setting up .venv where needed.",
        epilog=f"verbs:\n{verbs}\n\nWhat follows the verb is passed on.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("verb", choices=VERBS, metavar="VERB", help="one of the verbs below")
    parser.add_argument("extra", nargs=argparse.REMAINDER, metavar="...", help="arguments of the verb")
    if not arguments:
        parser.print_help(sys.stderr)
        return 2
    asked = parser.parse_args(arguments)
    try:
        if asked.verb != "pin":
            ensure_environment(EXTENTS["--serve" in asked.extra] if asked.verb == "demo" else "all")
        return VERBS[asked.verb](asked.extra)
    except SetupError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("interrupted")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
