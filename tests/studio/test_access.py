"""Every page for everybody: axe-core finds nothing, light or dark, wide or on a phone, and nothing is wider than the screen."""

from pathlib import Path

import pytest

from figment.studio import app
from figment.studio.app import PAGES

AXE = Path(app.__file__).with_name("web") / "node_modules/axe-core/axe.min.js"


def address(served, path: str, run_id: str) -> str:
    return f"{served.home}{path.replace('{id}', run_id)}?{served.address.split('?')[1]}"


@pytest.fixture(scope="session")
def run_id(shelf):
    from figment.studio.studio import found_in

    return found_in(shelf)[0].id


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing(served, open_page, run_id, path, dark):
    if not AXE.is_file():
        pytest.skip("needs axe-core: npm ci in src/figment/studio/web")
    page = open_page(address(served, path, run_id), dark=dark)
    page.locator("main h1").first.wait_for()
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    assert [(it["id"], it["help"], [node["html"] for node in it["nodes"]]) for it in found] == []


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_wider_than_a_phone(served, open_page, run_id, path):
    page = open_page(address(served, path, run_id), width=400)
    page.locator("main h1").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


@pytest.mark.parametrize("path", PAGES)
def test_the_tab_key_reaches_every_control(served, open_page, run_id, path):
    """And none holds it: each control that can be seen and used has been in focus once the round is done."""
    page = open_page(address(served, path, run_id))
    page.locator("main h1").first.wait_for()
    page.evaluate(MARK_CONTROLS)
    wanted = page.locator("[data-tried]").count()
    for _ in range(3 * wanted + 5):
        page.keyboard.press("Tab")
        page.evaluate("document.activeElement.closest('[data-tried]')?.setAttribute('data-tried', 'reached')")
        if page.locator("[data-tried='']").count() == 0:
            break
    assert page.locator("[data-tried='']").evaluate_all("all => all.map(it => it.outerHTML.slice(0, 200))") == []


# Of radio buttons of one name Tab reaches one, of a group with arrow keys that with a tabindex;
# what is in a closed <details> isn't reached until it is open.
MARK_CONTROLS = """() => {
  const named = new Set()
  for (const it of document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')) {
    if (it.disabled || it.tabIndex < 0 || !it.checkVisibility({visibilityProperty: true})) continue
    if (it.type === 'radio') {
      if (named.has(it.name)) continue
      const checked = document.querySelector(`input[name="${it.name}"]:checked`)
      named.add(it.name); (checked ?? it).setAttribute('data-tried', '')
    } else it.setAttribute('data-tried', '')
  }
}"""
