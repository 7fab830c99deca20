"""A small discord.py bot that uses what a large one would use."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands


class EchoBot(commands.AutoShardedBot):
    """Registers commands, answers them, and replies where it is mentioned."""

    def __init__(self) -> None:
        super().__init__(
            commands.when_mentioned,
            intents=discord.Intents.default(),
            help_command=None,
            guild_ready_timeout=0.1,
        )
        self.heard: asyncio.Queue[discord.Message] = asyncio.Queue()
        self.resumed = asyncio.Event()

    async def setup_hook(self) -> None:
        slash: list[app_commands.Command[Any, ..., Any]]
        slash = [mood, slow, twice, suggest_me, broken, hello, form]
        for command in slash:
            self.tree.add_command(command)
        self.tree.add_command(peek)
        self.tree.add_command(settings)
        await self.tree.sync()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Identify at once: discord.py would wait for five seconds."""

    async def hear(self) -> discord.Message:
        """Return the next message of a user."""
        return await asyncio.wait_for(self.heard.get(), 10)

    async def on_message(self, message: discord.Message) -> None:
        if message.author != self.user:
            self.heard.put_nowait(message)
        if self.user in message.mentions:
            await message.add_reaction("🎵")
            await message.reply(f"heard {len(message.attachments)} file(s)")

    async def on_resumed(self) -> None:
        self.resumed.set()


def answer(data: bytes) -> tuple[discord.Embed, discord.File]:
    embed = discord.Embed(title="Mood", description=f"{len(data)} bytes")
    embed.set_image(url="attachment://mood.png")
    return embed, discord.File(io.BytesIO(data), "mood.png", description="A picture of the mood")


@app_commands.command()
@app_commands.describe(file="A song", private="Only for you")
@app_commands.allowed_installs(guilds=True, users=True)
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
async def mood(
    interaction: discord.Interaction, file: discord.Attachment, private: bool = False
) -> None:
    """Say how long a file is."""
    await interaction.response.defer(thinking=True, ephemeral=private)
    embed, picture = answer(await file.read())
    await interaction.edit_original_response(embed=embed, attachments=[picture])


@app_commands.context_menu(name="Analyze mood")
async def peek(interaction: discord.Interaction, message: discord.Message) -> None:
    await interaction.response.defer(thinking=True)
    await interaction.followup.send(message.attachments[0].title or message.attachments[0].filename)


@app_commands.command()
async def slow(interaction: discord.Interaction) -> None:
    """Answer later than the test allows."""
    await asyncio.sleep(0.3)
    await interaction.response.send_message("late")


@app_commands.command()
async def twice(interaction: discord.Interaction) -> None:
    """Answer twice, behind discord.py's back."""
    await interaction.response.send_message("first")
    interaction.response._response_type = None
    await interaction.response.send_message("second")


@app_commands.command()
async def suggest_me(interaction: discord.Interaction, song: str) -> None:
    """Take a song that was suggested."""
    await interaction.response.send_message(song)


@suggest_me.autocomplete("song")
async def suggestions(
    interaction: discord.Interaction, current: str
) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=f"{current} song", value=current)]


@app_commands.command()
async def broken(interaction: discord.Interaction) -> None:
    """Send an embed that Discord does not take."""
    await interaction.response.defer(ephemeral=True)
    embed = discord.Embed(title="t").set_image(url="attachment://nowhere.png")
    await interaction.edit_original_response(embed=embed.add_field(name="n", value=""))


class Buttons(discord.ui.View):
    @discord.ui.button(label="More")
    async def more(self, interaction: discord.Interaction, _: discord.ui.Button[Buttons]) -> None:
        await interaction.response.edit_message(content="more", view=None)

    @discord.ui.select(
        options=[discord.SelectOption(label="Week"), discord.SelectOption(label="Month")]
    )
    async def span(
        self, interaction: discord.Interaction, menu: discord.ui.Select[Buttons]
    ) -> None:
        await interaction.response.send_message(f"a {menu.values[0]}", ephemeral=True)


@app_commands.command()
async def hello(interaction: discord.Interaction) -> None:
    """Show buttons."""
    await interaction.response.send_message("hello", view=Buttons())


class Form(discord.ui.Modal, title="A form"):
    name = discord.ui.TextInput[discord.ui.Modal](label="Name", custom_id="name")

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"hello {self.name.value}")


@app_commands.command()
async def form(interaction: discord.Interaction) -> None:
    """Open a form."""
    await interaction.response.send_modal(Form())


settings = app_commands.Group(name="settings", description="Settings of the server")


@settings.command()
async def show(interaction: discord.Interaction, user: discord.Member) -> None:
    """Show settings of somebody."""
    await interaction.response.send_message(f"{interaction.user} sees {user}")
