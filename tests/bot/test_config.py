from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bot.config import (
    Settings,
    SettingsError,
    forget_secrets,
    load_settings,
    load_worker_settings,
    variable,
)
from bot.logs import redact

ROOT = Path(__file__).parents[2]
TOKEN = "a-token-that-must-stay-secret"


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("MOODIFY_") or name == "DISCORD_TOKEN":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def _example() -> dict[str, str]:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    return dict(re.findall(r"^(\w+)=(.*)$", text, flags=re.MULTILINE))


def test_the_example_names_every_setting_and_nothing_else() -> None:
    assert set(_example()) == {variable(field) for field in Settings.model_fields}


def test_the_example_holds_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    defaults = load_settings()
    for name, value in _example().items():
        if name != "DISCORD_TOKEN":
            monkeypatch.setenv(name, value)
    assert load_settings() == defaults


def test_settings_come_from_a_file_and_the_environment_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text(
        "DISCORD_TOKEN=from-file\nMOODIFY_WORKERS=3\nMOODIFY_MAX_MINUTES=7\nOTHER=1\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("MOODIFY_WORKERS", "4")
    settings = load_settings()
    assert settings.discord_token.get_secret_value() == "from-file"
    assert settings.workers == 4
    assert settings.max_seconds == 420


@pytest.mark.parametrize(("workers", "films"), [(1, 1), (2, 1), (5, 4)])
def test_films_leave_a_worker_for_answers(
    monkeypatch: pytest.MonkeyPatch, workers: int, films: int
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    monkeypatch.setenv("MOODIFY_WORKERS", str(workers))
    assert load_settings().films_at_once == films


def test_shards_need_a_database_that_can_be_shared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    monkeypatch.setenv("MOODIFY_SHARD_IDS", "0, 1")
    with pytest.raises(SettingsError, match="MOODIFY_SHARD_COUNT"):
        load_settings()
    monkeypatch.setenv("MOODIFY_SHARD_COUNT", "4")
    with pytest.raises(SettingsError, match="MOODIFY_DATABASE_URL"):
        load_settings()
    monkeypatch.setenv("MOODIFY_DATABASE_URL", "postgresql://me@here/songs")
    assert load_settings().several_processes
    monkeypatch.setenv("MOODIFY_SHARD_IDS", "0,1,2,3")
    assert not load_settings().several_processes


@pytest.mark.parametrize("address", ["10.0.0.5:8786", "tcp://10.0.0.5", "http://10.0.0.5:8786"])
def test_a_scheduler_that_cannot_be_one_is_refused(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("MOODIFY_DASK_SCHEDULER", address)
    with pytest.raises(SettingsError, match="MOODIFY_DASK_SCHEDULER"):
        load_worker_settings()
    # A worker needs no token.
    assert load_worker_settings("tls://10.0.0.5:8786").dask_scheduler == "tls://10.0.0.5:8786"


def test_hosts_are_a_list_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    monkeypatch.setenv("MOODIFY_CDN_HOSTS", "127.0.0.1:81, CDN.example.org,[::1]:82")
    assert load_settings().cdn_hosts == ("127.0.0.1:81", "cdn.example.org", "[::1]:82")


@pytest.mark.parametrize(
    "host",
    [
        *("foo:bar", "x:99999", "h:0", "https://x", "a/b", "me@x", "a..b", "a b", "a" * 64, "*"),
        *("[::1", "[:]", "::1"),
    ],
)
def test_what_is_not_a_host_is_named(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "x")
    monkeypatch.setenv("MOODIFY_CDN_HOSTS", f"cdn.discordapp.com,{host}")
    with pytest.raises(SettingsError, match="MOODIFY_CDN_HOSTS") as raised:
        load_settings()
    assert host in str(raised.value)


def test_the_database_is_a_file_among_the_data_unless_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    monkeypatch.setenv("MOODIFY_DATA_DIR", "kept")
    assert load_settings().database == f"sqlite:///{tmp_path}/kept/moodify.db"
    monkeypatch.setenv("MOODIFY_DATABASE_URL", "postgresql://me@here/songs")
    assert load_settings().database == "postgresql://me@here/songs"


def test_the_password_of_the_database_is_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    monkeypatch.setenv("MOODIFY_DATABASE_URL", "postgresql://me:hushhush@here/songs")
    settings = load_settings()
    assert "hushhush" not in repr(settings)
    said = f"{TOKEN} at {settings.database} or //me:hushhush@there/"
    assert "hushhush" not in redact(said, settings.secrets)
    assert TOKEN not in redact(said, settings.secrets)


def test_an_unknown_kind_of_database_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    monkeypatch.setenv("MOODIFY_DATABASE_URL", "mysql://me:hushhush@here/songs")
    with pytest.raises(SettingsError, match="must begin with sqlite:/// or postgres") as caught:
        load_settings()
    assert "hushhush" not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:5/api/v10", "http://localhost:5/api/v10/", "http://[::1]:5"]
)
def test_a_stand_in_for_discord_may_be_on_this_machine(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    monkeypatch.setenv("MOODIFY_DISCORD_API", address)
    assert load_settings().discord_api == address.rstrip("/")


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/api/v10",
        "https://discord.com.example.org/api/v10",
        "http://127.0.0.1@example.org",
        "http://discord.com/api/v10",
        "nonsense",
    ],
)
def test_the_token_goes_nowhere_else(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    monkeypatch.setenv("MOODIFY_DISCORD_API", address)
    with pytest.raises(SettingsError, match="MOODIFY_DISCORD_API"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MOODIFY_WORKERS", "0"),
        ("MOODIFY_WORKERS", "many"),
        ("MOODIFY_MAX_FILE_MIB", "-1"),
        ("MOODIFY_LOG_LEVEL", "LOUD"),
    ],
)
def test_a_wrong_setting_is_named_and_no_secret_told(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name) as caught:
        load_settings()
    assert TOKEN not in str(caught.value)


def test_the_token_hides_in_what_settings_print(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    assert TOKEN not in repr(load_settings())


def test_forgotten_secrets_reach_no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    monkeypatch.setenv("MOODIFY_DATABASE_URL", "with-a-password")
    forget_secrets()
    child = subprocess.run(
        [sys.executable, "-c", "import os; print(dict(os.environ))"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert TOKEN not in child.stdout
    assert "with-a-password" not in child.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux knows this")
def test_nobody_else_may_look_into_a_process_that_forgot_its_secrets() -> None:
    script = (
        "import ctypes; from bot.config import forget_secrets; forget_secrets(); "
        "print(ctypes.CDLL(None).prctl(3))"  # PR_GET_DUMPABLE
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "0"


def test_a_file_of_settings_that_is_not_utf8_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("DISCORD_TOKEN=é".encode("utf-16"))
    with pytest.raises(SettingsError, match=r"\.env is not UTF-8"):
        load_settings()


def test_windows_is_told_in_one_sentence_and_exit_code_2() -> None:
    script = (
        "import runpy, sys, bot.config, bot.logs; sys.platform = 'win32'; "
        "sys.modules['resource'] = None; runpy.run_module('bot', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == (
        "The bot does not run on Windows itself: start it in WSL or in Docker.\n"
    )


@pytest.mark.parametrize("token", [None, ""])
def test_a_missing_token_is_one_sentence_and_exit_code_2(token: str | None, tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "DISCORD_TOKEN"}
    if token is not None:
        environment["DISCORD_TOKEN"] = token
    environment["PYTHONPATH"] = str(ROOT)
    done = subprocess.run(
        [sys.executable, "-m", "bot"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("DISCORD_TOKEN is not set")
    assert len(done.stderr.splitlines()) == 1
