"""The guide shows and names all that people meet, and its pictures are there."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import discord
import pytest
from PIL import Image

from bot.client import MoodifyBot
from bot.commands import EXTENSIONS
from bot.commands.settings._choices import OperatorLimits
from bot.commands.settings._panel import Member, Page, Panel, panel_items
from bot.commands.settings._welcome import _buttons
from bot.config import Settings
from bot.outcomes import RepliedToOutOfSight
from bot.presentation import (
    about_texts,
    answer_texts,
    board_texts,
    privacy_texts,
    settings_texts,
    texts,
)
from bot.storage import Excluded, GuildSettings, Listening
from docs.guide.look import Look, Said, Scene
from docs.guide.scenes import PLAYS, play
from tests.discord_double.world import BOT_PERMISSIONS, Channel, File, Message, User, World

FOLDER = Path("docs/guide")
GUIDE = (FOLDER / "README.md").read_text(encoding="utf-8")
MOST_BYTES = 150_000
LINKS = {about_texts.source_button, about_texts.policy_button, about_texts.terms_button}
"""Buttons that only lead out of Discord."""


class Pictures(HTMLParser):
    """Collects the pictures of a document."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.found.append({name: " ".join((value or "").split()) for name, value in attrs})


def pictures() -> list[dict[str, str]]:
    parser = Pictures()
    parser.feed(GUIDE)
    return parser.found


def buttons() -> Iterator[str]:
    """Return the labels of all buttons that the bot shows."""
    for module in (texts, answer_texts, board_texts, privacy_texts):
        for name, function in vars(module).items():
            if name.endswith("_button") and function not in LINKS:
                yield function()
    for page in Page:
        for role_id, leaderboard in ((None, True), (5, False)):
            settings = GuildSettings(
                role_id=role_id, leaderboard=leaderboard, digest_channel_id=role_id
            )
            panel = Panel(
                settings,
                OperatorLimits(20, 5),
                sees_posts=True,
                page=page,
                excluded=() if leaderboard else (Excluded(6, None, 0.0),),
                member=Member(6, is_bot=False),
            )
            yield from labels(panel_items(panel))
    yield from labels(_buttons().children)
    yield from "◀▶"


def labels(items: object) -> Iterator[str]:
    for item in items:  # type: ignore[attr-defined]
        button = getattr(item, "item", item)
        if isinstance(button, discord.ui.Button) and button.label:
            yield button.label


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[MoodifyBot]:
    settings = Settings(DISCORD_TOKEN="x", data_dir=tmp_path, _env_file=None)  # type: ignore[call-arg]
    async with MoodifyBot(settings) as bot:
        for extension in EXTENSIONS:
            await bot.load_extension(extension)
        yield bot


async def test_every_command_and_its_options_are_named(bot: MoodifyBot) -> None:
    commands = bot.tree.get_commands()
    assert len(commands) > 4
    for command in commands:
        if isinstance(command, discord.app_commands.Command):
            assert f"`/{command.name}`" in GUIDE
            for option in command.parameters:
                assert re.search(rf"`{option.name}\b", GUIDE), option.name
        else:
            assert f"**{command.name}**" in GUIDE


@pytest.mark.parametrize("label", sorted(set(buttons())))
def test_every_button_is_named(label: str) -> None:
    assert f"**{label}**" in GUIDE


@pytest.mark.parametrize("mode", Listening)
def test_every_way_of_listening_is_named(mode: Listening) -> None:
    assert f"**{settings_texts.mode_name(mode)}**" in GUIDE


def test_every_permission_that_the_bot_asks_for_is_explained() -> None:
    table = GUIDE.split("### Permissions")[1].split("###")[0]
    for name, has in discord.Permissions(BOT_PERMISSIONS):
        if has:
            words = "use application commands" if "commands" in name else name.replace("_", " ")
            words = words.replace("read messages", "view channel")
            assert words in table.lower(), name


def test_every_picture_is_there_and_described() -> None:
    shown = pictures()
    assert len(shown) > 25
    for picture in shown:
        with Image.open(FOLDER / picture["src"]) as image:
            width = int(picture["width"])
            assert image.width >= width, "sharp at the width at which it is shown"
        assert 40 <= len(picture["alt"]) <= 300, picture
    assert len({picture["alt"] for picture in shown}) == len(shown)


def test_no_picture_is_too_large_or_shown_nowhere() -> None:
    shown = {Path(picture["src"]).name for picture in pictures()}
    for path in (FOLDER / "images").iterdir():
        assert path.name in shown
        assert path.stat().st_size < MOST_BYTES


def test_links_within_the_guide_lead_somewhere() -> None:
    headings = re.findall(r"^#+ (.+)$", GUIDE, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}
    for target in re.findall(r"\]\(#([^)]+)\)", GUIDE):
        assert target in anchors


async def test_the_script_plays_scenes_that_the_guide_shows(tmp_path: Path) -> None:
    shown = {Path(picture["src"]).stem for picture in pictures()}
    played = [(look.page(scene), scene) async for look, scene in play(tmp_path, PLAYS[-1:])]
    assert {scene.name for _, scene in played} == {"mention-blind"} <= shown
    assert texts.refusal(RepliedToOutOfSight()) in unescape(played[0][0])


# --- how pictures are drawn ----------------------------------------------------------------------


def draw(content: str = "", **parts: object) -> str:
    world = World("Moodify", "http://127.0.0.1")
    channel = world.add_channel(Channel("songs", "1"))
    ann = world.add_user(User("Ann"))
    files = tuple(world.store(file, channel) for file in parts.pop("files", ()))  # type: ignore[attr-defined]
    text = content.format(ann=ann.id, channel=channel.id)
    message = Message(world.bot, channel, content=text, attachments=files, **parts)  # type: ignore[arg-type]
    return (
        Look(world).page(Scene("x", channel, [Said(message, (ann, "/mood"))])).split("</style>")[1]
    )


@pytest.mark.parametrize(
    ("content", "drawn"),
    [
        ("**so**", "<b>so</b>"),
        ("`**a** <b>`", "<code>**a** &lt;b&gt;</code>"),
        ("```\na  1\n```\nafter", "<pre>a  1</pre><p>after</p>"),
        ("<@{ann}> in <#{channel}>", '<span class="mention">#songs</span>'),
        ("<img src=x>", "&lt;img src=x&gt;"),
        ("- one", '<p class="item"><span>one</span></p>'),
    ],
)
def test_text_is_drawn_as_discord_shows_it(content: str, drawn: str) -> None:
    assert drawn in draw(content)


def test_a_picture_is_shown_in_its_embed_and_a_song_as_a_file() -> None:
    embed = {"title": "🎵 `x`", "color": 0x112233, "image": {"url": "attachment://mood.png"}}
    drawn = draw(embeds=(embed,), files=[File("mood.png", b"png"), File("a b.mp3", bytes(2048))])
    assert drawn.count("data:image/png;base64,cG5n") == 1
    assert "border-color: #112233" in drawn
    assert "a_b.mp3" in drawn
    assert "2 KB" in drawn


@pytest.mark.parametrize("private", [True, False])
def test_what_only_one_person_sees_looks_so(private: bool) -> None:
    drawn = draw("Hello", flags=64 if private else 0)
    assert ("Only you can see this" in drawn) is private


def test_a_menu_shows_what_is_chosen_and_unfolds() -> None:
    menu = {
        "type": 3,
        "custom_id": "more:1",
        "placeholder": "Another song…",
        "options": [{"label": "One", "value": "1"}, {"label": "Two", "value": "2"}],
    }
    closed = draw(components=({"type": 1, "components": [menu]},), content=".")
    assert "Another song…" in closed
    assert "One" not in closed
    menu["options"][1]["default"] = True  # type: ignore[index]
    assert "Two" in draw(components=({"type": 1, "components": [menu]},), content=".")
