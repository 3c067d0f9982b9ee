"""Makes `web/static/share.png`: what other sites show of a page that is shared there.

python -m tests.tables.make_share_picture
"""

from io import BytesIO
from shutil import which

from PIL import Image
from playwright.sync_api import sync_playwright

from web.http.templating import STATIC_FOLDER

PROGRAM = "chromium-headless-shell"
MARK = (STATIC_FOLDER / "favicon.svg").read_text(encoding="utf-8")
PAGE = f"""\
<style>
body {{
  margin: 0; height: 630px; background: #faf5e9; border-left: 24px solid #9c2f1b;
  box-sizing: border-box; display: grid; place-items: center;
}}
svg {{ width: 300px }}
</style>{MARK}"""


def main() -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=which(PROGRAM))
        page = browser.new_page(viewport={"width": 1200, "height": 630})
        page.set_content(PAGE)
        with Image.open(BytesIO(page.screenshot())) as drawn:
            # Paper and one colour: few shades, and so few bytes.
            drawn.quantize(32).save(STATIC_FOLDER / "share.png", "PNG", optimize=True)


if __name__ == "__main__":
    main()
