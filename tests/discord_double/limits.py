"""Discord's documented limits that a JSON schema does not express.

Every function takes decoded JSON and yields one sentence for each broken rule. Values of a
wrong type are passed over in silence: the schema is there to name those.

Sources: discord.com/developers/docs, "Application Commands", "Message" (embed limits, create
message), "Component Reference", "Receiving and Responding", "Reference" (uploading files).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

MEBIBYTE = 1024 * 1024
DEFAULT_FILE_SIZE = 10 * MEBIBYTE
MAX_FILES = 10
MAX_ALT_TEXT = 1024
MAX_CONTENT = 2000
MAX_NONCE = 25

MAX_EMBEDS = 10
MAX_EMBED_TOTAL = 6000
MAX_EMBED_FIELDS = 25
EMBED_IMAGES = ("jpg", "jpeg", "png", "webp", "gif")

MAX_ROWS = 5
MAX_ROW_BUTTONS = 5
MAX_V2_COMPONENTS = 40
MAX_V2_TEXT = 4000
MAX_CUSTOM_ID = 100
MAX_LABEL = 80

MAX_OPTIONS = 25
MAX_CHOICES = 25
MAX_COMMAND_TOTAL = 8000

ROW, BUTTON, STRING_SELECT = 1, 2, 3
SELECTS = frozenset({3, 5, 6, 7, 8})
TEXT_DISPLAY = 10
LINK_STYLE, PREMIUM_STYLE = 5, 6

CHAT_INPUT, USER_COMMAND, MESSAGE_COMMAND, ENTRY_POINT = 1, 2, 3, 4
MAX_COMMANDS = {CHAT_INPUT: 100, USER_COMMAND: 15, MESSAGE_COMMAND: 15, ENTRY_POINT: 1}
SUBCOMMAND, GROUP = 1, 2
WITH_CHOICES = frozenset({3, 4, 10})

SUPPRESS_EMBEDS = 1 << 2
EPHEMERAL = 1 << 6
SUPPRESS_NOTIFICATIONS = 1 << 12
VOICE_MESSAGE = 1 << 13
COMPONENTS_V2 = 1 << 15

PING, COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 1, 2, 3, 4, 5
CALLBACKS_FOR = {
    PING: frozenset({1}),
    COMMAND: frozenset({4, 5, 9, 10, 12}),
    COMPONENT: frozenset({4, 5, 6, 7, 9, 10, 12}),
    AUTOCOMPLETE: frozenset({8}),
    MODAL_SUBMIT: frozenset({4, 5, 6, 7, 10, 12}),
}


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of a multipart request."""

    part: str
    filename: str
    data: bytes = field(repr=False)
    content_type: str = "application/octet-stream"


def command_list_problems(commands: Any) -> Iterator[str]:
    """Check a whole set of commands, as a bulk overwrite sends it."""
    listed = _dicts(commands)
    kinds = Counter(command.get("type") or CHAT_INPUT for command in listed)
    for kind, limit in MAX_COMMANDS.items():
        if kinds[kind] > limit:
            yield f"{kinds[kind]} commands of type {kind}: at most {limit}"
    names = Counter((command.get("type") or CHAT_INPUT, command.get("name")) for command in listed)
    for (kind, name), count in names.items():
        if count > 1:
            yield f"command name {name!r} of type {kind} occurs {count} times"
    for command in listed:
        yield from command_problems(command)


def command_problems(command: Any, *, partial: bool = False) -> Iterator[str]:
    """Check one application command; a partial one may leave out what it does not change."""
    if not isinstance(command, dict):
        return
    kind = command.get("type") or CHAT_INPUT
    if "name" in command or not partial:
        for name in _localised(command, "name"):
            yield from _name_problems(name, kind)
    if kind == CHAT_INPUT:
        if "description" in command or not partial:
            yield from _description_problems(command)
        yield from _option_list_problems(command.get("options"), depth=0)
    else:
        if command.get("description"):
            yield f"a command of type {kind} cannot have a description"
        if command.get("options"):
            yield f"a command of type {kind} cannot have options"
    total = _command_length(command)
    if total > MAX_COMMAND_TOTAL:
        yield f"command has {total} characters in all: at most {MAX_COMMAND_TOTAL}"


def message_problems(
    message: Any,
    *,
    uploads: Sequence[Upload] = (),
    kept: Mapping[str, str] | None = None,
    flags_allowed: int,
    file_size: int = DEFAULT_FILE_SIZE,
    new: bool = True,
) -> Iterator[str]:
    """Check a message that is sent or edited.

    Parameters
    ----------
    message : Any
        The decoded JSON.
    uploads : Sequence[Upload]
        Files of the same request.
    kept : Mapping[str, str], optional
        For an edit, the attachments that the message has already: id to file name.
    flags_allowed : int
        Message flags that this route may set.
    file_size : int
        Largest allowed file in bytes.
    new : bool
        Whether the message is created: a new message cannot be empty.
    """
    if not isinstance(message, dict):
        return
    existing = kept or {}
    flags = message.get("flags") or 0
    embeds = _dicts(message.get("embeds"))
    if isinstance(flags, int) and flags & ~flags_allowed:
        yield f"message flags {flags & ~flags_allowed} cannot be set here"
    if len(_text(message.get("content"))) > MAX_CONTENT:
        yield f"content is longer than {MAX_CONTENT} characters"
    if len(str(message.get("nonce") or "")) > MAX_NONCE:
        yield f"nonce is longer than {MAX_NONCE} characters"
    if message.get("enforce_nonce") and not message.get("nonce"):
        yield "enforce_nonce needs a nonce"
    yield from _upload_problems(message, uploads, existing, file_size)
    yield from embed_problems(embeds, _names_at_hand(message, uploads, existing))
    yield from _mention_problems(message.get("allowed_mentions"))
    is_v2 = isinstance(flags, int) and bool(flags & COMPONENTS_V2)
    yield from component_problems(message.get("components"), v2=is_v2)
    if is_v2 and (message.get("content") or embeds):
        yield "content and embeds cannot go with components v2"
    if new and is_empty(message, uploads):
        yield "cannot send an empty message"


def is_empty(message: Mapping[str, Any], uploads: Sequence[Upload] = ()) -> bool:
    """Whether a message would show nothing at all."""
    shown = ("embeds", "components", "sticker_ids", "poll", "attachments")
    forwarded = (message.get("message_reference") or {}).get("type") == 1
    return not (
        _text(message.get("content")).strip()
        or any(message.get(key) for key in shown)
        or uploads
        or forwarded
    )


def embed_problems(embeds: Sequence[dict[str, Any]], names: Iterable[str] = ()) -> Iterator[str]:
    """Check the embeds of one message; `names` are the files that they may refer to."""
    at_hand = frozenset(names)
    if len(embeds) > MAX_EMBEDS:
        yield f"{len(embeds)} embeds: at most {MAX_EMBEDS}"
    total = sum(_embed_length(embed) for embed in embeds)
    if total > MAX_EMBED_TOTAL:
        yield f"embeds have {total} characters in all: at most {MAX_EMBED_TOTAL}"
    for embed in embeds:
        yield from _one_embed_problems(embed)
        for place, url in _embed_urls(embed):
            yield from _embed_url_problems(place, url, at_hand)


def component_problems(components: Any, *, v2: bool = False) -> Iterator[str]:
    """Check the components of one message."""
    top = _dicts(components)
    every = list(_walk_components(top))
    yield from _custom_id_problems(every)
    if v2:
        if len(every) > MAX_V2_COMPONENTS:
            yield f"{len(every)} components: at most {MAX_V2_COMPONENTS}"
        text = sum(len(_text(c.get("content"))) for c in every if c.get("type") == TEXT_DISPLAY)
        if text > MAX_V2_TEXT:
            yield f"text of components has {text} characters: at most {MAX_V2_TEXT}"
    else:
        if len(top) > MAX_ROWS:
            yield f"{len(top)} action rows: at most {MAX_ROWS}"
        if any(component.get("type") != ROW for component in top):
            yield "without components v2 only action rows may stand at the top"
    for component in every:
        if component.get("type") == ROW:
            yield from _row_problems(_dicts(component.get("components")))
        elif component.get("type") == BUTTON:
            yield from _button_problems(component)
        elif component.get("type") in SELECTS:
            yield from _select_problems(component)


def callback_problems(
    callback: Any,
    *,
    interaction_type: int,
    uploads: Sequence[Upload] = (),
    kept: Mapping[str, str] | None = None,
    file_size: int = DEFAULT_FILE_SIZE,
) -> Iterator[str]:
    """Check the first response to an interaction."""
    if not isinstance(callback, dict):
        return
    kind = callback.get("type")
    data = callback.get("data") if isinstance(callback.get("data"), dict) else {}
    assert isinstance(data, dict)
    if kind not in CALLBACKS_FOR[interaction_type]:
        yield f"callback type {kind} does not answer an interaction of type {interaction_type}"
    if kind in (4, 7):
        yield from message_problems(
            data,
            uploads=uploads,
            kept=kept,
            flags_allowed=SUPPRESS_EMBEDS | EPHEMERAL | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2,
            file_size=file_size,
            new=kind == 4,
        )
    elif kind == 5:
        if set(data) - {"flags"}:
            yield "a deferral can carry nothing but flags"
        if (data.get("flags") or 0) & ~(EPHEMERAL | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2):
            yield "a deferral cannot set these message flags"
    elif kind == 8:
        yield from _choice_problems(data.get("choices"))
    elif kind == 9:
        yield from _modal_problems(data)


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


# --- commands ---------------------------------------------------------------------------------


def _localised(item: Mapping[str, Any], key: str) -> Iterator[str]:
    yield _text(item.get(key))
    translations = item.get(f"{key}_localizations")
    if isinstance(translations, dict):
        yield from map(_text, translations.values())


def _name_problems(name: str, kind: int = CHAT_INPUT) -> Iterator[str]:
    if not 1 <= len(name) <= 32:
        yield f"name {name!r} must have 1 to 32 characters"
    if kind in (CHAT_INPUT, ENTRY_POINT):
        if not all(_is_name_character(character) for character in name):
            yield f"name {name!r} has characters that are not allowed"
        if name != name.lower():
            yield f"name {name!r} must be lower-case"
    elif name and not name.strip():
        yield f"name {name!r} is blank"


def _is_name_character(character: str) -> bool:
    """Tell whether ``[-_'\\p{L}\\p{N}\\p{sc=Deva}\\p{sc=Thai}]`` matches."""
    return (
        character in "-_'"
        or unicodedata.category(character)[0] in "LN"
        or unicodedata.name(character, "").startswith(("DEVANAGARI ", "THAI "))
    )


def _description_problems(item: Mapping[str, Any]) -> Iterator[str]:
    for description in _localised(item, "description"):
        if not 1 <= len(description) <= 100:
            yield f"description of {item.get('name')!r} must have 1 to 100 characters"


def _option_list_problems(options: Any, depth: int) -> Iterator[str]:
    listed = _dicts(options)
    if len(listed) > MAX_OPTIONS:
        yield f"{len(listed)} options: at most {MAX_OPTIONS}"
    for name, count in Counter(option.get("name") for option in listed).items():
        if count > 1:
            yield f"option name {name!r} occurs {count} times"
    nested = [option.get("type") in (SUBCOMMAND, GROUP) for option in listed]
    if any(nested) and not all(nested):
        yield "subcommands and parameters cannot stand side by side"
    optional_seen = False
    for option in listed:
        if option.get("required") and optional_seen:
            yield f"required option {option.get('name')!r} stands after an optional one"
        optional_seen = optional_seen or not option.get("required")
        yield from _option_problems(option, depth)


def _option_problems(option: Mapping[str, Any], depth: int) -> Iterator[str]:
    label, kind = option.get("name"), option.get("type")
    for name in _localised(option, "name"):
        yield from _name_problems(name)
    yield from _description_problems(option)
    if kind == GROUP and depth > 0:
        yield f"group {label!r} is nested too deep"
    if kind == SUBCOMMAND and depth > 1:
        yield f"subcommand {label!r} is nested too deep"
    if kind in (SUBCOMMAND, GROUP):
        if option.get("required"):
            yield f"subcommand {label!r} cannot be required"
        # A subcommand directly below the command is as deep as one below a group.
        yield from _option_list_problems(option.get("options"), depth + 1 if kind == GROUP else 2)
    if kind == GROUP and any(o.get("type") != SUBCOMMAND for o in _dicts(option.get("options"))):
        yield f"group {label!r} may hold nothing but subcommands"
    choices = option.get("choices")
    if choices:
        if kind not in WITH_CHOICES:
            yield f"option {label!r} of type {kind} cannot have choices"
        if option.get("autocomplete"):
            yield f"option {label!r} cannot have both choices and autocomplete"
        yield from _choice_problems(choices)
    for low, high in (("min_value", "max_value"), ("min_length", "max_length")):
        least, most = option.get(low), option.get(high)
        if isinstance(least, int | float) and isinstance(most, int | float) and least > most:
            yield f"option {label!r}: {low} is above {high}"


def _choice_problems(choices: Any) -> Iterator[str]:
    listed = _dicts(choices)
    if len(listed) > MAX_CHOICES:
        yield f"{len(listed)} choices: at most {MAX_CHOICES}"
    for name, count in Counter(choice.get("name") for choice in listed).items():
        if count > 1:
            yield f"choice name {name!r} occurs {count} times"
    for choice in listed:
        if any(not 1 <= len(name) <= 100 for name in _localised(choice, "name")):
            yield f"choice name {choice.get('name')!r} must have 1 to 100 characters"
        if isinstance(choice.get("value"), str) and len(choice["value"]) > 100:
            yield "choice value is longer than 100 characters"


def _command_length(item: Mapping[str, Any]) -> int:
    # Where there are translations, only the longest text of each field counts.
    own = sum(max(map(len, _localised(item, key))) for key in ("name", "description"))
    own += len(_text(item.get("value")))
    below = _dicts(item.get("options")) + _dicts(item.get("choices"))
    return own + sum(_command_length(child) for child in below)


# --- messages ---------------------------------------------------------------------------------


def _names_at_hand(
    message: Mapping[str, Any], uploads: Sequence[Upload], kept: Mapping[str, str]
) -> set[str]:
    names = {upload.filename for upload in uploads}
    if "attachments" not in message:
        return names | set(kept.values())
    listed = {str(item.get("id")) for item in _dicts(message["attachments"])}
    return names | {name for attachment_id, name in kept.items() if attachment_id in listed}


def _upload_problems(
    message: Mapping[str, Any],
    uploads: Sequence[Upload],
    kept: Mapping[str, str],
    file_size: int,
) -> Iterator[str]:
    if len(uploads) > MAX_FILES:
        yield f"{len(uploads)} files: at most {MAX_FILES}"
    for upload in uploads:
        if not re.fullmatch(r"files\[\d+\]", upload.part):
            yield f"file part {upload.part!r} is not named files[n]"
        if not upload.filename:
            yield f"file part {upload.part!r} has no file name"
        if len(upload.data) > file_size:
            yield f"file {upload.filename!r} is larger than {file_size} bytes"
    for part, count in Counter(upload.part for upload in uploads).items():
        if count > 1:
            yield f"file part {part!r} occurs {count} times"
    indices = {match[1] for u in uploads if (match := re.fullmatch(r"files\[(\d+)\]", u.part))}
    attachments = _dicts(message.get("attachments"))
    if len(attachments) > MAX_FILES:
        yield f"{len(attachments)} attachments: at most {MAX_FILES}"
    for attachment in attachments:
        if str(attachment.get("id")) not in indices | kept.keys():
            yield f"attachment {attachment.get('id')!r} has neither a file nor an old attachment"
        if len(_text(attachment.get("description"))) > MAX_ALT_TEXT:
            yield f"attachment description is longer than {MAX_ALT_TEXT} characters"


def _mention_problems(mentions: Any) -> Iterator[str]:
    if not isinstance(mentions, dict):
        return
    parse = mentions.get("parse") if isinstance(mentions.get("parse"), list) else []
    assert isinstance(parse, list)
    for kind in parse:
        if kind not in ("roles", "users", "everyone"):
            yield f"allowed_mentions cannot parse {kind!r}"
    for kind in ("users", "roles"):
        listed = mentions.get(kind)
        if not isinstance(listed, list):
            continue
        if kind in parse and listed:
            yield f"allowed_mentions both parses {kind} and lists some"
        if len(listed) > 100:
            yield f"allowed_mentions lists more than 100 {kind}"


def _one_embed_problems(embed: Mapping[str, Any]) -> Iterator[str]:
    for place, limit in (("title", 256), ("description", 4096)):
        if len(_text(embed.get(place)).strip()) > limit:
            yield f"embed {place} is longer than {limit} characters"
    for place, key, limit in (("footer", "text", 2048), ("author", "name", 256)):
        if isinstance(embed.get(place), dict):
            length = len(_text(embed[place].get(key)).strip())
            if length > limit:
                yield f"embed {place} is longer than {limit} characters"
            if not length:
                yield f"embed {place} needs a {key}"
    yield from _field_problems(_dicts(embed.get("fields")))
    timestamp = embed.get("timestamp")
    if isinstance(timestamp, str) and not _is_iso_time(timestamp):
        yield f"embed timestamp {timestamp!r} is not an ISO 8601 time"
    shown = ("title", "description", "fields", "author", "footer", "image", "thumbnail", "url")
    if not any(embed.get(key) for key in shown):
        yield "embed shows nothing"


def _field_problems(fields: Sequence[dict[str, Any]]) -> Iterator[str]:
    if len(fields) > MAX_EMBED_FIELDS:
        yield f"{len(fields)} embed fields: at most {MAX_EMBED_FIELDS}"
    for entry in fields:
        for key, limit in (("name", 256), ("value", 1024)):
            length = len(_text(entry.get(key)).strip())
            if not length:
                yield f"embed field {key} is empty"
            if length > limit:
                yield f"embed field {key} is longer than {limit} characters"


def _is_iso_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _embed_length(embed: Mapping[str, Any]) -> int:
    texts = [embed.get("title"), embed.get("description")]
    for place, key in (("footer", "text"), ("author", "name")):
        if isinstance(embed.get(place), dict):
            texts.append(embed[place].get(key))
    for entry in _dicts(embed.get("fields")):
        texts += [entry.get("name"), entry.get("value")]
    return sum(len(_text(text).strip()) for text in texts)


def _embed_urls(embed: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if isinstance(embed.get("url"), str):
        yield "url", embed["url"]
    places = (("image", "url"), ("thumbnail", "url"), ("author", "url"))
    icons = (("author", "icon_url"), ("footer", "icon_url"))
    for place, key in places + icons:
        if isinstance(embed.get(place), dict) and isinstance(embed[place].get(key), str):
            yield f"{place} {key}", embed[place][key]


def _embed_url_problems(place: str, url: str, names: frozenset[str]) -> Iterator[str]:
    scheme, _, name = url.partition("://")
    if scheme == "attachment":
        if place in ("url", "author url"):
            yield f"embed {place} cannot refer to an attachment"
        elif name not in names:
            yield f"embed {place} refers to {url!r}, which is not attached"
        elif not re.fullmatch(r"[\w.-]+", name, re.ASCII):
            yield f"embed {place}: file name {name!r} does not survive the upload unchanged"
        elif name.rpartition(".")[2].lower() not in EMBED_IMAGES:
            yield f"embed {place}: {name!r} is not a jpg, png, webp or gif"
    elif scheme not in ("http", "https"):
        yield f"embed {place} {url!r} is neither http nor https"


# --- components -------------------------------------------------------------------------------


def _walk_components(components: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for component in components:
        yield component
        children = _dicts(component.get("components"))
        children += [component[k] for k in ("accessory", "component") if _dicts([component.get(k)])]
        yield from _walk_components(children)


def _custom_id_problems(components: Iterable[dict[str, Any]]) -> Iterator[str]:
    custom_ids = Counter(c["custom_id"] for c in components if isinstance(c.get("custom_id"), str))
    for custom_id, count in custom_ids.items():
        if count > 1:
            yield f"custom_id {custom_id!r} occurs {count} times"
        if not 1 <= len(custom_id) <= MAX_CUSTOM_ID:
            yield f"custom_id must have 1 to {MAX_CUSTOM_ID} characters"


def _row_problems(children: Sequence[dict[str, Any]]) -> Iterator[str]:
    buttons = sum(child.get("type") == BUTTON for child in children)
    selects = sum(child.get("type") in SELECTS for child in children)
    if not children:
        yield "action row is empty"
    if buttons > MAX_ROW_BUTTONS:
        yield f"{buttons} buttons in a row: at most {MAX_ROW_BUTTONS}"
    if selects > 1 or (selects and buttons):
        yield "a select menu needs an action row of its own"


def _button_problems(button: Mapping[str, Any]) -> Iterator[str]:
    style = button.get("style")
    has_id, has_url, has_sku = (bool(button.get(key)) for key in ("custom_id", "url", "sku_id"))
    if style == LINK_STYLE and (has_id or not has_url):
        yield "a link button needs a url and no custom_id"
    elif style == PREMIUM_STYLE and (has_id or has_url or not has_sku or button.get("label")):
        yield "a premium button needs a sku_id and nothing else"
    elif style not in (LINK_STYLE, PREMIUM_STYLE) and (has_url or not has_id):
        yield "a button needs a custom_id and no url"
    if style != PREMIUM_STYLE and not (button.get("label") or button.get("emoji")):
        yield "a button needs a label or an emoji"
    if len(_text(button.get("label"))) > MAX_LABEL:
        yield f"button label is longer than {MAX_LABEL} characters"


def _select_problems(select: Mapping[str, Any]) -> Iterator[str]:
    if not select.get("custom_id"):
        yield "a select menu needs a custom_id"
    if len(_text(select.get("placeholder"))) > 150:
        yield "placeholder is longer than 150 characters"
    least, most = select.get("min_values"), select.get("max_values")
    if isinstance(least, int) and isinstance(most, int) and least > most:
        yield "min_values is above max_values"
    if select.get("type") != STRING_SELECT:
        return
    options = _dicts(select.get("options"))
    if not 1 <= len(options) <= 25:
        yield f"{len(options)} options in a select menu: 1 to 25"
    if isinstance(most, int) and most > len(options):
        yield "max_values is above the number of options"
    for value, count in Counter(option.get("value") for option in options).items():
        if count > 1:
            yield f"option value {value!r} occurs {count} times"
    for option in options:
        for key in ("label", "value", "description"):
            if len(_text(option.get(key))) > 100:
                yield f"option {key} is longer than 100 characters"
            if key != "description" and not option.get(key):
                yield f"option {key} is empty"


def _modal_problems(data: Mapping[str, Any]) -> Iterator[str]:
    if not 1 <= len(_text(data.get("title"))) <= 45:
        yield "modal title must have 1 to 45 characters"
    if not 1 <= len(_text(data.get("custom_id"))) <= MAX_CUSTOM_ID:
        yield f"modal custom_id must have 1 to {MAX_CUSTOM_ID} characters"
    if not 1 <= len(_dicts(data.get("components"))) <= 5:
        yield "a modal has 1 to 5 components"
