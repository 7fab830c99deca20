"""The page of a song, used in a real Chromium as a listener uses it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from moodify_core.moods import MOODS, Mood, shares
from moodify_core.page import build_page, write_page
from moodify_core.playable import playable
from moodify_core.result import MoodAnalysis, Note, Segment, WarningCode, Window
from tests.audio.formats import CASES, encode

MEDLEY = Path("examples/medley_after_the_storm.mp3").resolve()
CHROMIUM = shutil.which("chromium")
IN_CHROMIUM = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no chromium here; install it (apt-get install chromium)"
)
QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --autoplay-policy=no-user-gesture-required"
)
HOSTILE = [
    "</script><script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "\"' onclick=\"document.title='owned'\" & &amp; {{song}} {{policy}}",
    "line\u2028and\u2029paragraph\x00\x07",
    "\u202egnp.exe\u2066 turned",
    "half a \udcff character",
]
CUT = {"\x00": " ", "\x07": " ", "\u2028": " ", "\u2029": " "}
TURNS = "\u202e\u2066\udcff"


def made(
    moods: Sequence[Mood] = (Mood.HAPPY, Mood.SAD),
    *,
    duration: float = 100.0,
    windows: int = 40,
    unsure: bool = False,
    warnings: tuple[Note, ...] = (),
    model: str = "test",
) -> MoodAnalysis:
    """Make a song of equally long passages, each window sure of its passage's mood."""
    edges = np.linspace(0, duration, len(moods) + 1).tolist()
    bounds = np.linspace(0, duration, windows + 1).tolist()

    def certain(mood: Mood) -> dict[Mood, float]:
        return shares(0.8 if mood is other else 0.05 for other in MOODS)

    breakdown = shares(list(moods).count(mood) / len(moods) for mood in MOODS)
    return MoodAnalysis(
        duration=duration,
        windows=tuple(
            Window(start, end, certain(moods[place * len(moods) // windows]))
            for place, (start, end) in enumerate(pairwise(bounds))
        ),
        segments=tuple(
            Segment(start, end, mood, certain(mood))
            for start, end, mood in zip(edges, edges[1:], moods, strict=False)
        ),
        breakdown=breakdown,
        probabilities=breakdown,
        dominant=max(MOODS, key=lambda mood: breakdown[mood]),
        confidence=0.31,
        unsure=unsure,
        reasons=(),
        warnings=warnings,
        waveform=tuple(np.linspace(0, 1, 200).tolist()),
        fingerprint="",
        model_version=model,
    )


@cache
def medley() -> MoodAnalysis:
    """What the example tune was composed as, whatever a model hears in it."""
    return made((Mood.ROMANTIC, Mood.DRAMATIC, Mood.SAD), duration=75.0, windows=30)


def tone(seconds: float, rate: int = 44_100) -> np.ndarray:
    return np.sin(np.arange(int(seconds * rate)) * 0.06).astype(np.float32) * 0.3


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET.split())
        expect.set_options(timeout=30_000)
        yield browser
        browser.close()


class Visit:
    """Opens pages, and remembers everything that a page should not do."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self._browser, self._folder = browser, folder
        self.complaints: list[str] = []

    def __call__(self, text: str, **context: object) -> Page:
        file = self._folder / f"{len(list(self._folder.iterdir()))}.html"
        file.write_text(text, encoding="utf-8")
        page = self._browser.new_context(**context).new_page()
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith(("blob:", "data:")) or request.url == file.as_uri()
                else self.complaints.append(request.url)
            ),
        )
        page.goto(file.as_uri())
        return page


@pytest.fixture
def visit(browser: Browser, tmp_path: Path) -> Iterator[Visit]:
    folder = tmp_path / "pages"
    folder.mkdir()
    visit = Visit(browser, folder)
    yield visit
    for context in browser.contexts:
        context.close()
    assert visit.complaints == []


@cache
def medley_page() -> str:
    return build_page(medley(), "After the Storm", playable(MEDLEY))


def time_of(page: Page) -> float:
    return float(page.get_by_role("slider", name="Position").get_attribute("aria-valuenow") or -1)


def audio(page: Page, what: str) -> object:
    return page.evaluate(f"document.querySelector('audio').{what}")


def colour(page: Page) -> np.ndarray:
    text = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--mood')")
    return np.array([int(part) for part in text[4:-1].split()])


def rgb(mood: Mood) -> np.ndarray:
    return np.array([int(mood.colour[place : place + 2], 16) for place in (1, 3, 5)])


def nearest(seen: np.ndarray) -> Mood:
    return min(MOODS, key=lambda mood: float(np.linalg.norm(rgb(mood) - seen)))


def luminance(colours: np.ndarray) -> np.ndarray:
    """Relative luminance after WCAG 2 of sRGB colours, shape (..., 3), 0..255."""
    share = colours / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


def wait(page: Page, condition: str) -> None:
    """Wait for a condition in JavaScript; Playwright's own way needs what the policy forbids."""
    for _ in range(600):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"never came true: {condition}")


def settled_colour(page: Page) -> np.ndarray:
    """Wait until the colour stays as it is."""
    wait(
        page,
        """new Promise((tell) => {
            const now = () => document.documentElement.style.getPropertyValue("--mood");
            const before = now();
            setTimeout(() => tell(before === now()), 200);
        })""",
    )
    return colour(page)


@IN_CHROMIUM
class TestListening:
    def test_the_song_plays_and_stops(self, visit: Visit) -> None:
        page = visit(medley_page())
        page.get_by_role("button", name="Play", exact=True).click()
        wait(page, "document.querySelector('audio').currentTime > 0.5")
        expect(page.get_by_role("button", name="Pause")).to_be_visible()
        assert time_of(page) > 0
        page.get_by_role("button", name="Pause").click()
        expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
        assert audio(page, "paused") is True
        assert audio(page, "duration") == pytest.approx(medley().duration, abs=0.1)

    def test_the_space_bar_plays_wherever_the_focus_is_not_on_a_control(self, visit: Visit) -> None:
        page = visit(medley_page())
        page.keyboard.press("Space")
        wait(page, "!document.querySelector('audio').paused")
        page.get_by_role("slider", name="Position").focus()
        page.keyboard.press("Space")
        wait(page, "document.querySelector('audio').paused")

    def test_a_click_on_the_timeline_seeks(self, visit: Visit) -> None:
        page = visit(medley_page())
        slider = page.get_by_role("slider", name="Position")
        box = slider.bounding_box()
        assert box
        slider.click(position={"x": box["width"] * 0.5, "y": 60})
        wait(page, "Math.abs(document.querySelector('audio').currentTime - 37.5) < 0.2")
        expect(slider).to_have_attribute("aria-valuetext", "0:37, dramatic")

    def test_the_timeline_can_be_dragged(self, visit: Visit) -> None:
        page = visit(medley_page())
        slider = page.get_by_role("slider", name="Position")
        box = slider.bounding_box()
        assert box
        page.mouse.move(box["x"] + 10, box["y"] + 60)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 60)
        page.mouse.move(box["x"] + box["width"] + 500, box["y"] + 60)
        page.mouse.up()
        page.mouse.move(box["x"] + 30, box["y"] + 60)
        expect(slider).to_have_attribute("aria-valuetext", "1:15, sad")

    def test_the_keyboard_seeks(self, visit: Visit) -> None:
        page = visit(medley_page())
        slider = page.get_by_role("slider", name="Position")
        slider.focus()
        step = medley().duration / 20
        for key, at in [
            ("ArrowRight", step),
            ("ArrowUp", 2 * step),
            ("ArrowLeft", step),
            ("ArrowLeft", 0),
            ("ArrowLeft", 0),
            ("PageUp", medley().segments[1].start),
            ("End", medley().duration),
            ("PageDown", medley().segments[-1].start),
            ("Home", 0),
        ]:
            page.keyboard.press(key)
            wait(page, f"Math.abs(document.getElementById('timeline').ariaValueNow - {at}) < 0.11")
        page.get_by_role("button", name="Mute").focus()
        page.keyboard.press("ArrowRight")
        wait(page, f"Math.abs(document.querySelector('audio').currentTime-{step})<0.1")

    def test_each_passage_is_a_button(self, visit: Visit) -> None:
        page = visit(medley_page())
        for segment in medley().segments:
            button = page.get_by_role("button", name=f"{segment.mood.value.capitalize()}, from ")
            button.click()
            expect(button).to_have_attribute("aria-current", "true")
            assert audio(page, "currentTime") == pytest.approx(segment.start, abs=0.01)
        expect(page.locator("[aria-current]")).to_have_count(1)

    def test_colours_are_those_of_the_passage(self, visit: Visit) -> None:
        moods = (*MOODS, Mood.AGGRESSIVE)
        page = visit(build_page(made(moods, windows=60), "All of them"))
        buttons = page.get_by_role("region", name="Passages").get_by_role("button")
        for button, mood in zip(buttons.all(), moods, strict=True):
            button.click()
            expect(page.locator("html")).to_have_attribute("data-mood", mood.value)
            page.keyboard.press("ArrowRight")
            assert nearest(settled_colour(page)) is mood

    def test_colours_change_as_a_border_is_played(self, visit: Visit) -> None:
        page = visit(medley_page())
        border = medley().segments[1].start
        page.evaluate(
            """() => {
                window.seen = [];
                const root = document.documentElement;
                new MutationObserver(() => seen.push([root.dataset.mood, root.style.cssText]))
                    .observe(root, { attributes: true });
            }"""
        )
        page.evaluate(f"document.querySelector('audio').currentTime = {border - 1}")
        page.get_by_role("button", name="Play", exact=True).click()
        wait(page, f"document.querySelector('audio').currentTime > {border + 1}")
        seen = page.evaluate("seen")
        moods = [mood for mood, _ in seen]
        assert moods[-1] == "dramatic"
        crossed = moods.index("dramatic")
        assert "romantic" in moods[:crossed]
        later = {style for _, style in seen[crossed:]}
        assert len(later) > 3, "the colour glides"

    def test_less_motion_means_plain_colours(self, visit: Visit) -> None:
        page = visit(medley_page(), reduced_motion="reduce")
        for segment in medley().segments:
            page.get_by_role("button", name=f"{segment.mood.value.capitalize()}, from ").click()
            expect(page.locator("html")).to_have_attribute("data-mood", segment.mood.value)
            assert abs(colour(page) - rgb(segment.mood)).max() <= 1


@IN_CHROMIUM
class TestWhatItShows:
    def test_the_ranking_and_the_words(self, visit: Visit) -> None:
        song = medley()
        page = visit(medley_page())
        ranked = sorted(MOODS, key=lambda mood: (-song.breakdown[mood], -song.probabilities[mood]))
        rows = page.get_by_role("region", name="Share of the song").get_by_role("listitem")
        for row, mood in zip(rows.all(), ranked, strict=True):
            expect(row).to_contain_text(mood.value.capitalize())
            expect(row).to_contain_text(f"{song.breakdown[mood]:.0%}")
        expect(page.get_by_role("heading", level=1)).to_have_text("After the Storm")
        expect(page.get_by_text("Its probability is")).to_contain_text(f"{song.confidence:.0%}")

    def test_being_unsure_is_said(self, visit: Visit) -> None:
        note = Note(WarningCode.CLOSE_CALL, {"first": "happy", "second": "sad"})
        page = visit(build_page(made(unsure=True, warnings=(note,)), "Song"))
        expect(page.get_by_text("Perhaps happy")).to_be_visible()
        expect(page.get_by_text("Moodify is not sure")).to_contain_text("31%")
        expect(page.get_by_text("happy and sad are about equally likely")).to_be_visible()

    def test_the_numbers_are_behind_a_link(self, visit: Visit) -> None:
        page = visit(medley_page())
        with page.expect_download() as download:
            page.get_by_role("link", name="JSON").click()
        numbers = json.loads(download.value.path().read_text(encoding="utf-8"))
        assert numbers == medley().to_dict()
        assert download.value.suggested_filename == "moods.json"

    @pytest.mark.parametrize("scheme", ["dark", "light"])
    def test_dark_and_light(self, visit: Visit, scheme: str) -> None:
        page = visit(build_page(made(), "Song"), color_scheme=scheme)
        light = "getComputedStyle(document.documentElement).backgroundColor.match(/\\d+/)[0] > 128"
        assert page.evaluate(light) is (scheme == "light")
        other = "light" if scheme == "dark" else "dark"
        page.get_by_role("button", name=f"Use {other} colours").click()
        assert page.evaluate(light) is (scheme == "dark")
        expect(page.get_by_role("button", name=f"Use {scheme} colours")).to_be_visible()

    @pytest.mark.parametrize("scheme", ["dark", "light"])
    @pytest.mark.parametrize("mood", MOODS)
    def test_words_can_be_read_on_every_colour(self, visit: Visit, scheme: str, mood: Mood) -> None:
        screen = {"width": 390, "height": 844}
        page = visit(build_page(made((mood,)), "Song"), color_scheme=scheme, viewport=screen)
        settled_colour(page)
        for selector in ("h1", ".certainty"):
            words = page.locator(selector)
            rgb_text = words.evaluate("words => getComputedStyle(words).color.match(/[0-9.]+/g)")
            words.evaluate("words => { words.style.color = 'transparent' }")
            with Image.open(BytesIO(words.screenshot())) as ground:
                behind = luminance(np.asarray(ground.convert("RGB")).reshape(-1, 3))
            text = luminance(np.array([float(channel) for channel in rgb_text[:3]]))
            lighter, darker = np.maximum(behind, text), np.minimum(behind, text)
            assert ((lighter + 0.05) / (darker + 0.05)).min() >= 4.5, "WCAG 2, level AA"

    @pytest.mark.parametrize(
        "title",
        ["W" * 900, "أغنية بعد العاصفة " * 20, "東京の夜想曲" * 40, "Z" + "\u0334" * 400],
        ids=["one long word", "right to left", "no spaces", "stacked marks"],
    )
    @pytest.mark.parametrize("width", [320, 1280])
    def test_nothing_leaves_the_window(self, visit: Visit, title: str, width: int) -> None:
        page = visit(build_page(medley(), title), viewport={"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == width
        height = page.evaluate("document.querySelector('h1').getBoundingClientRect().height")
        assert height < 300

    @pytest.mark.parametrize("duration", [1.0, 7203.4, 86_400.0])
    def test_any_length(self, visit: Visit, duration: float) -> None:
        passages = [MOODS[place % 5] for place in range(1 if duration == 1 else 300)]
        song = made(passages, duration=duration, windows=max(1, int(duration / 2.5)))
        page = visit(build_page(song, "Song"))
        slider = page.get_by_role("slider", name="Position")
        slider.focus()
        page.keyboard.press("End")
        end = {1.0: "0:01", 7203.4: "2:00:03", 86_400.0: "24:00:00"}[duration]
        expect(slider).to_have_attribute("aria-valuetext", f"{end}, {passages[-1]}")
        expect(page.locator("#chart")).to_contain_text(end)


@IN_CHROMIUM
class TestSafety:
    @pytest.mark.parametrize("title", HOSTILE)
    def test_hostile_titles_are_only_text(self, visit: Visit, title: str) -> None:
        page = visit(build_page(made(model=title.replace("\udcff", "")), title))
        shown = "".join(CUT.get(char, char) for char in title if char not in TURNS)
        expected = " ".join(shown.split())
        assert page.evaluate("document.querySelector('h1').textContent") == expected
        assert page.title() == f"{expected} · Moodify"
        assert page.locator("h1 *").count() == 0

    def test_a_song_without_a_title(self, visit: Visit) -> None:
        page = visit(build_page(made(), " \u202e\n"))
        expect(page.get_by_role("heading", level=1)).to_have_text("Untitled")

    def test_the_policy_refuses_everything_foreign(self, visit: Visit) -> None:
        page = visit(build_page(made(), "Song"))
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setblocking(False)
        tried = page.evaluate(
            """async (server) => {
                const refused = [];
                addEventListener("securitypolicyviolation",
                    (event) => refused.push(event.effectiveDirective));
                await fetch(server).catch(() => null);
                new Image().src = server;
                new Audio(server).load();
                const script = document.createElement("script");
                script.textContent = "document.title = 'owned'";
                document.body.append(script);
                await new Promise((done) => setTimeout(done, 200));
                return refused.sort();
            }""",
            f"http://127.0.0.1:{listener.getsockname()[1]}/",
        )
        with listener, pytest.raises(BlockingIOError):
            listener.accept()
        assert tried == ["connect-src", "img-src", "media-src", "script-src-elem"]
        assert page.title() == "Song · Moodify"
        assert len(visit.complaints) >= 4, "the browser tells of each refusal"
        visit.complaints.clear()


@IN_CHROMIUM
class TestSongs:
    @pytest.mark.parametrize("name", CASES)
    def test_every_format_plays(self, visit: Visit, name: str) -> None:
        song = playable(BytesIO(encode(tone(3), 44_100, CASES[name])))
        assert song is not None
        page = visit(build_page(made(duration=3.0), name, song))
        wait(page, "document.querySelector('audio').readyState >= 2")
        assert audio(page, "duration") == pytest.approx(3, abs=0.15)
        page.get_by_role("slider", name="Position").focus()
        page.keyboard.press("PageUp")
        wait(page, "Math.abs(document.querySelector('audio').currentTime - 1.5) < 0.1")
        page.get_by_role("button", name="Play", exact=True).click()
        wait(page, "document.querySelector('audio').currentTime > 1.7")

    def test_a_song_that_is_not_in_the_page_can_be_brought(self, visit: Visit) -> None:
        page = visit(build_page(medley(), "Song"))
        expect(page.get_by_text("Drop the song here to listen")).to_be_visible()
        page.get_by_role("slider", name="Position").focus()
        page.keyboard.press("PageUp")
        expect(page.locator("html")).to_have_attribute("data-mood", "dramatic")
        page.get_by_label("Choose the file").set_input_files(MEDLEY)
        page.get_by_role("button", name="Play", exact=True).click()
        border = medley().segments[1].start
        wait(page, f"document.querySelector('audio').currentTime > {border + 0.2}")
        expect(page.get_by_text("Drop the song here to listen")).to_be_hidden()

    def test_a_file_can_be_dropped(self, visit: Visit) -> None:
        page = visit(build_page(made(duration=2.0), "Song"))
        wav = list(encode(tone(2), 44_100, CASES["wav-mono-8000"]))
        page.evaluate(
            """(bytes) => {
                const dataTransfer = new DataTransfer();
                dataTransfer.items.add(new File([new Uint8Array(bytes)], "song.wav"));
                document.body.dispatchEvent(
                    new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
            }""",
            wav,
        )
        expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
        wait(page, "document.querySelector('audio').duration > 1.9")

    def test_what_cannot_be_played_is_said(self, visit: Visit, tmp_path: Path) -> None:
        page = visit(build_page(made(), "Song"))
        other = tmp_path / "words.mp3"
        other.write_bytes(b"no music")
        page.get_by_label("Choose the file").set_input_files(other)
        expect(page.get_by_role("status")).to_contain_text("cannot play that file")
        expect(page.get_by_text("Drop the song here to listen")).to_be_visible()

    def test_another_song_is_noticed(self, visit: Visit) -> None:
        page = visit(build_page(made(duration=100), "Song"))
        page.get_by_label("Choose the file").set_input_files(MEDLEY)
        expect(page.get_by_role("status")).to_contain_text("is it the same?")


def test_the_page_is_little_more_than_the_song(tmp_path: Path) -> None:
    songs = {name: encode(tone(3), 44_100, case) for name, case in CASES.items()}
    songs["medley"] = MEDLEY.read_bytes()
    for name, song in songs.items():
        write_page(BytesIO(song), medley(), name, tmp_path / "page.html")
        size = (tmp_path / "page.html").stat().st_size
        assert size <= 1.4 * len(song) + 100_000, name


def test_the_song_goes_in_as_it_is_where_browsers_play_it() -> None:
    for name, media_type in {
        "mp3-stereo-48000": "audio/mpeg",
        "wavfloat-stereo-44100": "audio/wav",
        "flac-mono-16000": "audio/flac",
        "opus-stereo-48000": "audio/ogg",
        "vorbis-mono-11025": "audio/ogg",
        "m4a-mono-16000": "audio/mp4",
        "webm-mono-24000": "audio/webm",
    }.items():
        data = encode(tone(2), 44_100, CASES[name])
        song = playable(BytesIO(data))
        assert song is not None
        assert (song.media_type, song.data) == (media_type, data)


def test_other_songs_go_in_as_aac() -> None:
    for name in ("aiff-stereo-44100", "alac-stereo-48000", "wma-mono-22050"):
        data = encode(tone(20), 44_100, CASES[name])
        song = playable(BytesIO(data))
        assert song is not None
        assert song.media_type == "audio/mp4"
        assert len(song.data) <= len(data)


@pytest.mark.parametrize("name", ["mp3-stereo-48000", "aiff-stereo-44100"])
def test_a_song_that_is_too_large_stays_out(name: str) -> None:
    data = encode(tone(20), 44_100, CASES[name])
    assert playable(BytesIO(data), largest=20_000) is None


@pytest.mark.parametrize("data", [b"", b"words", b"fLaC" + bytes(400), b"FORM\0\0\0\0AIFF"])
def test_what_is_no_song_stays_out(data: bytes) -> None:
    assert playable(BytesIO(data)) is None


@pytest.mark.parametrize("share", [0.3, 0.999])
def test_a_cut_file_still_makes_a_page(tmp_path: Path, share: float) -> None:
    for name in ("aiff-stereo-44100", "wma-stereo-44100", "alac-stereo-48000"):
        data = encode(tone(5), 44_100, CASES[name])
        write_page(BytesIO(data[: int(share * len(data))]), made(), name, tmp_path / "page.html")


def test_a_page_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    target.write_text("before")
    with pytest.raises(FileNotFoundError):
        write_page(tmp_path / "no song.mp3", made(), "Song", target)
    assert target.read_text() == "before"
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(OSError, match=r"folder\.html"):
        write_page(MEDLEY, made(), "Song", tmp_path / "folder.html")
    assert sorted(os.listdir(tmp_path)) == ["folder.html", "page.html"]


@pytest.mark.parametrize(
    ("moods", "words"),
    [
        ((Mood.HAPPY,), "Happy throughout"),
        ((Mood.SAD, Mood.SAD, Mood.HAPPY), "Mostly sad"),
        ((Mood.SAD, Mood.SAD, Mood.HAPPY, Mood.DRAMATIC, Mood.ROMANTIC), "Sad more than anything"),
    ],
)
def test_the_verdict_fits_the_share(moods: tuple[Mood, ...], words: str) -> None:
    assert words in build_page(made(moods), "Song")


def moodify(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "moodify_core", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.parametrize(("chance", "compared"), [(0.45, True), (0.203, False), (0.17, False)])
def test_only_what_is_likelier_than_a_guess_is_held_against_one(
    chance: float, compared: bool
) -> None:
    page = build_page(replace(made(), confidence=chance), "Song")
    assert f"probability is {chance:.0%}" in page
    assert ("blind guess" in page) is compared


def test_the_command_writes_pages(tmp_path: Path) -> None:
    done = moodify("analyze", MEDLEY, "--html", tmp_path / "page.html")
    assert (done.returncode, done.stderr) == (0, "")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<h1" in page
    assert "medley after the storm" in page
    assert "data:audio/mpeg;base64," in page
    several = moodify("analyze", MEDLEY, MEDLEY, "--html", tmp_path / "pages.html")
    assert several.returncode == 2
    assert "--html takes a folder" in several.stderr
    nowhere = moodify("analyze", MEDLEY, "--html", tmp_path / "missing" / "page.html")
    assert nowhere.returncode == 1
    assert "cannot be read or written" in nowhere.stderr
