"""What is handed to operators: the dashboard, the alerts, the composition, and what they name."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from bot.config import Settings, variable
from tests.bot.process import PATIENCE, ROOT, running_bot
from tests.bot.watching import Metrics, Watch, free_port
from tests.discord_double import DiscordDouble

GUIDE = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
DASHBOARD = json.loads((ROOT / "deploy/grafana/moodify.json").read_text(encoding="utf-8"))
RULES = yaml.safe_load((ROOT / "deploy/prometheus/moodify.rules.yml").read_text(encoding="utf-8"))
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"]]
OF_PROMETHEUS = {"up"}
ADDED_BY_PROMETHEUS = {"job", "instance"}
FILLED_IN = {"$__rate_interval": "5m", "$instance": ".*"}


@dataclass(frozen=True)
class Selector:
    """What an expression asks of one metric."""

    name: str
    labels: tuple[tuple[str, str, str], ...]


def expressions() -> Iterator[str]:
    for alert in ALERTS:
        yield alert["expr"]
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            expression = target["expr"]
            for name, value in FILLED_IN.items():
                expression = expression.replace(name, value)
            yield expression


def selectors(expression: str) -> list[Selector]:
    """Read an expression as Prometheus does."""
    found: list[Selector] = []

    def note(node: Any) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            labels = [(each.name, str(each.op), each.value) for each in node.matchers.matchers]
            found.append(Selector(node.name, tuple(labels)))

    promql_parser.walk(promql_parser.parse(expression), note)
    return found


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> Metrics:
    """What a bot serves that has just started."""
    return asyncio.run(_served(tmp_path_factory.mktemp("bot")))


async def _served(folder: Path) -> Metrics:
    watch = Watch(free_port())
    settings = {"workers": 1, "metrics_port": watch.port}
    async with DiscordDouble() as double, running_bot(double, folder, **settings):
        await double.wait_command("mood", PATIENCE)
        await watch.until("moodify_part_well", value=1, part="gateway")
        return await watch.metrics()


@pytest.mark.parametrize("expression", sorted(set(expressions())))
def test_each_metric_that_is_asked_for_is_served(metrics: Metrics, expression: str) -> None:
    found = selectors(expression)
    assert found
    for selector in found:
        assert selector.name in metrics.names | OF_PROMETHEUS
        known = metrics.labels(selector.name)
        for label, operator, value in selector.labels:
            if label in ADDED_BY_PROMETHEUS:
                continue
            values = {each[label] for each in known}
            for each in value.split("|") if operator == "MatchOp.Re" else [value]:
                assert each in values, (label, each)


def test_what_is_served_of_the_bot_is_seen_somewhere(metrics: Metrics) -> None:
    asked = {selector.name for each in expressions() for selector in selectors(each)}
    asked.add("moodify_info")  # the dashboard's list of bots
    ours = {name for name in metrics.names if name.startswith("moodify_")}
    shown_by_buckets = re.compile("_(count|sum|created)$")
    assert {name for name in ours if not shown_by_buckets.search(name)} == {
        name for name in asked if name.startswith("moodify_")
    }


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_each_alert_is_in_the_guide(alert: dict[str, Any]) -> None:
    assert f"| `{alert['alert']}` |" in GUIDE
    assert alert["annotations"]["summary"].endswith(".")
    assert alert["labels"]["severity"] in ("warning", "critical")


def test_the_guide_tells_of_no_other_alerts() -> None:
    assert set(re.findall(r"`(Moodify\w+)`", GUIDE)) == {alert["alert"] for alert in ALERTS}


def test_the_dashboard_is_whole() -> None:
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    taken = [
        (x, y)
        for place in places
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(taken) == len(set(taken)), "no panel covers another"
    assert max(x for x, _ in taken) < 24
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(places)
    for panel in DASHBOARD["panels"]:
        assert panel["title"]
        if panel["type"] != "row":
            assert panel["datasource"]["uid"] == "${datasource}"
    assert {each["name"] for each in DASHBOARD["templating"]["list"]} == {"datasource", "instance"}


def test_the_composition_uses_settings_that_there_are() -> None:
    known = {variable(field) for field in Settings.model_fields}
    known |= {"MOODIFY_DATABASE_PASSWORD", "MOODIFY_DASK_SCHEDULER"}
    services = COMPOSE["services"]
    for name in ("bot", "worker"):
        assert set(services[name]["environment"]) <= known
    assert set(re.findall(r"MOODIFY_\w+", DOCKERFILE)) <= known
    assert set(re.findall(r"MOODIFY_\w+", (ROOT / "compose.yaml").read_text())) <= known


def test_the_containers_can_do_no_more_than_they_must() -> None:
    services = COMPOSE["services"]
    for name in ("bot", "scheduler", "worker"):
        service = services[name]
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
    # Workers decode files of strangers: no token, no database, no way out.
    assert "env_file" not in services["worker"]
    assert not any(
        "TOKEN" in each or "DATABASE" in each for each in services["worker"]["environment"]
    )
    assert services["worker"]["networks"] == ["workers"]
    assert COMPOSE["networks"]["workers"]["internal"]
    assert not any("ports" in service for service in services.values())
    assert "USER moodify" in DOCKERFILE


def test_what_the_composition_refers_to_is_there() -> None:
    for service in COMPOSE["services"].values():
        for network in service["networks"]:
            assert network in COMPOSE["networks"]
        for volume in service.get("volumes", ()):
            assert volume.partition(":")[0] in COMPOSE["volumes"]
        for other in service.get("depends_on", ()):
            assert other in COMPOSE["services"]
    for path in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, flags=re.MULTILINE):
        assert all((ROOT / each).exists() for each in path.split())
