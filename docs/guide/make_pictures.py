"""Make the pictures of this guide: ``python -m docs.guide.make_pictures`` in the repository.

The bot itself runs, at a stand-in of Discord on this machine; what it sends is drawn as Discord
shows it, and photographed in Chromium. Needs the extra ``test``, Chromium, and fonts (on Debian
fonts-inter, fonts-noto-color-emoji and fonts-noto-cjk).
"""

from __future__ import annotations

import asyncio
import io
import shutil
import sys
import tempfile
from collections.abc import Collection
from contextlib import redirect_stdout
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from docs.guide.scenes import PLAYS, play

IMAGES = Path(__file__).with_name("images")
PHONE, DESKTOP = 390, 640
"""Widths in CSS pixels."""
_SHARPNESS = {PHONE: 2, DESKTOP: 1.5}
_COLOURS = 200


def main(wanted: Collection[str] = ()) -> None:
    """Make the pictures whose names are given, or all of them."""
    # The bots tell all that they do; of interest only where something goes wrong.
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(io.StringIO()) as told:
        try:
            pages = asyncio.run(_pages(Path(folder)))
        except BaseException:
            sys.stderr.write(told.getvalue())
            raise
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for (name, width), page in pages.items():
            if not wanted or name in wanted:
                _photograph(browser, page, width, IMAGES / f"{name}.png")
        browser.close()


async def _pages(folder: Path) -> dict[tuple[str, int], str]:
    pages = {}
    async for look, scene in play(folder, PLAYS):
        page = look.page(scene)
        pages[scene.name, PHONE] = page
        if scene.wide:
            pages[f"{scene.name}-wide", DESKTOP] = page
    return pages


def _photograph(browser: Browser, page: str, width: int, path: Path) -> None:
    tab = browser.new_page(
        viewport={"width": width, "height": 800}, device_scale_factor=_SHARPNESS[width]
    )
    tab.set_content(page)
    shot = tab.locator(".frame").screenshot()
    tab.close()
    with Image.open(io.BytesIO(shot)) as image:
        few = image.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
        few.save(path, optimize=True)
    sys.stdout.write(f"{path.name}: {path.stat().st_size // 1024} KB\n")


if __name__ == "__main__":
    main(sys.argv[1:])
