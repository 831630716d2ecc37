"""What holds for the tree as a whole: arrows, locks, nothing of one machine, quick starts, two READMEs that agree."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("geopandas", "pandas", "pyarrow", "rasterio", "numba", "pyogrio", "folium", "fastapi", "sqlalchemy")


def _run(*command: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*command], cwd=cwd, capture_output=True, text=True, check=False, timeout=120)


def _python(code: str) -> str:
    done = _run(sys.executable, "-c", code)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_rooms_import_along_the_arrows() -> None:
    done = _run(str(Path(sys.executable).with_name("lint-imports")), "--no-cache")
    assert done.returncode == 0, done.stdout


def test_nothing_that_must_not_be_committed() -> None:
    done = _run(sys.executable, "scripts/check_tree.py")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("name", "line", "said"),
    [
        ("a.md", "see ht" + "tps://py" + "pi.org/simple", "registry host"),
        ("b.py", 'DATA = "/ro' + 'ot/data"', "path of a machine"),
        ("requirements.lock", "numpy>=2", "not an exact version"),
        ("requirements.lock", "numpy==2.4.6", "not an exact version"),
        ("requirements.lock", "--find-links elsewhere", "not an exact version"),
        ("long.py", "pass\n" * 600, "601 lines"),
    ],
)
def test_the_tree_check_sees_each_of_them(tmp_path: Path, name: str, line: str, said: str) -> None:
    assert _run("git", "init", "-q", cwd=tmp_path).returncode == 0
    (tmp_path / name).write_text(line + "\n")
    done = _run(sys.executable, str(ROOT / "scripts" / "check_tree.py"), str(tmp_path))
    assert done.returncode == 1
    assert said in done.stdout


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_locks_hold_every_direct_dependency(name: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = list(project["project"]["dependencies"])
    groups = ("build", "test", "lint") if "dev" in name else ("build",)
    for group in groups:
        wanted += project["dependency-groups"][group]
    locked = {_plain(line) for line in (ROOT / name).read_text().splitlines() if "==" in line}
    assert {_plain(entry) for entry in wanted} <= locked


def _plain(requirement: str) -> str:
    name = re.match(r"[A-Za-z0-9._-]+", requirement.strip())
    assert name, requirement
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def test_help_starts_without_the_heavy_libraries() -> None:
    loaded = _python(
        "import sys\n"
        "sys.argv = ['huodian', '--help']\n"
        "from service.cli.app import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('LOADED', *sorted({name.partition('.')[0] for name in sys.modules}))\n"
    ).rpartition("LOADED ")[2]
    assert not set(loaded.split()) & set(HEAVY)


def test_settings_are_not_read_at_import() -> None:
    _python("import os; os.environ['HUODIAN_CUT'] = 'nonsense'; import service.settings, service.cli.app")


def _commands(name: str) -> list[str]:
    """Return the command lines in the code blocks of a README."""
    text = (ROOT / name).read_text(encoding="utf-8")
    blocks = re.findall(r"```(?:sh|console)\n(.*?)```", text, flags=re.DOTALL)
    lines = "".join(blocks).splitlines()
    return [line.partition(" #")[0].strip() for line in lines if line.strip() and not line.startswith("#")]


def test_both_readmes_name_the_same_commands() -> None:
    english, chinese = _commands("README.md"), _commands("README.zh-CN.md")
    assert english == chinese
    assert "make demo" in english
    assert "make test" in english


def test_every_command_of_the_readme_exists() -> None:
    targets = _run("make", "-C", str(ROOT), "help").stdout
    made = {line.split()[1] for line in targets.splitlines() if line.startswith("  make ")}
    helps: dict[str, str] = {}
    for line in _commands("README.md"):
        words = line.split()
        if words[0] == "make":
            assert words[1] in made, line
        elif words[0] == "huodian":
            verb = words[1]
            if verb not in helps:
                start = "from service.cli.app import main; main()"
                helps[verb] = _run(sys.executable, "-c", start, verb, "--help").stdout
            assert "Usage" in helps[verb], line


def test_pictures_of_the_readme_exist() -> None:
    for name in ("README.md", "README.zh-CN.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(((?!http)[^)#]+)\)", text):
            assert (ROOT / target).exists(), f"{name} points to {target}"


def test_ci_runs_lint_then_tests() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    assert script.index("make lint") < script.index("make test")
    assert _run("bash", "-n", ".ci/run").returncode == 0


@pytest.mark.parametrize("script", ["scripts/venv.sh", "scripts/components.sh", "docker/entrypoint.sh"])
def test_shell_scripts_parse(script: str) -> None:
    shell = "sh" if "entrypoint" in script else "bash"
    assert _run(shell, "-n", script).returncode == 0


def test_an_old_python_is_refused_with_the_next_step(tmp_path: Path) -> None:
    """With no Python on the path that is new enough, the script says what to install."""
    for tool in ("bash", "env"):
        (tmp_path / tool).symlink_to(str(shutil.which(tool)))
    (tmp_path / "cat").symlink_to(str(shutil.which("cat")))
    done = subprocess.run(
        [str(tmp_path / "bash"), str(ROOT / "scripts" / "venv.sh"), str(tmp_path / "venv")],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "python3-venv" in done.stderr


def test_compose_keeps_secrets_out_and_the_port_on_loopback() -> None:
    compose = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text())
    services = compose["services"]
    assert set(services) == {"app", "store"}
    assert all(port.startswith("127.0.0.1:") for port in services["app"]["ports"])
    for service in services.values():
        assert service["env_file"] == "huodian.env"
        assert not any("PASSWORD" in key for key in service.get("environment", {}))
    example = (ROOT / "docker" / "huodian.env.example").read_text()
    assert "POSTGRES_PASSWORD=change-me" in example
    assert "docker/huodian.env" in (ROOT / ".gitignore").read_text().splitlines()
