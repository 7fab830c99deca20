"""Draw what the stand-in of Discord has recorded as a page that looks like Discord."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import zip_longest
from pathlib import Path

import av

from moodify_core.moods import MOODS
from tests.discord_double import Channel, Message, User
from tests.discord_double.world import Attachment, Json, World

_CSS = Path(__file__).with_name("look.css").read_text(encoding="utf-8")
_TIME = "20:15"
_COLOURS = ("#3ba55c", "#eb459e", "#faa61a", "#5b8def")
_BUTTON, _MENU, _ROLES, _CHANNELS = 2, 3, 6, 8
_STYLES = {1: "primary", 3: "success", 4: "danger"}
_POSTER_AT = 0.4
"""Where in a film the frame lies that stands for it, 0..1."""

_INLINE = re.compile(
    r"`(?P<code>[^`]+)`|\*\*(?P<bold>.+?)\*\*|<@!?(?P<user>\d+)>|<#(?P<channel>\d+)>"
    r"|<t:\d+:R>|\[(?P<masked>[^\]]+)\]\(\S+\)|(?P<link>https?://\S+)"
)


@dataclass(frozen=True, slots=True)
class Said:
    """A message, as one person sees it.

    Attributes
    ----------
    message : Message
    used : (User, str) or None
        Who used which command to get it.
    opened : str or None
        Prefix of the id of a menu that is shown unfolded.
    """

    message: Message
    used: tuple[User, str] | None = None
    opened: str | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """The menu of a message, its apps unfolded, with what somebody is about to choose."""

    entries: Sequence[str]
    inner: str


@dataclass(frozen=True, slots=True)
class Form:
    """A form that the bot has opened, and what is being written into its field."""

    modal: Json
    written: str


@dataclass(frozen=True, slots=True)
class Typed:
    """A command before it is sent.

    Attributes
    ----------
    command : str
    options : mapping of str to str
        Their values by their names.
    """

    command: str
    options: Mapping[str, str]


Part = Said | Sheet | Form | Typed


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture.

    Attributes
    ----------
    name : str
        Of its file, without the ending.
    channel : Channel
        Where it happens.
    parts : sequence of Part
        From top to bottom.
    height : int or None
        Where the picture is cut off, in CSS pixels; None for all of it.
    wide : bool
        Whether there is also a picture at the width of a computer's window.
    """

    name: str
    channel: Channel
    parts: Sequence[Part]
    height: int | None = None
    wide: bool = False


@dataclass(frozen=True)
class Look:
    """Draws scenes of a world."""

    world: World
    _films: dict[str, str] = field(default_factory=dict)

    def page(self, scene: Scene) -> str:
        """Return the page of a scene; the picture is its element ``.frame``."""
        channel = scene.channel
        sign, name = ("#", channel.name) if channel.recipient is None else ("@", "Moodify")
        parts = "".join(map(self._part, scene.parts))
        cut = f' clipped" style="max-height: {scene.height}px' if scene.height else ""
        return (
            f'<!doctype html><meta charset="utf-8"><style>{_CSS}</style><div class="frame">'
            f'<div class="bar"><span class="sign">{sign}</span>{escape(name)}</div>'
            f'<div class="messages{cut}">{parts}</div></div>'
        )

    def _part(self, part: Part) -> str:
        match part:
            case Said():
                return self._message(part)
            case Sheet(entries, inner):
                drawn = "".join(f"<div>{escape(entry)}</div>" for entry in entries)
                chosen = f'<div class="here">{escape(inner)}</div>'
                return f'<div class="sheet">{drawn}<div>Apps<span>⌄</span></div>{chosen}</div>'
            case Form(modal, written):
                return _form(modal, written)
            case Typed(command, options):
                typed = "".join(
                    f'<span class="part"><b>{escape(name)}</b>{escape(value)}</span>'
                    for name, value in options.items()
                )
                return f'<div class="typed"><span>/{escape(command)}</span>{typed}</div>'

    # --- messages -----------------------------------------------------------------------------

    def _message(self, said: Said) -> str:
        message = said.message
        private = '<p class="only">👁 Only you can see this • <a>Dismiss message</a></p>'
        told = (
            _author(message.author)
            + self._text(message.content)
            + "".join(self._files(message))
            + "".join(self._embed(embed, message) for embed in message.embeds)
            + "".join(self._row(row, said.opened) for row in message.components)
            + _reactions(message)
            + (private if message.ephemeral else "")
        )
        return (
            f'<div class="message{" private" * message.ephemeral}">{self._before(said)}'
            f'<div class="body">{self._avatar(message.author)}<div class="told">{told}</div>'
            "</div></div>"
        )

    def _before(self, said: Said) -> str:
        if said.used is not None:
            user, command = said.used
            text = f'<b>{escape(user.name)}</b> used <span class="link">{escape(command)}</span>'
            return f'<div class="before">{self._avatar(user)}{text}</div>'
        original = said.message.reply_to
        if original is None:
            return ""
        words = self._inline(original.content) or "Click to see attachment 🖼"
        text = f'<b>{escape(original.author.name)}</b> <span class="said">{words}</span>'
        return f'<div class="before">{self._avatar(original.author)}{text}</div>'

    def _avatar(self, user: User) -> str:
        if user.bot:
            turns = ", ".join(
                f"{mood.colour} {72 * at}deg {72 * at + 72}deg" for at, mood in enumerate(MOODS)
            )
            return f'<div class="avatar" style="background: conic-gradient({turns})">♪</div>'
        people = [each for each in self.world.users.values() if not each.bot]
        colour = _COLOURS[people.index(user) % len(_COLOURS)]
        return f'<div class="avatar" style="background: {colour}">{escape(user.name[0])}</div>'

    def _files(self, message: Message) -> Iterator[str]:
        embedded = {(embed.get("image") or {}).get("url") for embed in message.embeds}
        files = [f for f in message.attachments if f"attachment://{f.filename}" not in embedded]
        for file in files:
            kind = (file.content_type or "").partition("/")[0]
            if kind == "image":
                yield f'<img class="picture" src="{_data(file.data, "image/png")}">'
            elif kind == "video":
                yield f'<div class="film"><img src="{self._poster(file)}"></div>'
            else:
                # Only sound gets a player.
                plain = kind != "audio"
                yield _file(file, "📄" if plain else "🎵", brief=plain or len(files) > 1)

    def _poster(self, file: Attachment) -> str:
        if file.id not in self._films:
            self._films[file.id] = _data(_frame(file.data), "image/png")
        return self._films[file.id]

    def _embed(self, embed: Json, message: Message) -> str:
        colour = f"#{embed.get('color') or 0x1E1F22:06x}"
        parts = [f"<h3>{self._inline(embed['title'])}</h3>"] if embed.get("title") else []
        parts.append(self._text(embed.get("description") or ""))
        for entry in embed.get("fields") or ():
            parts.append(f"<h4>{self._inline(entry['name'])}</h4>{self._text(entry['value'])}")
        url = (embed.get("image") or {}).get("url", "")
        if url.startswith("attachment://"):
            file = message.attachment(url.removeprefix("attachment://"))
            parts.append(f'<img src="{_data(file.data, "image/png")}">')
        if embed.get("footer"):
            parts.append(f"<footer>{escape(embed['footer']['text'])}</footer>")
        return f'<div class="embed" style="border-color: {colour}">{"".join(parts)}</div>'

    # --- components ---------------------------------------------------------------------------

    def _row(self, row: Json, opened: str | None) -> str:
        parts = (
            _button(part) if part["type"] == _BUTTON else self._menu(part, opened)
            for part in row["components"]
        )
        return f'<div class="row">{"".join(parts)}</div>'

    def _menu(self, menu: Json, opened: str | None) -> str:
        options = menu.get("options") or []
        if menu["type"] in (_ROLES, _CHANNELS):
            ids = [value["id"] for value in menu.get("default_values") or ()]
            shown = [f"#{self.world.channels[str(each)].name}" for each in ids]
        else:
            shown = [option["label"] for option in options if option.get("default")]
        prompt = escape(menu.get("placeholder") or "")
        value = escape(", ".join(shown)) or f'<span class="prompt">{prompt}</span>'
        closed = f'<div class="select"><span>{value}</span><span>⌄</span></div>'
        if opened is None or not menu["custom_id"].startswith(opened):
            return closed
        return f'{closed}<div class="options">{"".join(map(_option, options))}</div>'

    # --- text ---------------------------------------------------------------------------------

    def _text(self, text: str) -> str:
        pieces = re.split(r"```\n?(.*?)\n?```\n?", text, flags=re.DOTALL)
        drawn: list[str] = []
        for words, block in zip_longest(pieces[::2], pieces[1::2]):
            drawn += map(self._line, words.rstrip("\n").split("\n") if words else ())
            if block is not None:
                drawn.append(f"<pre>{escape(block)}</pre>")
        return f'<div class="text">{"".join(drawn)}</div>' if drawn else ""

    def _line(self, line: str) -> str:
        if line.startswith("-# "):
            return f'<p class="small">{self._inline(line[3:])}</p>'
        if line.startswith("- "):
            return f'<p class="item"><span>{self._inline(line[2:])}</span></p>'
        return f"<p>{self._inline(line)}</p>" if line else '<p class="gap"></p>'

    def _inline(self, text: str) -> str:
        drawn, end = [], 0
        for match in _INLINE.finditer(text):
            drawn += [escape(text[end : match.start()]), self._styled(match)]
            end = match.end()
        return "".join([*drawn, escape(text[end:])])

    def _styled(self, match: re.Match[str]) -> str:
        kind, value = match.lastgroup, match[match.lastgroup or 0]
        match kind:
            case "code":
                return f"<code>{escape(value)}</code>"
            case "bold":
                return f"<b>{self._inline(value)}</b>"
            case "user":
                return f'<span class="mention">@{escape(self.world.users[value].name)}</span>'
            case "channel":
                return f'<span class="mention">#{escape(self.world.channels[value].name)}</span>'
            case "link" | "masked":
                return f"<a>{escape(value)}</a>"
            case _time:
                return "<code>2 days ago</code>"


def _author(user: User) -> str:
    app = '<span class="app">APP</span>' * user.bot
    return f'<div class="author">{escape(user.name)}{app}<time>{_TIME}</time></div>'


def _file(file: Attachment, sign: str, *, brief: bool) -> str:
    name = escape(file.filename)
    size = f"{len(file.data) / 1024:,.0f} KB"
    return (
        f'<div class="song{" brief" * brief}"><div class="name"><span class="note">{sign}</span>'
        f'<div><span class="link">{name}</span><div class="size">{size}</div></div></div>'
        '<div class="player">▶ <span>0:00</span><i></i>🔊</div></div>'
    )


def _button(button: Json) -> str:
    emoji = (button.get("emoji") or {}).get("name") or ""
    out = " ↗" if button.get("url") else ""
    label = escape(" ".join(filter(None, [emoji, button.get("label")])) + out)
    return f'<span class="button {_STYLES.get(button["style"], "")}">{label}</span>'


def _option(option: Json) -> str:
    emoji = (option.get("emoji") or {}).get("name") or ""
    meaning = escape(option.get("description") or "")
    chosen = bool(option.get("default"))
    return (
        f'<div class="option{" chosen" * chosen}"><span>{emoji}</span>'.replace("<span></span>", "")
        + f'<div>{escape(option["label"])}<div class="meaning">{meaning}</div></div>'
        + '<span class="tick">✔</span>' * chosen
        + "</div>"
    )


def _form(modal: Json, written: str) -> str:
    (field_,) = _inputs(modal["components"])
    return (
        f'<div class="form"><h3>{escape(modal["title"])}</h3>'
        f"<label>{escape(field_['label'])}</label>"
        f'<div class="field">{escape(written)}</div>'
        '<span class="button primary">Submit</span></div>'
    )


def _inputs(components: Iterable[Json]) -> Iterator[Json]:
    for component in components:
        inner = [*component.get("components", ()), *filter(None, [component.get("component")])]
        yield from _inputs({"label": component.get("label")} | each for each in inner)
        if not inner:
            yield component


def _reactions(message: Message) -> str:
    drawn = "".join(
        f'<span class="reaction">{emoji}<b>{len(users)}</b></span>'
        for emoji, users in message.reactions.items()
    )
    return f'<div class="reactions">{drawn}</div>' if drawn else ""


def _frame(film: bytes) -> bytes:
    """Return a frame of a film as a PNG."""
    with av.open(io.BytesIO(film), mode="r") as container:
        (stream,) = container.streams.video
        wanted = _POSTER_AT * float(container.duration or 0) / av.time_base
        frame = next(f for f in container.decode(stream) if (f.time or 0) >= wanted)
        out = io.BytesIO()
        frame.to_image().save(out, "PNG")  # type: ignore[no-untyped-call]
    return out.getvalue()


def _data(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
