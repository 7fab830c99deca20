"""`/settings` and the first message in a server, at the stand-in: the bot in its own process."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from bot.commands.settings._panel import Page
from bot.outcomes import Failed
from bot.presentation import settings_texts as texts
from bot.presentation import texts as shared_texts
from bot.presentation.language import speaking
from bot.requests import Post
from bot.storage import Listening
from tests.bot.process import PATIENCE, is_answer, running_bot
from tests.bot.storage.samples import entry
from tests.bot.ways import stored
from tests.discord_double import (
    MESSAGE_CONTENT,
    Channel,
    DiscordDouble,
    Guild,
    Message,
    User,
)
from tests.discord_double.world import (
    BOT_PERMISSIONS,
    EMBED_LINKS,
    MEMBER_PERMISSIONS,
    SEND_MESSAGES,
    VIEW_CHANNEL,
)

MANAGE_GUILD = 1 << 5

READY = "servers="
"""In the line of the log that says that all servers are known."""


class Server:
    """A server with somebody who manages it, and somebody who does not."""

    def __init__(self, double: DiscordDouble) -> None:
        self.double = double
        self.owner = double.add_user("Ann")
        self.manager = double.add_user("Bo", locale="de")
        self.member = double.add_user("Cy")
        self.guild = double.add_guild("Music", owner=self.owner, members=[self.member])
        double.add_member(self.guild, self.manager, permissions=MEMBER_PERMISSIONS | MANAGE_GUILD)
        self.channel = double.add_channel(self.guild, "songs")
        self.other = double.add_channel(self.guild, "talk")

    async def panel(self, user: User | None = None) -> Message:
        await self.double.wait_command("settings", PATIENCE)
        exchange = await self.double.slash(
            "settings", user=user or self.owner, channel=self.channel
        )
        return await exchange.final(PATIENCE, when=is_answer)

    async def press(self, message: Message, key: str, user: User | None = None) -> Message:
        exchange = await self.double.click(user or self.owner, message, key)
        return await exchange.final(PATIENCE, when=is_answer)

    async def choose(self, message: Message, menu: str, *values: str) -> Message:
        exchange = await self.double.select(self.owner, message, menu, values)
        return await exchange.final(PATIENCE, when=is_answer)


@pytest.fixture
def server() -> Server:
    return Server(DiscordDouble(privileged_intents=MESSAGE_CONTENT))


def _text(message: Message) -> str:
    embeds = [
        "\n".join([embed.get("description") or "", *(f["value"] for f in embed.get("fields", []))])
        for embed in message.embeds
    ]
    return "\n".join([message.content, *embeds])


def _chosen(message: Message, menu: str) -> list[str]:
    return [o["value"] for o in message.component(menu)["options"] if o.get("default")]


async def test_what_is_chosen_holds_after_a_restart(server: Server, tmp_path: Path) -> None:
    async with server.double:
        async with running_bot(server.double, tmp_path):
            panel = await server.panel()
            assert panel.ephemeral
            assert texts.mode_chosen(Listening.AUTOMATIC) in _text(panel)
            panel = await server.choose(panel, "settings:mode", "offer")
            assert texts.mode_chosen(Listening.OFFER) in _text(panel)
            panel = await server.choose(panel, "settings:shortest", "30.0")
            assert texts.shortest_chosen(30) in _text(panel)
            panel = await server.press(panel, "settings:show:channels")
            panel = await server.choose(panel, "settings:channel", server.other.id)
            panel = await server.choose(panel, f"settings:channel-mode:{server.other.id}", "off")
            line = texts.exception_line(int(server.other.id), Listening.OFF, mute=False)
            assert line in _text(panel)
            panel = await server.press(panel, "settings:show:answers")
            panel = await server.choose(panel, "settings:language", "ja")
            panel = await server.choose(panel, "settings:role", "77")
            assert texts.role_chosen(77) in _text(panel)
            panel = await server.press(panel, "settings:show:boards")
            panel = await server.press(panel, "settings:leaderboard:off")
            assert texts.leaderboard_chosen(on=False) in _text(panel)
        async with running_bot(server.double, tmp_path, max_minutes=7, cooldown=20):
            # The panel of the earlier run still works.
            panel = await server.press(panel, "settings:show:answers")
            assert _chosen(panel, "settings:language") == ["ja"]
            panel = await server.press(panel, "settings:role:none")
            assert texts.role_chosen(None) in _text(panel)
            panel = await server.press(panel, "settings:show:limits")
            assert texts.longest_chosen(7) in _text(panel)
            panel = await server.choose(panel, "settings:longest", "5.0")
            assert texts.longest_chosen(5) in _text(panel)
            panel = await server.choose(panel, "settings:pause", "60.0")
            assert texts.pause_chosen(60) in _text(panel)
            panel = await server.press(panel, "settings:show:channels")
            panel = await server.choose(panel, "settings:remove", server.other.id)
            assert texts.no_exceptions() in _text(panel)
            panel = await server.press(panel, "settings:show:listening")
            assert texts.mode_chosen(Listening.OFFER) in _text(panel)
            assert texts.shortest_chosen(30) in _text(panel)
    assert server.double.violations == []
    assert server.double.own_errors == []


async def test_only_those_who_manage_the_server_may_and_it_is_asked_at_each_press(
    server: Server, tmp_path: Path
) -> None:
    double = server.double
    async with double, running_bot(double, tmp_path):
        assert (await server.panel(server.member)).content == texts.managers_only()
        panel = await server.panel(server.manager)
        with speaking("de"):
            # In the language of who manages, whatever the server's is.
            assert panel.embeds[0]["title"].endswith(texts.page_title(texts.listening_page()))
        double.set_permissions(server.guild, server.manager, MEMBER_PERMISSIONS)
        for use in (
            double.click(server.manager, panel, "settings:show:limits"),
            double.select(server.manager, panel, "settings:mode", ["off"]),
        ):
            refusal = await (await use).final(PATIENCE, when=is_answer)
            assert refusal.ephemeral
            with speaking("de"):
                assert refusal.content == texts.managers_only()
        assert texts.mode_chosen(Listening.AUTOMATIC) in _text(await server.panel())
    assert double.violations == []


async def test_a_connection_that_breaks_off_is_no_error_of_the_bot(
    server: Server, tmp_path: Path
) -> None:
    double = server.double
    guild, first, _second = _new_guild(server)
    async with double, running_bot(double, tmp_path) as bot:
        await bot.logged(READY)
        panel = await server.press(await server.panel(), "settings:show:boards")
        edits = "/webhooks/*/messages/@original"
        double.fail("PATCH", edits, reset=True)
        exchange = await double.slash("settings", user=server.owner, channel=server.channel)
        await bot.logged("command failed")
        sorry = shared_texts.refusal(Failed(exchange.id))
        assert (await exchange.final(PATIENCE, when=is_answer)).content == sorry
        double.fail("PATCH", edits, reset=True)
        await double.click(server.owner, panel, "settings:show:answers")
        await bot.logged("settings not shown")
        form = await double.click(server.owner, panel, "settings:other-zone")
        await form.responded()
        double.fail("PATCH", edits, reset=True)
        await double.submit_modal(form, {"zone": "Berlin"})
        await bot.logged("settings not shown", times=2)
        double.fail("POST", f"/channels/{first.id}/messages", reset=True)
        await double.invite(guild)
        await bot.logged("not greeted")
        assert await server.panel()
    assert double.violations == []


async def test_a_choice_that_cannot_be_saved_is_said_to_be_lost(
    server: Server, tmp_path: Path
) -> None:
    double = server.double
    async with double, running_bot(double, tmp_path) as bot:
        panel = await server.panel()
        database = sqlite3.connect(bot.data / "moodify.db", isolation_level=None)
        database.execute("BEGIN EXCLUSIVE")
        lost = await server.choose(panel, "settings:mode", "off")
        assert lost.content == texts.not_saved()
        assert _chosen(lost, "settings:mode") == ["automatic"]
        database.execute("ROLLBACK")
        database.close()
        kept = await server.choose(lost, "settings:mode", "off")
        assert kept.content == ""
        assert _chosen(kept, "settings:mode") == ["off"]
    assert double.violations == []


async def test_without_the_intent_the_panel_says_so(tmp_path: Path) -> None:
    server = Server(DiscordDouble())
    async with server.double, running_bot(server.double, tmp_path):
        assert texts.blind() in _text(await server.panel())
    assert server.double.violations == []


async def test_where_the_bot_may_not_speak_the_panel_says_so(
    server: Server, tmp_path: Path
) -> None:
    mute = server.double.add_channel(
        server.guild, "mute", bot_permissions=BOT_PERMISSIONS & ~SEND_MESSAGES
    )
    async with server.double, running_bot(server.double, tmp_path):
        panel = await server.press(await server.panel(), f"settings:show:{Page.CHANNELS}")
        panel = await server.choose(panel, "settings:channel", mute.id)
        panel = await server.choose(panel, f"settings:channel-mode:{mute.id}", "automatic")
        line = texts.exception_line(int(mute.id), Listening.AUTOMATIC, mute=True)
        assert line in _text(panel)
        panel = await server.press(panel, f"settings:show:{Page.BOARDS}")
        panel = await server.choose(panel, "settings:digest", mute.id)
        assert texts.digest_not_allowed(int(mute.id)) in _text(panel)
    assert server.double.violations == []


async def test_managers_set_up_boards_and_moderate_them(server: Server, tmp_path: Path) -> None:
    double, guild_id, member = server.double, int(server.guild.id), int(server.member.id)
    async with double, running_bot(double, tmp_path):
        panel = await server.press(await server.panel(), "settings:show:boards")
        panel = await server.choose(panel, "settings:time-zone", "Asia/Tokyo")
        assert "Asia/Tokyo" in _text(panel)
        for typed, says in (("new york", "America/New_York"), ("Atlantis", "Atlantis")):
            form = await double.click(server.owner, panel, "settings:other-zone")
            await form.responded()
            filled = await double.submit_modal(form, {"zone": typed})
            panel = await filled.final(PATIENCE, when=is_answer)
            assert says in _text(panel)
        assert panel.content == texts.zone_unknown("`Atlantis`")
        # Two have the form open at once: neither takes the other's answer.
        forms = [await double.click(server.owner, panel, "settings:other-zone") for _ in range(2)]
        for form, typed in zip(forms, ("Berlin", "New York"), strict=True):
            await form.responded()
            filled = await double.submit_modal(form, {"zone": typed})
            panel = await filled.final(PATIENCE, when=is_answer)
            assert typed.replace(" ", "_") in _text(panel)
        assert "America/New_York" in _text(panel)
        panel = await server.choose(panel, "settings:digest", server.other.id)
        assert texts.digest_chosen(int(server.other.id)) in _text(panel)
        panel = await server.press(panel, "settings:digest:none")
        assert texts.digest_chosen(None) in _text(panel)

        async with stored(tmp_path) as storage:
            made = entry(1, user_id=member, guild_id=guild_id, post=Post(1, 10**17), title="Tune")
            record_id = await storage.songs.record(made)
            panel = await server.press(panel, "settings:show:moderation")
            assert texts.nobody_excluded() in _text(panel)
            panel = await server.choose(panel, "settings:member", server.member.id)
            assert texts.member_ranked(member) in _text(panel)
            panel = await server.press(panel, f"settings:exclude:{member}")
            assert texts.member_excluded(member) in _text(panel)
            assert await storage.boards.is_hidden(guild_id, member)
            panel = await server.press(panel, f"settings:readmit:{member}")
            assert not await storage.boards.is_hidden(guild_id, member)
            panel = await server.choose(panel, "settings:member", double.world.bot.id)
            assert texts.member_is_bot(int(double.world.bot.id)) in _text(panel)

            link = f"https://discord.com/channels/{guild_id}/1{'0' * 16}/{10**17}"
            elsewhere = link.replace(str(guild_id), str(10**17))
            for typed, says in (
                (elsewhere, texts.not_a_message_here()),
                (link, texts.removed(1)),
                (link, texts.nothing_removed()),
            ):
                form = await double.click(server.owner, panel, "settings:remove-song")
                await form.responded()
                filled = await double.submit_modal(form, {"link": typed})
                panel = await filled.final(PATIENCE, when=is_answer)
                assert panel.content == says
            assert await storage.songs.find(record_id) is None
            lines = await storage.audit.lines(guild_id)
            for line in lines:
                assert texts.audit_line(line) in _text(panel)
        done = [line.action for line in lines]
        assert done == [
            *("remove", "readmit", "exclude", "digest", "digest", *["time-zone"] * 4),
        ]
        assert {line.moderator_id for line in lines} == {int(server.owner.id)}
    assert double.violations == []
    assert double.own_errors == []


# --- the first message in a server ---------------------------------------------------------------


def _new_guild(server: Server, **more: str) -> tuple[Guild, Channel, Channel]:
    double = server.double
    guild = double.add_guild("New", owner=server.owner, with_bot=False, **more)
    double.add_member(guild, server.member)
    return guild, double.add_channel(guild, "first"), double.add_channel(guild, "second")


def _of_bot(double: DiscordDouble, *channels: Channel) -> list[Message]:
    bot = double.world.bot
    return [m for c in channels for m in double.world.messages_in(c) if m.author == bot]


async def test_a_server_is_greeted_once_and_its_admins_choose(
    server: Server, tmp_path: Path
) -> None:
    double = server.double
    guild, first, second = _new_guild(server)
    double.set_system_channel(guild, second)
    async with double:
        async with running_bot(double, tmp_path) as bot:
            await bot.logged(READY)
            await double.invite(guild)
            greeting = await double.wait_message(second, PATIENCE)
            assert greeting.content == texts.welcome(sees_posts=True)
            exchange = await double.click(server.member, greeting, "welcome:mention")
            refusal = await exchange.final(PATIENCE, when=is_answer)
            assert refusal.ephemeral
            assert refusal.content == texts.managers_only()
            await bot.logged("greeted")
        async with running_bot(double, tmp_path) as bot:
            await bot.logged(READY, times=2)
            # The buttons of the earlier run still work.
            exchange = await double.click(server.owner, greeting, "welcome:offer")
            chosen = await exchange.final(PATIENCE, when=is_answer)
            assert chosen.id == greeting.id
            told = texts.welcome_chosen(Listening.OFFER, int(server.owner.id))
            assert chosen.content == texts.welcome(told, sees_posts=True)
            exchange = await double.click(server.owner, chosen, "welcome:settings")
            panel = await exchange.final(PATIENCE, when=is_answer)
            assert panel.ephemeral
            assert _chosen(panel, "settings:mode") == ["offer"]
            await double.kick_bot(guild)
            await double.invite(guild)
            # What comes after it was served shows that the invitation was, too.
            await server.panel()
            await double.drop_gateway(resumable=False)
            await double.wait_connected(PATIENCE)
            await server.panel()
        assert len(_of_bot(double, first, second)) == 1
    assert double.violations == []


async def test_the_greeting_goes_where_the_bot_may_speak_in_the_servers_language(
    server: Server, tmp_path: Path
) -> None:
    double = server.double
    guild, first, _second = _new_guild(server, locale="fr")
    strict = double.add_guild("Strict", owner=server.owner, with_bot=False)
    silent = double.add_channel(strict, "silent", bot_permissions=VIEW_CHANNEL)
    unseen = double.add_channel(guild, "unseen", bot_permissions=BOT_PERMISSIONS & ~VIEW_CHANNEL)
    double.set_system_channel(guild, unseen)
    plain = double.add_guild("Plain", owner=server.owner, with_bot=False)
    no_embeds = double.add_channel(
        plain, "no-embeds", bot_permissions=BOT_PERMISSIONS & ~EMBED_LINKS
    )
    async with double, running_bot(double, tmp_path) as bot:
        await bot.logged(READY)
        await double.invite(guild)
        greeting = await double.wait_message(first, PATIENCE)
        with speaking("fr"):
            assert greeting.content == texts.welcome(sees_posts=True)
        await double.invite(strict)
        await bot.logged("no channel to greet in")
        await double.invite(plain)
        await double.wait_message(no_embeds, PATIENCE)
        assert _of_bot(double, silent, unseen) == []
    assert double.violations == []


async def test_a_greeting_that_cannot_be_kept_does_not_hurt(server: Server, tmp_path: Path) -> None:
    double = server.double
    guild, first, _second = _new_guild(server)
    async with double, running_bot(double, tmp_path) as bot:
        await bot.logged(READY)
        double.fail("POST", f"/channels/{first.id}/messages", status=403)
        await double.invite(guild)
        await bot.logged("not greeted")
        panel = await server.panel()
        assert panel.embeds
    assert double.violations == []
