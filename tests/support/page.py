# SPDX-License-Identifier: MIT
"""A browser on an instance's page: Debian's Chromium without a window, controlled by its own driver."""

import contextlib
import os
import shutil
import socket

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
except ImportError:
    webdriver = None

from waiting import wait_for

ENTER, BACKSPACE, ESCAPE = "\ue007", "\ue003", "\ue00c"  # the driver's codes for the keys
AVAILABLE = bool(webdriver and shutil.which("chromium") and shutil.which("chromedriver"))


def free_port():
    """A TCP port of the loopback interface that is free at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def browser(profile, dark=False, width=1280, height=800, arguments=()):
    """A running Chromium; `profile` is a directory of its own, `arguments` are more of its command line."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     "--no-first-run", "--disable-background-networking", "--disable-component-update",
                     f"--user-data-dir={profile}", f"--window-size={width},{height}", *arguments):
        options.add_argument(argument)
    if dark:
        options.add_argument("--blink-settings=preferredColorScheme=0")
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()


def wait_text(driver, selector, wanted):
    """Waits until the element's text contains `wanted`; returns the text."""

    def reached():
        # The page may replace the table between finding and reading: find and read in one step.
        text = driver.execute_script("const e = document.querySelector(arguments[0]); return e && e.textContent", selector)
        return text if text and wanted in text else None

    return wait_for(reached, f"{selector} to show {wanted!r}")


def screenshot(driver, name):
    """Saves a picture for the README in the directory SM_SCREENSHOTS, if that is set."""
    directory = os.environ.get("SM_SCREENSHOTS")
    if directory:
        driver.save_screenshot(os.path.join(directory, name + ".png"))


# Contrast by the formula of the Web Content Accessibility Guidelines; names, labels and roles by the browser's own tree.
CONTRAST = """
const parse = (c) => c.match(/[\\d.]+/g).map(Number);
const light = ([r, g, b]) => {
  const f = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b);
};
const back = (e) => {
  for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c;
  }
  return [255, 255, 255];
};
const poor = [];
for (const e of document.querySelectorAll("body *")) {
  const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
  if (!own || !e.checkVisibility() || e.getBoundingClientRect().right < 0) continue;
  const a = light(parse(getComputedStyle(e).color)), b = light(back(e));
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 4.5) poor.push(`${e.tagName} "${e.textContent.trim().slice(0, 30)}" ${ratio.toFixed(2)}`);
}
return poor;
"""


def accessibility_faults(driver):
    """Problems for users of screen readers and for weak eyes; empty if there are none."""
    faults = [f"contrast: {text}" for text in driver.execute_script(CONTRAST)]
    tree = driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    roles = {}
    for node in tree:
        if node.get("ignored"):
            continue
        role = node["role"]["value"]
        name = node.get("name", {}).get("value", "").strip()
        roles.setdefault(role, []).append(name)
        if role in ("button", "link", "searchbox", "textbox", "table", "columnheader", "heading") and not name:
            faults.append(f"{role} without a name")
    for role in ("main", "heading", "navigation", "banner"):
        if role not in roles:
            faults.append(f"no {role}")
    if not driver.execute_script("return document.documentElement.lang"):
        faults.append("no language")
    if not driver.title:
        faults.append("no title")
    names = [name for name in roles.get("button", []) if name]
    faults += [f"two buttons are called {name!r}" for name in sorted({n for n in names if names.count(n) > 1})]
    return faults
