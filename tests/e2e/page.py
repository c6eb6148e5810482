"""The page as its users have it: words and buttons, never selectors of our own making."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By

PATIENCE_S = 20.0
ALL = "[...document.querySelectorAll(arguments[0])]"
NAMED = """
const [name, role] = arguments;
const labels = (e) => [...(e.labels ?? [])].map((l) => l.innerText).join(' ');
const said = (e) => (e.getAttribute('aria-label') ?? (labels(e) || e.innerText)).trim();
const open = document.querySelector('dialog[open]') ?? document;
return [...open.querySelectorAll('button, a, input:not([type=file]), select, summary')].find((e) =>
    e.checkVisibility() && said(e) === name && (!role || e.getAttribute('role') === role));
"""


class Page:
    """A tab of Chromium with the page in it."""

    def __init__(self, driver: Any, address: str) -> None:
        self.driver = driver
        self.address = address

    # ------------------------------------------------------------------------------------------------- going somewhere
    def fresh(self, key: str = "", title: str = "") -> None:
        """Open the page as a new tab would, signed in with a key or not."""
        self.size(1280, 900)
        self.colours("light")
        self.driver.get(f"{self.address}/static/logo.svg")
        self.script("sessionStorage.clear(); localStorage.clear()")
        self.script("if (arguments[0]) sessionStorage.setItem('vultus-key', arguments[0])", key)
        self.driver.get(f"{self.address}/")
        self.see(title or ("People" if key else "Sign in"), "h1")
        self.driver.get_log("browser")

    def go(self, view: str, title: str) -> None:
        self.script("location.hash = '#/' + arguments[0]", view)
        self.see(title, "h1")

    def size(self, width: int, height: int) -> None:
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def colours(self, scheme: str) -> None:
        wanted = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
        features = [{"name": name, "value": value} for name, value in wanted.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    # -------------------------------------------------------------------------------------------------------- looking
    def script(self, code: str, *values: Any) -> Any:
        return self.driver.execute_script(code, *values)

    def until(self, what: Callable[[], Any], why: str) -> Any:
        """Ask again and again until there is an answer.

        Raises:
            AssertionError: it took too long; with what stands on the page.
        """
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                if found := what():
                    return found
            except StaleElementReferenceException:
                pass
            time.sleep(0.05)
        raise AssertionError(f"{why}; the page says:\n{self.text()[:3000]}")

    def text(self) -> str:
        return str(self.script("return document.body.innerText"))

    def see(self, words: str, selector: str = "body") -> str:
        """Wait until an element shows these words; all that it says."""
        read = f"return {ALL}.map(e => e.innerText).find(t => t.includes(arguments[1]))"
        return str(self.until(lambda: self.script(read, selector, words), f"'{words}' is not shown in {selector}"))

    def gone(self, words: str, selector: str = "body") -> None:
        read = f"return !{ALL}.some(e => e.innerText.includes(arguments[1]))"
        self.until(lambda: self.script(read, selector, words), f"'{words}' is still shown in {selector}")

    def focused(self) -> str:
        """The name of what has the focus."""
        element = self.driver.switch_to.active_element
        return str(element.accessible_name or element.tag_name)

    def named(self, name: str, role: str = "") -> Any:
        """The visible control of this accessible name."""

        def find() -> Any:
            found = self.script(NAMED, name, role)
            # What scripts take for its name must be what screen readers are told.
            return found if found and found.accessible_name == name else None

        return self.until(find, f"there is no control called '{name}'")

    # --------------------------------------------------------------------------------------------------------- doing
    def click(self, name: str, role: str = "") -> None:

        def press() -> bool:
            element = self.named(name, role)
            self.script("arguments[0].scrollIntoView({block: 'center'})", element)
            element.click()
            return True

        self.until(press, f"'{name}' cannot be clicked")

    def write(self, name: str, text: str) -> None:

        def fill() -> bool:
            element = self.named(name)
            element.clear()
            element.send_keys(text)
            return True

        self.until(fill, f"'{name}' cannot be written into")

    def choose(self, name: str, value: str) -> None:
        self.script(
            "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('change'))",
            self.named(name),
            value,
        )

    def give(self, *files: Path, inside: str = "main") -> None:
        """Files into a place for dropping."""
        fields = self.until(
            lambda: self.driver.find_elements(By.CSS_SELECTOR, f"{inside} input[type=file]"), "no place to drop files"
        )
        fields[0].send_keys("\n".join(str(file) for file in files))

    def complaints(self) -> list[str]:
        """What the browser's console says against the page; answers of the API that are errors stand there too."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
