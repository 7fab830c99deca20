"""The stand-in with a real discord.py bot: what the bot sees, and what is seen of it."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import discord
import pytest

from . import MESSAGE_CONTENT, Channel, DiscordDouble, Exchange, File, Guild, Message, User
from .echo_bot import EchoBot
from .world import (
    ADD_REACTIONS,
    BOT_PERMISSIONS,
    EMBED_LINKS,
    READ_MESSAGE_HISTORY,
    SEND_MESSAGES,
    VIEW_CHANNEL,
)

SONG = File("song.mp3", b"ID3" + bytes(1000))
ORIGINAL = "/webhooks/*/messages/@original"


async def run_mood(double: DiscordDouble, user: User, channel: Channel, **options: Any) -> Exchange:
    return await double.slash("mood", user=user, channel=channel, options={"file": SONG} | options)


# --- commands and interactions ----------------------------------------------------------------


async def test_bot_registers_its_commands(bot: EchoBot, double: DiscordDouble) -> None:
    names = {command["name"] for command in double.commands}
    assert {"mood", "settings", "Analyze mood"} <= names
    assert double.violations == []


async def test_deferred_answer_comes_with_file_and_alt_text(
    bot: EchoBot, double: DiscordDouble, ann: User, channel: Channel
) -> None:
    exchange = await run_mood(double, ann, channel)
    message = await exchange.final()
    assert exchange.deferred_after is not None
    assert message.embeds[0]["description"] == "1003 bytes"
    picture = message.attachment("mood.png")
    assert picture.data == SONG.data
    assert picture.description == "A picture of the mood"
    assert not message.ephemeral
    assert len(exchange.edits) == 1
    assert double.violations == []


async def test_private_answer_is_ephemeral_and_not_in_the_channel(
    bot: EchoBot, double: DiscordDouble, ann: User, channel: Channel
) -> None:
    message = await (await run_mood(double, ann, channel, private=True)).final()
    assert message.ephemeral
    assert double.world.messages_in(channel) == []


async def test_command_works_in_a_direct_message(
    bot: EchoBot, double: DiscordDouble, ann: User
) -> None:
    message = await (await run_mood(double, ann, double.direct_channel(ann))).final()
    assert message.attachment("mood.png")
    assert double.violations == []


async def test_command_works_for_a_user_installed_app(
    bot: EchoBot, double: DiscordDouble, ann: User
) -> None:
    elsewhere = double.add_guild("Elsewhere", owner=ann, with_bot=False)
    channel = double.add_channel(elsewhere, "general")
    exchange = await double.slash(
        "mood", user=ann, channel=channel, options={"file": SONG}, user_installed=True
    )
    assert (await exchange.final()).attachments
    assert double.violations == []


async def test_message_command_sees_the_file_without_the_content_intent(
    bot: EchoBot, double: DiscordDouble, ann: User, channel: Channel
) -> None:
    posted = await double.post_message(ann, channel, attachments=[File("Ein Lied.mp3", b"ID3")])
    assert posted.attachments[0].filename == "Ein_Lied.mp3"
    exchange = await double.message_command("Analyze mood", user=ann, message=posted)
    # The follow-up takes the place of "thinking…", as on Discord.
    assert (await exchange.final()).content == "Ein Lied"
    assert exchange.followups == ()
    assert double.violations == []


async def test_subcommand_takes_a_user(
    bot: EchoBot, double: DiscordDouble, ann: User, guild: Guild, channel: Channel
) -> None:
    ben = double.add_user("Ben")
    double.add_member(guild, ben)
    exchange = await double.slash("settings show", user=ann, channel=channel, options={"user": ben})
    assert (await exchange.final()).content == "ann sees ben"


async def test_autocomplete_brings_suggestions(
    bot: EchoBot, double: DiscordDouble, ann: User, channel: Channel
) -> None:
    exchange = await double.autocomplete(
        "suggest_me", "song", user=ann, channel=channel, options={"song": "sad"}
    )
    await exchange.responded()
    assert exchange.choices == [{"name": "sad song", "value": "sad"}]
    assert double.violations == []


async def test_button_edits_its_message_and_menu_answers_in_private(
    bot: EchoBot, double: DiscordDouble, ann: User, channel: Channel
) -> None:
    message = await (await double.slash("hello", user=ann, channel=channel)).final()
    menu = message.components[1]["components"][0]["custom_id"]
    chosen = await (await double.select(ann, message, menu, ["Month"])).final()
    assert (chosen.content, chosen.ephemeral) == ("a Month", True)
    edited = await (await double.click(ann, message, "More")).final()
    assert (edited.id, edited.content, edited.components) == (message.id, "more", ())
    assert double.violations == []


async def test_form_is_opened_and_filled_in(
    bot: EchoBot, double: DiscordDouble, ann: User, channel: Channel
) -> None:
    exchange = await double.slash("form", user=ann, channel=channel)
    await exchange.responded()
    submission = await double.submit_modal(exchange, {"name": "Ann"})
    assert (await submission.final()).content == "hello Ann"
    assert double.violations == []


async def test_unknown_command_and_missing_option_cannot_be_sent(
    bot: EchoBot, double: DiscordDouble, ann: User, channel: Channel
) -> None:
    with pytest.raises(LookupError, match="no command 'nope'"):
        await double.slash("nope", user=ann, channel=channel)
    with pytest.raises(ValueError, match="required options are missing"):
        await double.slash("mood", user=ann, channel=channel)


async def test_a_hundred_users_at_once_lose_no_answer(
    bot: EchoBot, double: DiscordDouble, channel: Channel
) -> None:
    # How soon each is answered says how busy the machine is.
    double.interactions.respond_within = 120
    users = [double.add_user(f"User{number}") for number in range(100)]
    exchanges = await asyncio.gather(*(run_mood(double, user, channel) for user in users))
    messages = await asyncio.gather(*(exchange.final(within=120) for exchange in exchanges))
    assert len({message.id for message in messages}) == 100
    assert double.violations == []


# --- rules that a bot breaks ------------------------------------------------------------------


async def test_bad_embed_is_refused_and_recorded(
    bot: EchoBot, double: DiscordDouble, ann: User, channel: Channel
) -> None:
    exchange = await double.slash("broken", user=ann, channel=channel)
    with pytest.raises(TimeoutError):
        await exchange.final(within=0.5)
    assert exchange.thinking
    reasons = " | ".join(violation.reason for violation in double.violations)
    assert "embed field value is empty" in reasons
    assert "'attachment://nowhere.png', which is not attached" in reasons


async def test_second_first_response_is_recorded(
    bot: EchoBot, double: DiscordDouble, ann: User, channel: Channel
) -> None:
    exchange = await double.slash("twice", user=ann, channel=channel)
    assert (await exchange.final()).content == "first"
    await double.changes.wait_for(lambda: double.violations or None, "a violation", 5)
    assert [violation.reason for violation in double.violations] == [
        "an interaction was answered twice"
    ]


async def test_late_response_is_recorded(
    bot: EchoBot, double: DiscordDouble, ann: User, channel: Channel
) -> None:
    double.interactions.respond_within = 0.1
    exchange = await double.slash("slow", user=ann, channel=channel)
    await double.changes.wait_for(lambda: double.violations or None, "a violation", 5)
    assert "first response after" in double.violations[0].reason
    assert exchange.response is None


async def test_expired_token_is_recorded(
    bot: EchoBot, double: DiscordDouble, ann: User, channel: Channel
) -> None:
    double.interactions.token_lifetime = 0.0
    exchange = await run_mood(double, ann, channel)
    await double.changes.wait_for(lambda: double.violations or None, "a violation", 5)
    assert "after its end" in double.violations[0].reason
    assert exchange.thinking


# --- messages ---------------------------------------------------------------------------------


async def test_bot_replies_and_reacts_where_it_is_mentioned(
    bot: EchoBot, double: DiscordDouble, ann: User, channel: Channel
) -> None:
    mention = f"<@{double.world.bot.id}> listen"
    posted = await double.post_message(ann, channel, mention, attachments=[SONG])
    reply = await double.wait_message(channel)
    assert reply.content == "heard 1 file(s)"
    assert reply.reply_to is not None
    assert reply.reply_to.id == posted.id
    assert double.world.messages[posted.id].reactions == {"🎵": frozenset({double.world.bot.id})}
    assert double.violations == []


async def test_content_is_hidden_without_the_intent_but_not_in_direct_messages(
    bot: EchoBot, double: DiscordDouble, ann: User, channel: Channel
) -> None:
    await double.post_message(ann, channel, "a secret", attachments=[SONG])
    await double.post_message(ann, double.direct_channel(ann), "hello", attachments=[SONG])
    song = await double.post_message(ann, channel, "a song", attachments=[SONG])
    mention = f"<@{double.world.bot.id}>"
    await double.post_message(ann, channel, mention, reply_to=song)
    await double.wait_message(channel)
    in_guild, direct, _, mentioning = [await bot.hear() for _ in range(4)]
    assert (in_guild.content, in_guild.attachments) == ("", [])
    assert (direct.content, len(direct.attachments)) == ("hello", 1)
    assert mentioning.content == mention
    replied = mentioning.reference.resolved if mentioning.reference else None
    assert isinstance(replied, discord.Message)
    assert replied.attachments == []


async def test_bot_sends_edits_and_deletes_messages(
    bot: EchoBot, double: DiscordDouble, channel: Channel
) -> None:
    target = bot.get_channel(int(channel.id))
    assert isinstance(target, discord.TextChannel)
    sent = await target.send("one", file=discord.File(__file__, "naïve file.png"))
    await sent.edit(content="two")
    stored = double.world.messages[str(sent.id)]
    assert stored.content == "two"
    assert stored.attachments[0].filename == "na_ve_file.png"
    assert [m.content async for m in target.history()] == ["two"]
    await sent.delete()
    assert double.world.messages_in(channel) == []
    assert double.violations == []


async def test_bot_learns_of_reactions_and_deletions_by_users(
    bot: EchoBot, double: DiscordDouble, ann: User, channel: Channel
) -> None:
    posted = await double.post_message(ann, channel, "hello")
    reacted = asyncio.create_task(bot.wait_for("raw_reaction_add", timeout=5))
    deleted = asyncio.create_task(bot.wait_for("raw_message_delete", timeout=5))
    await asyncio.sleep(0)
    await double.react(ann, posted, "🔥")
    assert str((await reacted).emoji) == "🔥"
    await double.delete_message(posted)
    assert (await deleted).message_id == int(posted.id)


async def test_missing_permission_and_closed_dms_are_refused(
    bot: EchoBot, double: DiscordDouble, ann: User, guild: Guild
) -> None:
    mute = double.add_channel(guild, "quiet", bot_permissions=BOT_PERMISSIONS & ~SEND_MESSAGES)
    with pytest.raises(discord.Forbidden, match="50013"):
        await bot.get_partial_messageable(int(mute.id)).send("hello")
    shy = double.add_user("Shy", accepts_dms=False)
    user = await bot.fetch_user(int(shy.id))
    with pytest.raises(discord.Forbidden, match="50007"):
        await user.send("hello")
    friend = await bot.fetch_user(int(ann.id))
    await friend.send("hello")
    assert (await double.wait_message(double.direct_channel(ann))).content == "hello"


async def test_nothing_of_a_channel_out_of_sight_reaches_the_bot(
    bot: EchoBot, double: DiscordDouble, ann: User, guild: Guild, channel: Channel
) -> None:
    hidden = double.add_channel(guild, "hidden", bot_permissions=BOT_PERMISSIONS & ~VIEW_CHANNEL)
    secret = await double.post_message(ann, hidden, "a secret")
    await double.react(ann, secret, "🔥")
    await double.delete_message(secret)
    seen = await double.post_message(ann, channel, "no secret")
    assert (await bot.hear()).id == int(seen.id)


async def test_what_was_written_is_read_replied_and_reacted_to_only_with_its_history(
    bot: EchoBot, double: DiscordDouble, ann: User, guild: Guild
) -> None:
    channel = double.add_channel(
        guild, "now", bot_permissions=BOT_PERMISSIONS & ~READ_MESSAGE_HISTORY
    )
    posted = await double.post_message(ann, channel, "hello")
    message = bot.get_partial_messageable(int(channel.id)).get_partial_message(int(posted.id))
    with pytest.raises(discord.Forbidden, match="50001"):
        await message.fetch()
    with pytest.raises(discord.Forbidden, match="160002"):
        await message.reply("hello")
    with pytest.raises(discord.Forbidden, match="50013"):
        await message.add_reaction("🔥")


async def test_a_new_reaction_needs_more_than_to_join_one(
    bot: EchoBot, double: DiscordDouble, ann: User, guild: Guild
) -> None:
    channel = double.add_channel(guild, "calm", bot_permissions=BOT_PERMISSIONS & ~ADD_REACTIONS)
    posted = await double.post_message(ann, channel, "hello")
    message = bot.get_partial_messageable(int(channel.id)).get_partial_message(int(posted.id))
    with pytest.raises(discord.Forbidden, match="50013"):
        await message.add_reaction("🔥")
    await double.react(ann, posted, "🔥")
    await message.add_reaction("🔥")


async def test_embeds_are_left_out_where_the_bot_may_not_show_them(
    bot: EchoBot, double: DiscordDouble, guild: Guild
) -> None:
    channel = double.add_channel(guild, "plain", bot_permissions=BOT_PERMISSIONS & ~EMBED_LINKS)
    target = bot.get_partial_messageable(int(channel.id))
    sent = await target.send("a text", embed=discord.Embed(title="an embed"))
    assert (sent.content, sent.embeds) == ("a text", [])
    with pytest.raises(discord.Forbidden, match="50013"):
        await target.send(embed=discord.Embed(title="an embed"))


async def test_only_whom_a_message_lets_be_pinged_is(
    bot: EchoBot, double: DiscordDouble, ann: User, channel: Channel
) -> None:
    posted = await double.post_message(ann, channel, "hello")
    target = bot.get_partial_messageable(int(channel.id))
    reply = target.get_partial_message(int(posted.id)).to_reference()
    text = f"@everyone <@{ann.id}>"
    loud = await target.send(text, allowed_mentions=discord.AllowedMentions.all())
    quiet = await target.send(
        text, reference=reply, allowed_mentions=discord.AllowedMentions.none()
    )
    answer = await target.send("hello", reference=reply, mention_author=True)
    found = [double.world.messages[str(each.id)] for each in (loud, quiet, answer)]
    assert [each.mentions for each in found] == [(ann,), (), (ann,)]
    assert [each.pings_everyone for each in found] == [True, False, False]


async def test_bot_learns_of_servers_that_come_and_go(
    bot: EchoBot, double: DiscordDouble, ann: User
) -> None:
    await bot.wait_until_ready()
    joined = asyncio.create_task(bot.wait_for("guild_join", timeout=5))
    await asyncio.sleep(0)
    new = double.add_guild("New", owner=ann, with_bot=False)
    await double.invite(new)
    assert (await joined).name == "New"
    left = asyncio.create_task(bot.wait_for("guild_remove", timeout=5))
    await asyncio.sleep(0)
    await double.kick_bot(new)
    assert (await left).id == int(new.id)


# --- what goes wrong --------------------------------------------------------------------------


async def test_injected_failure_strikes_as_often_as_it_is_told(
    bot: EchoBot, double: DiscordDouble, ann: User, channel: Channel
) -> None:
    double.fail("PATCH", ORIGINAL, status=429, retry_after=0.01, times=2)
    message = await (await run_mood(double, ann, channel)).final()
    assert message.attachments
    statuses = [status for method, _, status in double.requests if method == "PATCH"]
    assert statuses == [429, 429, 200]


@pytest.mark.parametrize(("after", "sent"), [(False, 0), (True, 1)])
async def test_a_connection_may_break_before_or_after_a_request_is_carried_out(
    bot: EchoBot, double: DiscordDouble, channel: Channel, after: bool, sent: int
) -> None:
    double.fail("POST", "/channels/*/messages", reset=True, after=after)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await bot.get_partial_messageable(int(channel.id)).send("hello")
    assert len(double.world.messages_in(channel)) == sent
    assert double.violations == []


async def test_repeating_a_response_whose_answer_was_lost_breaks_no_rule(
    bot: EchoBot, double: DiscordDouble, ann: User, channel: Channel
) -> None:
    double.fail("POST", "/interactions/*/callback", status=502, after=True)
    exchange = await run_mood(double, ann, channel)
    await exchange.responded()
    await double.changes.wait_for(
        lambda: [r for r in double.requests if r[2] == 400] or None, "the repetition", 10
    )
    assert exchange.thinking
    assert double.violations == []


async def test_rate_limit_is_told_and_kept_by_discord_py(
    bot: EchoBot, double: DiscordDouble, channel: Channel
) -> None:
    target = bot.get_partial_messageable(int(channel.id))
    await asyncio.gather(*(target.send(str(number)) for number in range(60)))
    assert len(double.world.messages_in(channel)) == 60
    assert double.violations == []


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 404}, discord.NotFound),
        ({"status": 500}, discord.HTTPException),
        ({"truncate_after": 10}, aiohttp.ClientPayloadError),
    ],
    ids=["gone", "broken", "cut"],
)
async def test_download_goes_wrong_once(
    bot: EchoBot,
    double: DiscordDouble,
    ann: User,
    fault: dict[str, int],
    error: type[Exception],
) -> None:
    await double.post_message(ann, double.direct_channel(ann), attachments=[SONG])
    attachment = (await bot.hear()).attachments[0]
    double.fail_download("song.mp3", **fault)
    with pytest.raises(error):
        await attachment.read()
    assert await attachment.read() == SONG.data


async def test_stalled_download_can_be_given_up(
    bot: EchoBot, double: DiscordDouble, ann: User
) -> None:
    await double.post_message(ann, double.direct_channel(ann), attachments=[SONG])
    attachment = (await bot.hear()).attachments[0]
    double.fail_download(stall_after=10)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(attachment.read(), 0.2)
    assert double.cdn.downloads == ["song.mp3"]


async def test_dropped_gateway_is_resumed_and_nothing_is_missed(
    bot: EchoBot, double: DiscordDouble, ann: User, channel: Channel
) -> None:
    await double.drop_gateway()
    posted: Message = await double.post_message(ann, double.direct_channel(ann), "while away")
    await asyncio.wait_for(bot.resumed.wait(), 10)
    assert (await bot.hear()).id == int(posted.id)
    assert double.gateway.resumes == 1


async def test_request_to_reconnect_is_followed_by_a_resume(
    bot: EchoBot, double: DiscordDouble
) -> None:
    await double.gateway.request_reconnect()
    await asyncio.wait_for(bot.resumed.wait(), 10)
    assert double.gateway.resumes == 1


async def test_lost_session_is_identified_anew(
    bot: EchoBot, double: DiscordDouble, ann: User, channel: Channel
) -> None:
    await double.drop_gateway(resumable=False)
    await double.changes.wait_for(
        lambda: len(double.gateway.identifies) > 1 or None, "a second identify", 20
    )
    await double.wait_connected()
    assert (await (await run_mood(double, ann, channel)).final()).attachments


async def test_wrong_token_is_turned_away(double: DiscordDouble, bot: EchoBot) -> None:
    other = discord.Client(intents=discord.Intents.none())
    async with other:
        with pytest.raises(discord.LoginFailure):
            await other.start("wrong.token.here")


async def test_intent_that_is_not_switched_on_is_turned_away(
    double: DiscordDouble, bot: EchoBot
) -> None:
    intents = discord.Intents.none()
    intents.message_content = True
    other = discord.AutoShardedClient(intents=intents)
    async with other:
        with pytest.raises(discord.PrivilegedIntentsRequired):
            await other.start(double.token)
    assert double.gateway.privileged_intents & MESSAGE_CONTENT == 0
