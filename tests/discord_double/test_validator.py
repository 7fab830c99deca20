"""The validator: known-bad requests are rejected for the right reason, good ones pass."""

from __future__ import annotations

import re
from typing import Any

import pytest

from .limits import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL_SUBMIT, Upload
from .openapi import OpenApi
from .validator import Context, Request, Validator, decode_json

OPENAPI = OpenApi.load()
needs_openapi = pytest.mark.skipif(OPENAPI is None, reason="Discord's description is not here")

COMMANDS = "/applications/11/commands"
MESSAGES = "/channels/22/messages"
ORIGINAL = "/webhooks/11/token/messages/@original"
CALLBACK = "/interactions/33/token/callback"

PNG = Upload("files[0]", "mood.png", b"png")
OPTION = {"type": 3, "name": "song", "description": "A song"}
BUTTON = {"type": 2, "style": 1, "label": "Go", "custom_id": "go"}
FIELD = {"name": "Happy", "value": "60 %"}


def request(method: str, path: str, body: Any = None, *uploads: Upload, **headers: str) -> Request:
    base = {
        "user-agent": "DiscordBot (https://example.org, 1.0)",
        "authorization": "Bot token",
        "content-type": "multipart/form-data" if uploads else "application/json",
    }
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(method, path, base | given, body, uploads)


def command(**changes: Any) -> Request:
    return request("POST", COMMANDS, {"name": "mood", "description": "How it feels"} | changes)


def commands(*items: dict[str, Any]) -> Request:
    return request("PUT", COMMANDS, list(items))


def menu(number: int) -> dict[str, Any]:
    return {"type": 3, "name": f"Analyse mood {number}"}


def message(*uploads: Upload, **body: Any) -> Request:
    return request("POST", MESSAGES, body, *uploads)


def embed(*uploads: Upload, **body: Any) -> Request:
    return message(*uploads, embeds=[body])


def edit(*uploads: Upload, **body: Any) -> Request:
    return request("PATCH", ORIGINAL, body, *uploads)


def callback(kind: int, *uploads: Upload, **data: Any) -> Request:
    return request("POST", CALLBACK, {"type": kind, "data": data} if data else {"type": kind})


def rows(*rows: list[dict[str, Any]]) -> Request:
    return message(
        content="Choose", components=[{"type": 1, "components": buttons} for buttons in rows]
    )


def select(**changes: Any) -> dict[str, Any]:
    options = [{"label": "Week", "value": "week"}, {"label": "Month", "value": "month"}]
    return {"type": 3, "custom_id": "span", "options": options} | changes


def buttons(count: int, prefix: str = "b") -> list[dict[str, Any]]:
    return [BUTTON | {"custom_id": f"{prefix}{number}"} for number in range(count)]


def option(**changes: Any) -> Request:
    return command(options=[OPTION | changes])


def nested(*kinds: int) -> list[dict[str, Any]]:
    inner = nested(*kinds[1:]) if len(kinds) > 1 else []
    return [{"type": kinds[0], "name": "deep", "description": "Deeper", "options": inner}]


BAD = {
    # commands
    "name with capitals": (command(name="Mood"), "lower-case"),
    "name with a space": (command(name="my mood"), "not allowed"),
    "name with an emoji": (command(name="mood🎵"), "not allowed"),
    "name too long": (command(name="m" * 33), "1 to 32"),
    "name empty": (command(name=""), "1 to 32"),
    "translated name with capitals": (command(name_localizations={"de": "Stimmung"}), "lower-case"),
    "description empty": (command(description=""), "1 to 100"),
    "description missing": (request("POST", COMMANDS, {"name": "mood"}), "1 to 100"),
    "description too long": (command(description="d" * 101), "1 to 100"),
    "menu with a description": (commands(menu(1) | {"description": "No"}), "cannot have a desc"),
    "menu with options": (commands(menu(1) | {"options": [OPTION]}), "cannot have options"),
    "menu name too long": (commands({"type": 3, "name": "m" * 33}), "1 to 32"),
    "sixteen message commands": (commands(*map(menu, range(16))), "at most 15"),
    "the same name twice": (commands(menu(1), menu(1)), "occurs 2 times"),
    "too many slash commands": (
        commands(*({"name": f"c{n}", "description": "d"} for n in range(101))),
        "at most 100",
    ),
    "too many options": (
        command(options=[OPTION | {"name": f"song{n}"} for n in range(26)]),
        "26 options",
    ),
    "required after optional": (
        command(options=[OPTION, OPTION | {"name": "file", "required": True}]),
        "after an optional",
    ),
    "option name with capitals": (option(name="Song"), "lower-case"),
    "option without description": (option(description=""), "1 to 100"),
    "two options of one name": (command(options=[OPTION, OPTION]), "occurs 2 times"),
    "too many choices": (
        option(choices=[{"name": f"c{n}", "value": "v"} for n in range(26)]),
        "26 choices",
    ),
    "choice name empty": (option(choices=[{"name": "", "value": "v"}]), "1 to 100"),
    "choice value too long": (option(choices=[{"name": "c", "value": "v" * 101}]), "choice value"),
    "choices with autocomplete": (
        option(choices=[{"name": "c", "value": "v"}], autocomplete=True),
        "both choices and autocomplete",
    ),
    "choices on an attachment": (option(type=11, choices=[{"name": "c", "value": "v"}]), "choices"),
    "range upside down": (option(type=4, min_value=2, max_value=1), "min_value is above"),
    "subcommand beside parameter": (command(options=[OPTION, *nested(1)]), "side by side"),
    "group in a group": (command(options=nested(2, 2, 1)), "nested too deep"),
    "subcommand in a subcommand": (command(options=nested(1, 1)), "nested too deep"),
    "command too long in all": (
        command(
            options=[
                OPTION
                | {
                    "name": f"song{n}",
                    "choices": [{"name": f"{m}" * 50, "value": "v" * 100} for m in range(10, 20)],
                }
                for n in range(5)
            ]
        ),
        "at most 8000",
    ),
    # embeds
    "too many embeds": (message(embeds=[{"title": "t"}] * 11), "at most 10"),
    "too many fields": (embed(title="t", fields=[FIELD] * 26), "at most 25"),
    "field name too long": (embed(fields=[FIELD | {"name": "n" * 257}]), "field name is longer"),
    "field value too long": (
        embed(fields=[FIELD | {"value": "v" * 1025}]),
        "field value is longer",
    ),
    "field value empty": (embed(fields=[FIELD | {"value": ""}]), "field value is empty"),
    "field value blank": (embed(fields=[FIELD | {"value": " \n"}]), "field value is empty"),
    "field name missing": (embed(fields=[{"value": "v"}]), "field name is empty"),
    "title too long": (embed(title="t" * 257), "title is longer than 256"),
    "description of embed too long": (embed(description="d" * 4097), "longer than 4096"),
    "footer too long": (embed(footer={"text": "f" * 2049}), "footer is longer than 2048"),
    "author too long": (embed(author={"name": "a" * 257}), "author is longer than 256"),
    "6001 characters in two embeds": (
        message(embeds=[{"description": "d" * 3000}, {"description": "d" * 3001}]),
        "6001 characters in all",
    ),
    "embed of nothing": (embed(color=1), "shows nothing"),
    "embed with a local image": (embed(image={"url": "file:///tmp/a.png"}), "neither http nor"),
    "embed with a bad time": (embed(title="t", timestamp="yesterday"), "not an ISO 8601"),
    "image that is not attached": (
        embed(PNG, image={"url": "attachment://other.png"}),
        "is not attached",
    ),
    "image of an odd name": (
        embed(Upload("files[0]", "my mood.png", b"png"), image={"url": "attachment://my mood.png"}),
        "does not survive",
    ),
    "image that is audio": (
        embed(Upload("files[0]", "a.mp3", b"ID3"), image={"url": "attachment://a.mp3"}),
        "not a jpg",
    ),
    "link to an attachment": (
        embed(PNG, title="t", url="attachment://mood.png"),
        "cannot refer to an attachment",
    ),
    "image dropped by the same edit": (
        edit(embeds=[{"image": {"url": "attachment://old.png"}}], attachments=[]),
        "is not attached",
    ),
    # messages
    "content too long": (message(content="c" * 2001), "longer than 2000"),
    "nothing to say": (message(content="  "), "empty message"),
    "file too large": (
        message(Upload("files[0]", "a.png", bytes(10 * 1024 * 1024 + 1))),
        "is larger than",
    ),
    "eleven files": (
        message(*(Upload(f"files[{n}]", f"{n}.png", b"p") for n in range(11))),
        "11 files",
    ),
    "file part of another name": (message(Upload("file", "a.png", b"p")), "not named files"),
    "two files in one part": (message(PNG, PNG), "occurs 2 times"),
    "alt text too long": (
        message(PNG, attachments=[{"id": 0, "description": "d" * 1025}]),
        "longer than 1024",
    ),
    "attachment without its file": (message(PNG, attachments=[{"id": 1}]), "neither a file nor"),
    "nonce too long": (message(content="c", nonce="n" * 26), "longer than 25"),
    "enforced nonce without nonce": (message(content="c", enforce_nonce=True), "needs a nonce"),
    "users parsed and listed": (
        message(content="c", allowed_mentions={"parse": ["users"], "users": ["1"]}),
        "both parses users",
    ),
    "mentions of an unknown kind": (
        message(content="c", allowed_mentions={"parse": ["here"]}),
        "cannot parse 'here'",
    ),
    "ephemeral in a channel": (message(content="c", flags=64), "flags 64 cannot"),
    "ephemeral by an edit": (edit(content="c", flags=64), "flags 64 cannot"),
    # components
    "six rows": (rows(*([button] for button in buttons(6))), "6 action rows"),
    "six buttons in a row": (rows(buttons(6)), "6 buttons"),
    "an empty row": (rows([]), "row is empty"),
    "one custom_id twice": (rows([BUTTON, BUTTON]), "occurs 2 times"),
    "custom_id too long": (rows([BUTTON | {"custom_id": "c" * 101}]), "1 to 100"),
    "label too long": (rows([BUTTON | {"label": "l" * 81}]), "longer than 80"),
    "button without a label": (rows([BUTTON | {"label": ""}]), "a label or an emoji"),
    "button without custom_id": (rows([{"type": 2, "style": 1, "label": "l"}]), "custom_id"),
    "link with custom_id": (rows([BUTTON | {"style": 5, "url": "https://a.org"}]), "link button"),
    "button outside a row": (message(content="c", components=[BUTTON]), "only action rows"),
    "select beside a button": (rows([select(), BUTTON]), "row of its own"),
    "select with too many": (
        rows([select(options=[{"label": "l", "value": str(n)} for n in range(26)])]),
        "26 options",
    ),
    "select with one value twice": (
        rows([select(options=[{"label": "l", "value": "v"}] * 2)]),
        "occurs 2 times",
    ),
    "select for more than there is": (rows([select(max_values=3)]), "above the number"),
    "content with components v2": (
        message(
            content="c", flags=1 << 15, components=[{"type": 10, "content": "Text of its own"}]
        ),
        "cannot go with components v2",
    ),
    # headers
    "no user agent": (request("GET", "/users/@me", user_agent=""), "User-Agent is missing"),
    "user agent of no bot": (request("GET", "/users/@me", user_agent="curl/8"), "DiscordBot"),
    "no authorization": (request("GET", "/users/@me", authorization=""), "Authorization"),
    "a bare token": (request("GET", "/users/@me", authorization="token"), "Authorization"),
    "JSON as plain text": (
        request("POST", MESSAGES, {"content": "c"}, content_type="text/plain"),
        "content type",
    ),
    "audit reason too long": (
        request("DELETE", f"{MESSAGES}/1", x_audit_log_reason="r" * 513),
        "longer than 512",
    ),
    "broken JSON": (Request("POST", MESSAGES, malformed=decode_json("{")[1]), "not JSON"),
    "not a number": (Request("POST", MESSAGES, malformed=decode_json("NaN")[1]), "NaN"),
}

BAD_CALLBACKS = {
    "update for a command": (COMMAND, callback(7, content="c"), "does not answer"),
    "deferred update for a command": (COMMAND, callback(6), "does not answer"),
    "message for autocomplete": (AUTOCOMPLETE, callback(4, content="c"), "does not answer"),
    "choices for a command": (COMMAND, callback(8, choices=[]), "does not answer"),
    "modal for a modal": (MODAL_SUBMIT, callback(9, title="t"), "does not answer"),
    "empty reply": (COMMAND, callback(4, content=""), "empty message"),
    "deferral with content": (COMMAND, callback(5, content="c"), "nothing but flags"),
    "26 suggestions": (
        AUTOCOMPLETE,
        callback(8, choices=[{"name": f"c{n}", "value": "v"} for n in range(26)]),
        "26 choices",
    ),
    "modal title too long": (
        COMMAND,
        callback(9, title="t" * 46, custom_id="m", components=[{"type": 1}]),
        "1 to 45",
    ),
    "modal of nothing": (COMMAND, callback(9, title="t", custom_id="m"), "1 to 5 components"),
}

BAD_BY_SCHEMA = {
    "no such route": (request("GET", "/songs"), "no such route"),
    "no such method": (request("PUT", "/users/@me"), "no such route"),
    "an id that is none": (request("GET", "/users/jane"), "no such route"),
    "a body is missing": (request("POST", MESSAGES), "a body is needed"),
    "embeds as an object": (message(embeds={"title": "t"}), "schema: .*embeds"),
    "colour as text": (embed(title="t", color="#fff"), "schema: .*color"),
    "colour out of range": (embed(title="t", color=1 << 24), "schema: .*color"),
    "content as a number": (message(content=5), "schema: .*content"),
    "option of an unknown type": (option(type=99), "schema: .*options"),
    "command without a name": (request("POST", COMMANDS, {"description": "d"}), "schema: .*name"),
    "unknown context": (command(contexts=[9]), "schema: .*contexts"),
    "attachment without id": (message(PNG, attachments=[{"filename": "a"}]), "schema: .*'id'"),
    "callback of an unknown type": (callback(99), "schema: "),
    "button of an unknown style": (rows([BUTTON | {"style": 9}]), "schema: .*components"),
}

GOOD = {
    # commands
    "a command": command(),
    "a name with dash, underscore and digit": command(name="mood-of_2"),
    "a name with an apostrophe": command(name="what's-up"),
    "a name of 32": command(name="m" * 32),
    "a Hindi name": command(name="संगीत"),
    "a Thai name": command(name="เพลง"),
    "a Japanese name": command(name="気分"),
    "a translated name": command(name_localizations={"de": "stimmung"}),
    "25 options": command(options=[OPTION | {"name": f"song{n}"} for n in range(25)]),
    "required before optional": command(
        options=[OPTION | {"required": True}, OPTION | {"name": "private", "type": 5}]
    ),
    "an attachment option": option(type=11),
    "25 choices": option(choices=[{"name": f"c{n}", "value": "v"} for n in range(25)]),
    "a group with a subcommand": command(options=nested(2, 1)),
    "permissions as an integer": command(default_member_permissions=8),
    "permissions as text": command(default_member_permissions="8"),
    "contexts and installs": command(contexts=[0, 1, 2], integration_types=[0, 1]),
    "15 message commands": commands(*map(menu, range(15))),
    "a menu and a command of one name": commands(
        {"type": 3, "name": "mood"}, {"name": "mood", "description": "d"}
    ),
    "no commands": commands(),
    "a change of description": request("PATCH", f"{COMMANDS}/5", {"name": "mood"}),
    # embeds
    "ten embeds": message(embeds=[{"title": "t"}] * 10),
    "25 fields": embed(fields=[FIELD] * 25),
    "the longest texts": embed(title="t" * 256, description="d" * 4096),
    "the longest footer": embed(footer={"text": "f" * 2048}, author={"name": "a" * 256}),
    "6000 characters": message(embeds=[{"description": "d" * 3000}] * 2),
    "an invisible field": embed(fields=[{"name": "\u200b", "value": "\u200b", "inline": True}]),
    "an embed that is an image": embed(PNG, image={"url": "attachment://mood.png"}),
    "an embed with a link": embed(title="t", url="https://example.org", color=0xFFFFFF),
    "an embed with a time": embed(title="t", timestamp="2026-08-01T12:00:00+00:00"),
    # messages
    "content of 2000": message(content="c" * 2000),
    "a file alone": message(PNG),
    "a file with alt text": message(PNG, attachments=[{"id": 0, "description": "d" * 1024}]),
    "an attachment id as text": message(PNG, attachments=[{"id": "0", "filename": "mood.png"}]),
    "ten files": message(*(Upload(f"files[{n}]", f"{n}.png", b"p") for n in range(10))),
    "a file at the limit": message(Upload("files[0]", "a.wav", bytes(10 * 1024 * 1024))),
    "a file of a foreign name": message(Upload("files[0]", "музыка 🎵.mp3", b"ID3")),
    "a nonce": message(content="c", nonce="n" * 25, enforce_nonce=True),
    "no mentions": message(content="c", allowed_mentions={"parse": []}),
    "mentions of some": message(content="c", allowed_mentions={"parse": [], "users": [1, "2"]}),
    "a reply": message(content="c", message_reference={"message_id": "1", "channel_id": "22"}),
    "a silent message": message(content="c", flags=1 << 12),
    "an edit that empties the content": edit(content=None, embeds=[{"title": "t"}]),
    "an edit with a file": edit(
        PNG, embeds=[{"image": {"url": "attachment://mood.png"}}], attachments=[{"id": 0}]
    ),
    "a reaction": request("PUT", f"{MESSAGES}/1/reactions/%F0%9F%8E%B5/@me"),
    "a request without a body": request("GET", "/users/@me"),
    "an interaction without a bot's headers": request(
        "POST", CALLBACK, {"type": 5}, authorization="", user_agent="Python/3.11"
    ),
    # components
    "five rows of five": rows(*(buttons(5, prefix) for prefix in "abcde")),
    "a link": rows([{"type": 2, "style": 5, "label": "Help", "url": "https://example.org"}]),
    "a select menu": rows([select(min_values=1, max_values=2)]),
    "a button with an emoji alone": rows(
        [{"type": 2, "style": 2, "custom_id": "x", "emoji": {"name": "🎵"}}]
    ),
    "text by components v2": message(
        flags=1 << 15, components=[{"type": 10, "content": "Text of its own"}]
    ),
}

GOOD_CALLBACKS = {
    "a reply": (COMMAND, callback(4, content="c")),
    "an ephemeral reply": (COMMAND, callback(4, content="c", flags=64)),
    "a deferral": (COMMAND, callback(5)),
    "an ephemeral deferral": (COMMAND, callback(5, flags=64)),
    "a deferral with null data": (COMMAND, request("POST", CALLBACK, {"type": 5, "data": None})),
    "a deferred update": (COMPONENT, callback(6)),
    "an update": (COMPONENT, callback(7, content="c", components=[])),
    "a reply to a modal": (MODAL_SUBMIT, callback(4, content="c")),
    "suggestions": (AUTOCOMPLETE, callback(8, choices=[{"name": "c", "value": "v"}])),
    "no suggestions": (AUTOCOMPLETE, callback(8, choices=[])),
}

# Each case is tried with Discord's description, where it is at hand, and without.
VALIDATORS = [
    pytest.param(Validator(None), id="limits"),
    pytest.param(Validator(OPENAPI), id="openapi", marks=needs_openapi),
]
validators = pytest.mark.parametrize("validator", VALIDATORS)


def assert_rejected(reasons: list[str], pattern: str) -> None:
    assert any(re.search(pattern, reason) for reason in reasons), reasons


def reasons(validator: Validator, bad: Request, context: Context | None = None) -> list[str]:
    return [violation.reason for violation in validator.check(bad, context)]


@validators
@pytest.mark.parametrize(("bad", "pattern"), BAD.values(), ids=BAD.keys())
def test_bad_request_is_rejected(validator: Validator, bad: Request, pattern: str) -> None:
    assert_rejected(reasons(validator, bad), pattern)


@validators
@pytest.mark.parametrize(
    ("kind", "bad", "pattern"), BAD_CALLBACKS.values(), ids=BAD_CALLBACKS.keys()
)
def test_bad_callback_is_rejected(
    validator: Validator, kind: int, bad: Request, pattern: str
) -> None:
    assert_rejected(reasons(validator, bad, Context(interaction_type=kind)), pattern)


@needs_openapi
@pytest.mark.parametrize(("bad", "pattern"), BAD_BY_SCHEMA.values(), ids=BAD_BY_SCHEMA.keys())
def test_request_against_the_schema_is_rejected(bad: Request, pattern: str) -> None:
    assert_rejected(reasons(Validator(OPENAPI), bad), pattern)


@validators
@pytest.mark.parametrize("good", GOOD.values(), ids=GOOD.keys())
def test_good_request_passes(validator: Validator, good: Request) -> None:
    assert reasons(validator, good) == []


@validators
@pytest.mark.parametrize(("kind", "good"), GOOD_CALLBACKS.values(), ids=GOOD_CALLBACKS.keys())
def test_good_callback_passes(validator: Validator, kind: int, good: Request) -> None:
    assert reasons(validator, good, Context(interaction_type=kind)) == []


@validators
def test_edit_may_refer_to_an_attachment_that_it_keeps(validator: Validator) -> None:
    keeping = edit(embeds=[{"image": {"url": "attachment://old.png"}}], attachments=[{"id": "7"}])
    assert reasons(validator, keeping, Context(kept={"7": "old.png"})) == []
    assert_rejected(reasons(validator, keeping, Context(kept={"8": "old.png"})), "neither a file")


@validators
def test_boosted_server_takes_larger_files(validator: Validator) -> None:
    large = message(Upload("files[0]", "a.wav", bytes(11 * 1024 * 1024)))
    assert_rejected(reasons(validator, large), "is larger than")
    assert reasons(validator, large, Context(file_size=50 * 1024 * 1024)) == []


def test_violation_reads_as_a_sentence() -> None:
    (violation,) = Validator(None).check(message(content="c" * 2001))
    assert str(violation) == f"POST {MESSAGES}: content is longer than 2000 characters"
