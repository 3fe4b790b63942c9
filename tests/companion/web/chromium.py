"""A real browser without JavaScript, for the tests of the pages and the README's pictures of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
OLD_PHONE = {"width": 320, "height": 568}
DESKTOP = {"width": 1280, "height": 800}


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Run the browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


async def new_context(browser: Browser, size: dict[str, int], **more: Any) -> BrowserContext:
    """Return a fresh profile of a screen of this size; by default it runs no script of any page."""
    return await browser.new_context(
        viewport={"width": size["width"], "height": size["height"]}, **{"java_script_enabled": False, **more}
    )


# What a test asks of a page runs in a world of its own, which works although the page's scripts do not.
_OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
_UNLABELLED = """() => [...document.querySelectorAll('input:not([type=hidden]), textarea')]
  .filter(field => !field.labels || field.labels.length === 0).map(field => field.name)"""
_FAINT = """() => {
  const parse = color => { const p = color.match(/[\\d.]+/g).map(Number); return p.length < 4 ? [...p, 1] : p; };
  const light = rgb => rgb.slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = element => {
    for (; element; element = element.parentElement) {
      const color = parse(getComputedStyle(element).backgroundColor);
      if (color[3] > 0) return color;
    }
    return [255, 255, 255, 1];
  };
  return [...document.querySelectorAll('body *')]
    .filter(element => [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim()))
    .map(element => {
      const [a, b] = [light(parse(getComputedStyle(element).color)), light(ground(element))];
      return [element.textContent.trim().slice(0, 40), (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
    })
    .filter(([, ratio]) => ratio < 4.5).map(([text, ratio]) => `${text}: ${ratio.toFixed(2)}`);
}"""


async def overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than the screen."""
    return int(await page.evaluate(_OVERFLOW))


async def unlabelled(page: Page) -> list[str]:
    """Return the names of fields that no label names."""
    return list(await page.evaluate(_UNLABELLED))


async def faint(page: Page) -> list[str]:
    """Return texts whose contrast is below 4.5 : 1 (WCAG 2.2, 1.4.3)."""
    return list(await page.evaluate(_FAINT))
