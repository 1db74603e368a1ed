"""JupyterLab as ``ssot lab`` starts it, in a real browser: the templates run, and a field gives another answer."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_browser import CHROMIUM

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH: JupyterLab was not opened in a browser"),
]
SHOP = {
    "shop/__init__.py": "",
    "shop/orders.py": "from shop.stock import Stock\n\n\nclass Order: ...\n",
    "shop/stock.py": "from shop.orders import Order\n\n\nclass Stock: ...\n",
    "shop/prices.py": "from shop.rates import Rate\n\n\nclass Price: ...\n",
    "shop/rates.py": "import json\n\n\nclass Rate: ...\n",
}
#: A notebook, the name of its field, another value of it, and what its answer then says.
TEMPLATES = [
    ("why_this_import_fails", "Module", "shop.prices", "shop.prices: its first import works"),
    ("why_a_imports_b", "Module", "shop.prices", "shop.prices does not import shop.stock"),
    ("investigate_class", "Class", "Rate", "shop.rates:Rate"),
]
OUTPUT = ".jupyter-widgets.widget-output"
MOST_SECONDS = 20
TOKEN = "only-for-this-test"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a JupyterLab with a snapshot of a small program, on a free port of this machine."""
    folder = tmp_path_factory.mktemp("lab")
    for name, source in SHOP.items():
        place = folder / "shop_tree" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(source)
    kept = ("HOME", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_WORKSPACES_DIR", "SSOT_DATA")
    environment = {**os.environ, **{name: str(folder / name) for name in kept}}
    command = [
        sys.executable, "-m", "analysis.cli", "lab", str(folder / "shop_tree"), "--", "--no-browser", "--allow-root",
        "--ip=127.0.0.1", "--port=0", f"--IdentityProvider.token={TOKEN}",
    ]  # fmt: skip
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        try:
            yield _wait_for(server, folder / "JUPYTER_RUNTIME_DIR", folder / "log")
        finally:
            _end(server)
    assert server.returncode is not None


def _wait_for(server: subprocess.Popen[bytes], folder: Path, log: Path) -> str:
    """Return the address of a server once it serves."""
    end = time.monotonic() + MOST_SECONDS
    while time.monotonic() < end and server.poll() is None:
        for place in folder.glob("jpserver-*.json"):
            if text := place.read_text():
                return str(json.loads(text)["url"])
        time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start: {log.read_text()[-800:]}")


def _end(server: subprocess.Popen[bytes]) -> None:
    """End a server with its kernels: first politely, in the end all of its session."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if server.poll() is None:
            os.killpg(server.pid, number)
        try:
            server.wait(timeout=15)
        except subprocess.TimeoutExpired:
            continue
        break
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)  # a kernel that outlived it


@pytest.fixture(scope="module")
def open_notebook(browser: Any, lab: str) -> Iterator[Any]:
    """A page of JupyterLab with a template that has run."""
    page = browser.new_context(viewport={"width": 1400, "height": 1000}).new_page()
    page.set_default_timeout(MOST_SECONDS * 1000)

    def open_and_run(name: str) -> Any:
        page.goto(f"{lab}lab/tree/notebooks/templates/{name}.ipynb?token={TOKEN}&reset")
        page.get_by_text("(ipykernel) | Idle").wait_for()
        first = page.locator(".jp-Notebook .jp-InputPrompt", has_text="[1]:")
        for _ in range(5):  # a menu of a page that is still being set up does nothing
            if page.locator("dialog.jp-Dialog").is_visible():  # which kernel? the one that is offered
                page.locator("dialog.jp-Dialog .jp-mod-accept").click()
            page.get_by_role("menuitem", name="Run", exact=True).click()
            page.get_by_text("Run All Cells", exact=True).click()
            try:
                first.wait_for(timeout=4_000)
            except Exception:  # noqa: BLE001 - playwright is imported only where there is a browser
                continue
            break
        return page

    yield open_and_run
    page.context.close()


@pytest.mark.parametrize(("name", "field", "value", "answer"), TEMPLATES, ids=[name for name, *_ in TEMPLATES])
def test_a_field_of_a_template_gives_another_answer(
    open_notebook: Any, name: str, field: str, value: str, answer: str
) -> None:
    page = open_notebook(name)
    box = page.locator(".jupyter-widgets.widget-text", has_text=field).first.locator("input")
    box.wait_for()
    shown = page.locator(OUTPUT).first
    shown.locator(".jp-OutputArea-output").first.wait_for()
    assert answer not in shown.inner_text().replace("\u200b", "")
    box.fill(value)
    box.press("Enter")
    read = "([at, answer]) => document.querySelector(at).innerText.replaceAll('\u200b', '').includes(answer)"
    page.wait_for_function(read, arg=[OUTPUT, answer])
