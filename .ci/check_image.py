#!/usr/bin/env python3
"""Check the steps of the Dockerfile without Docker: ``.venv/bin/python .ci/check_image.py``.

Each stage is this machine's own file system under an overlay of its own, in which the stage's
commands run, with nothing of the repository but what the Dockerfile copies and .dockerignore lets
through. The last stage is then made read-only, and the bot runs in it as the image's user, without
any capability, against the stand-in for Discord: the health check must say that it is well, a song
must be answered, and the bot must stop in time.

Needs Linux, root, and the packages of the tests. Exit codes: 0 all that could be checked is well
(what could not be is named), 1 something is not.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.discord_double import DiscordDouble

ROOT = Path(__file__).resolve().parents[1]
INSIDE = "MOODIFY_CHECKING_IMAGE"
GRACE = 30.0
"""Seconds that Docker is told to wait, in README.md and compose.yaml."""
START = 60.0
"""Seconds of the health check's start period."""
NOT_CHECKED = (
    "python:3.12-slim: this machine and its Python {version} stand in for it, so what that image "
    "lacks and this machine has (shared libraries, programs) is not missed",
    "Docker's own part: layers and their cache, labels, volumes, when the health check is run and "
    "what is made of it, seccomp, limits of memory and processes",
    "compose.yaml: its networks, PostgreSQL in a container and the workers (its form is tested)",
)


class Unwell(Exception):
    """Something is not as it must be; the text says what."""


@dataclass(frozen=True)
class Instruction:
    """One instruction of a Dockerfile: its name in capitals, and the rest of its lines."""

    name: str
    value: str

    @property
    def words(self) -> list[str]:
        """The value as a list: JSON, or as a shell would split it."""
        return json.loads(self.value) if self.value.startswith("[") else shlex.split(self.value)


@dataclass
class Stage:
    """A stage that is being built."""

    root: Path
    folder: str = "/"
    user: str = "root"
    environment: dict[str, str] = field(default_factory=dict)
    volumes: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)

    def path(self, inside: str) -> Path:
        """Return where a path of the stage is on this machine."""
        return self.root / os.path.join(self.folder, inside).lstrip("/")

    def arguments(self, command: Sequence[str]) -> list[str]:
        """Return what runs a command in the stage, as its user, in its folder."""
        change = f"cd {shlex.quote(self.folder)} && exec {shlex.join(command)}"
        user = ["--userspec", f"{self.user}:{self.user}"] if self.user != "root" else []
        return ["chroot", *user, str(self.root), "/bin/sh", "-c", change]


def main() -> int:
    """Check, and say what was and what was not."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        print("Nothing is checked: this needs Linux, and root.")
        return 0
    if INSIDE not in os.environ:
        # Mounts and processes of its own, which are gone with it.
        with tempfile.TemporaryDirectory() as folder:
            again = [
                "unshare",
                "--mount",
                "--pid",
                "--fork",
                "--mount-proc",
                sys.executable,
                __file__,
            ]
            return subprocess.run(again, env=os.environ | {INSIDE: folder}, check=False).returncode
    sys.path.insert(0, str(ROOT))
    folder = os.environ[INSIDE]
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], check=True)
    try:
        stage = build(Path(folder))
        make_read_only(stage)
        check_writing(stage)
        asyncio.run(check(stage))
    except (Unwell, subprocess.CalledProcessError, TimeoutError) as error:
        print(f"✗ {error!r}")
        return 1
    print("Not checked:")
    for each in NOT_CHECKED:
        print(f"- {each.format(version=sys.version.split()[0])}")
    return 0


def must(holds: object, otherwise: str) -> None:
    """Raise `Unwell` if something does not hold."""
    if not holds:
        raise Unwell(otherwise)


def done(what: str) -> None:
    """Say that something was checked."""
    print(f"✓ {what}", flush=True)


# --- building ------------------------------------------------------------------------------------


def instructions(text: str) -> Iterator[Instruction]:
    """Read a Dockerfile."""
    joined = re.sub(r"\\\n", " ", re.sub(r"(?m)^\s*#.*\n", "", text))
    for line in filter(str.strip, joined.splitlines()):
        name, value = line.split(maxsplit=1)
        yield Instruction(name.upper(), " ".join(value.split()) if name != "RUN" else value)


def build(folder: Path) -> Stage:
    """Carry out the Dockerfile, and return its last stage."""
    stages: dict[str, Stage] = {}
    stage: Stage | None = None
    for each in instructions((ROOT / "Dockerfile").read_text(encoding="utf-8")):
        if each.name == "FROM":
            name = each.words[2] if "AS" in each.words else "last"
            stage = stages[name] = new_stage(folder / name)
        else:
            assert stage is not None, "FROM comes first"
            carry_out(each, stage, stages)
    assert stage is not None
    done(f"{len(stages)} stages are built from what .dockerignore lets through")
    return stage


def new_stage(folder: Path) -> Stage:
    """Mount this machine's file system for a stage, with a program named as in the base image."""
    root = folder / "root"
    for each in ("root", "upper", "work"):
        (folder / each).mkdir(parents=True)
    options = f"lowerdir=/,upperdir={folder / 'upper'},workdir={folder / 'work'}"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, root], check=True)
    # The repository is not there, nor what others have put into temporary folders.
    for hidden in (ROOT, Path("/tmp")):
        place = root / hidden.relative_to("/")
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", place], check=True)
    for each in ("proc", "dev"):
        subprocess.run(["mount", "--rbind", f"/{each}", root / each], check=True)
    python = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    # No link: Python would look for its library beside it.
    program = root / "usr/local/bin/python"
    program.unlink(missing_ok=True)
    program.write_text(f'#!/bin/sh\nexec {python} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    for parent in python.parents:
        inside = root / parent.relative_to("/")
        inside.chmod(inside.stat().st_mode | 0o055)
    shutil.rmtree(root / "data", ignore_errors=True)
    return Stage(root)


def carry_out(each: Instruction, stage: Stage, stages: dict[str, Stage]) -> None:
    """Carry out one instruction in a stage."""
    match each.name:
        case "WORKDIR":
            stage.folder = os.path.join(stage.folder, each.value)
            stage.path(".").mkdir(parents=True, exist_ok=True)
        case "RUN":
            pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
            subprocess.run(
                stage.arguments(["/bin/sh", "-c", each.value]),
                env=base_environment() | pip | {"HOME": "/root"} | stage.environment,
                stdout=subprocess.DEVNULL,
                check=True,
            )
        case "COPY":
            copy(each, stage, stages)
        case "USER":
            stage.user = each.value
        case "ENV":
            stage.environment.update(dict(word.split("=", 1) for word in each.words))
        case "VOLUME":
            stage.volumes += each.words
        case "HEALTHCHECK":
            stage.health = json.loads(each.value.partition("CMD ")[2])
        case "ENTRYPOINT":
            stage.entrypoint = each.words
        case "CMD":
            stage.command = each.words
        case "LABEL":
            assert all("=" in word for word in each.words)
        case _:
            raise Unwell(f"the Dockerfile has an instruction that is not known here: {each.name}")


def copy(each: Instruction, stage: Stage, stages: dict[str, Stage]) -> None:
    """Copy from another stage, or from the repository as far as .dockerignore lets it through."""
    *sources, target = each.words
    origin: Path = ROOT
    if sources[0].startswith("--from="):
        origin = stages[sources.pop(0).partition("=")[2]].root
    patterns = [] if origin != ROOT else (ROOT / ".dockerignore").read_text().split()
    for source in sources:
        found = origin / source.lstrip("/")
        files = [found] if found.is_file() else list(found.rglob("*"))
        kept = [path for path in files if not ignored(str(path.relative_to(origin)), patterns)]
        must(kept, f"there is nothing to copy at {source}")
        into = stage.path(target)
        for path in kept:
            name = path.name if found.is_file() else str(path.relative_to(found))
            place = into / name if target.endswith("/") or not found.is_file() else into
            if path.is_symlink() or path.is_file():
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, place, follow_symlinks=False)
            else:
                place.mkdir(parents=True, exist_ok=True)


def ignored(path: str, patterns: Sequence[str]) -> bool:
    """Tell whether .dockerignore keeps a path out: the last pattern that fits decides."""
    parts = path.split("/")
    heads = ["/".join(parts[: end + 1]) for end in range(len(parts))]
    out = False
    for pattern in patterns:
        plain = pattern.removeprefix("!").removeprefix("**/")
        tails = parts if "**/" in pattern else heads
        if any(fnmatch(each, plain) for each in tails):
            out = not pattern.startswith("!")
    return out


def base_environment() -> dict[str, str]:
    """Return what a container has by itself."""
    return {"PATH": "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"}


# --- running -------------------------------------------------------------------------------------


def make_read_only(stage: Stage) -> None:
    """Let nothing be written but in the volumes and in /tmp, as compose.yaml has it."""
    for volume in stage.volumes:
        inside = stage.path(volume)
        owner, mode = inside.stat(), inside.stat().st_mode & 0o7777
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", inside], check=True)
        os.chown(inside, owner.st_uid, owner.st_gid)
        inside.chmod(mode)
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", stage.root / "tmp"], check=True
    )
    subprocess.run(["mount", "-o", "remount,ro", stage.root], check=True)


def bare(stage: Stage, command: Sequence[str]) -> list[str]:
    """Return what runs a command as the container would: without a capability, nor a way to one."""
    drop = ["setpriv", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]
    return stage.arguments([*drop, *command])


def check_writing(stage: Stage) -> None:
    """Check where the image's user can write."""
    for place, writable in {"/app/x": 0, "/etc/x": 0, "/data/x": 1, "/tmp/x": 1}.items():
        command = bare(stage, ["/bin/sh", "-c", f"touch {place} && rm {place}"])
        run = subprocess.run(command, stderr=subprocess.DEVNULL, check=False)
        must((run.returncode == 0) == writable, f"{place} can be written, or cannot: {run}")
    done("nothing can be written but in /data and /tmp")


def check_rights(pid: int) -> None:
    """Check that a process is nobody special."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    fields = dict(line.split(":", 1) for line in status.splitlines())
    uids, capabilities = fields["Uid"].split(), int(fields["CapEff"], 16)
    must("0" not in uids and not capabilities, f"the bot has rights: {uids}, {capabilities}")
    done(f"the bot runs as user {uids[0]}, without capabilities")


async def check(stage: Stage) -> None:
    """Run the bot in the stage, and see what it does."""
    from tests.bot.process import settings_for
    from tests.discord_double import DiscordDouble

    async with DiscordDouble() as double:
        wanted = ("DISCORD_TOKEN", "MOODIFY_DISCORD_API", "MOODIFY_CDN_HOSTS")
        own = {name: settings_for(double, Path("/data"))[name] for name in wanted}
        environment = base_environment() | stage.environment | own
        log = stage.root.parent / "log"
        with log.open("wb") as sink:
            process = await asyncio.create_subprocess_exec(
                *bare(stage, [*stage.entrypoint, *stage.command]),
                env=environment,
                stdout=sink,
                stderr=sink,
            )
        try:
            await check_running(stage, process, double, environment)
        except (Unwell, TimeoutError):
            print(log.read_text(encoding="utf-8"))
            raise
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def check_running(
    stage: Stage,
    process: asyncio.subprocess.Process,
    double: DiscordDouble,
    environment: dict[str, str],
) -> None:
    """Check that the bot is well, answers a song, and stops as told."""
    from tests.bot.process import is_answer
    from tests.discord_double import File

    ann = double.add_user("Ann")
    channel = double.add_channel(double.add_guild("Music", owner=ann), "songs")
    await until_healthy(stage, environment)
    check_rights(process.pid)
    song = (ROOT / "examples" / "medley_after_the_storm.mp3").read_bytes()
    exchange = await double.slash(
        "mood", user=ann, channel=channel, options={"file": File("song.mp3", song)}
    )
    answer = await exchange.final(START, when=is_answer)
    well = answer.embeds and answer.attachments and not double.violations
    must(well, f"a song was not answered as it should: {answer.content}, {double.violations}")
    done("a song is answered, with its picture")
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(GRACE):
        code = await process.wait()
    must(code == 0, f"the bot has stopped with the code {code}")
    done(f"the bot stops within the {GRACE:.0f} s that Docker is told to wait")


async def until_healthy(stage: Stage, environment: dict[str, str]) -> None:
    """Ask the health check, as Docker does, until it says that all is well."""
    async with asyncio.timeout(START):
        while True:
            asked = await asyncio.create_subprocess_exec(
                *bare(stage, stage.health), env=environment, stdout=asyncio.subprocess.PIPE
            )
            said, _ = await asked.communicate()
            if asked.returncode == 0:
                break
            await asyncio.sleep(1)
    done(f"the health check says that all is well: {', '.join(said.decode().splitlines())}")


if __name__ == "__main__":
    sys.exit(main())
