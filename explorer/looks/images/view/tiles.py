"""A grid of thumbnails to click: one picture for all of them (a sprite), a button for each; keyboard, light and dark."""

import io
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from explorer import workspaces
from explorer.answers import load
from explorer.app.base_path import address
from explorer.app.components import component
from explorer.home import home, stamp
from explorer.palette import WHITE
from explorer.question import Question

COLUMNS = 32  # thumbnails in a row of the sprite
SHOWN = 84  # pixels on the page
SHEETS = ("gallery", "training_pictures", "faults", "plain_faults", "label_issues")
"""The questions whose answers hold thumbnails."""

_HTML = '<div class="tiles" role="group"></div>'
_CSS = Template("""
.tiles { display: flex; flex-wrap: wrap; gap: 6px; font-family: var(--st-font); color: var(--st-text-color); }
.tile { padding: 0; border: 3px solid transparent; border-radius: 6px; background: var(--st-secondary-background-color);
  cursor: pointer; color: inherit; font: inherit; font-size: 13px; line-height: 20px; overflow: hidden; }
.tile:hover { border-color: var(--st-border-color); }
.tile:focus-visible { outline: 3px solid var(--st-primary-color); outline-offset: 1px; }
.tile[aria-current="true"] { border-color: var(--st-text-color); }
.tile[aria-pressed="true"] { border-color: var(--st-primary-color); }
.tile[aria-pressed="true"] .foot { background: var(--st-primary-color); color: $white; }
.tile .pixels { display: block; background-repeat: no-repeat; }
.tile .foot { display: block; text-align: center; white-space: pre; overflow: hidden; text-overflow: ellipsis; }
.head { flex-basis: 100%; font-size: 14px; margin-top: 6px; }
""").substitute(white=WHITE)
_JS = """
export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".tiles");
  const held = root.contains(root.getRootNode().activeElement) ? root.getRootNode().activeElement.dataset.image : null;
  root.setAttribute("aria-label", data.label);
  const say = (image) => setTriggerValue("picked", image);
  const picked = new Set(data.selected);
  root.replaceChildren(...data.items.flatMap(([image, words, foot, head]) => {
    const above = document.createElement("div");
    above.className = "head";
    above.textContent = head ?? "";
    const tile = document.createElement("button");
    tile.type = "button";
    tile.className = "tile";
    tile.dataset.image = image;
    tile.title = words;
    tile.setAttribute("aria-label", words);
    tile.tabIndex = -1;
    if (image === data.chosen) tile.setAttribute("aria-current", "true");
    if (data.mark || picked.has(image)) tile.setAttribute("aria-pressed", String(picked.has(image)));
    const pixels = document.createElement("span");
    pixels.className = "pixels";
    const wide = data.wide * data.shown;
    pixels.style.width = wide + "px";
    pixels.style.height = data.shown + "px";
    pixels.style.backgroundImage = `url("${data.sprite}")`;
    pixels.style.backgroundSize = data.across * wide + "px auto";
    const row = Math.floor(image / data.across), column = image % data.across;
    pixels.style.backgroundPosition = `${-column * wide}px ${-row * data.shown}px`;
    tile.append(pixels);
    if (foot) {
      const line = document.createElement("span");
      line.className = "foot";
      line.textContent = foot;
      line.style.width = wide + "px";
      tile.append(line);
    }
    tile.onclick = () => say(image);
    return head ? [above, tile] : [tile];
  }));
  const all = [...root.querySelectorAll(".tile")];
  const first = all.find((tile) => tile.dataset.image === (held ?? String(data.chosen))) ?? all[0];
  if (first) first.tabIndex = 0;
  if (first && held !== null) first.focus({ preventScroll: true });
  root.onkeydown = (event) => {
    const at = all.indexOf(event.target);
    if (at < 0) return;
    const wide = all.filter((tile) => tile.offsetTop === all[0].offsetTop).length;
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: wide, ArrowUp: -wide }[event.key];
    const to = event.key === "Home" ? 0 : event.key === "End" ? all.length - 1 : step ? at + step : -1;
    if (to < 0 || to >= all.length) return;
    event.preventDefault();
    all[at].tabIndex = -1;
    all[to].tabIndex = 0;
    all[to].focus();
  };
}
"""

_grid = component("thaw_tiles", html=_HTML, css=_CSS, js=_JS)


def sprite_address(gallery: Question[Any]) -> str:
    """Where the browser finds all thumbnails of an answer as one picture; another address once it was computed again."""
    again = "" if gallery.name() == SHEETS[0] else f"?{stamp(gallery.path)}"
    me = workspaces.viewer()
    key = gallery.key if me is None else f"{gallery.key}-{workspaces.seal(me, gallery.key)}"
    return address(f"/api/sprite/{key}.jpg{again}")


def sprite(key: str) -> bytes:
    """All thumbnails of the answer with this task key as one JPEG. FileNotFoundError where it is gone."""
    for name in SHEETS:
        path = home() / "cache" / f"{name}-{key}.npz"
        if path.is_file():
            return _sprite(path, stamp(path))
    raise FileNotFoundError(key)


@lru_cache(maxsize=8)
def _sprite(path: Path, when: int) -> bytes:
    found = load(path)
    images = found.shown.images if hasattr(found, "shown") else found.images
    if images.ndim == 5:  # several versions of each, side by side, the first set apart
        images = images.copy()
        images[:, 0, :, -max(1, images.shape[3] // 24) :] = 255
        strips = np.concatenate(list(images.swapaxes(0, 1)), axis=2) if len(images) else images[:, 0]
        return _joined(strips, 1)
    return _joined(images, COLUMNS)


def _joined(images: np.ndarray, across: int) -> bytes:
    """Pictures (n, h, w, 3) uint8, so many in a row, as one JPEG."""
    n, height, width, _ = images.shape
    rows = -(-n // across)
    sheet = np.zeros((rows * across, height, width, 3), np.uint8)
    sheet[:n] = images
    sheet = sheet.reshape(rows, across, height, width, 3).swapaxes(1, 2).reshape(rows * height, across * width, 3)
    buffer = io.BytesIO()
    Image.fromarray(sheet).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def tiles(
    gallery: Question[Any],
    items: Sequence[tuple[int, str, str] | tuple[int, str, str, str]],
    on_pick: Callable[[int], None],
    *,
    label: str,
    key: str,
    chosen: int = -1,
    selected: Sequence[int] | np.ndarray = (),
    mark: bool = False,
    shown: int = SHOWN,
    wide: int = 1,
) -> None:
    """Thumbnails in a grid; `on_pick` gets the number of the one clicked.

    `items`: image number, words for the tooltip and for who cannot see it, a short line under it, and where a new row begins,
    its heading. `chosen` is framed, `selected` are marked; with `mark` every tile reads as a switch. `shown` is a tile's height
    in pixels; it is `wide` times as wide, where each shows so many versions of a picture.
    """

    def picked() -> None:
        image = st.session_state[key].get("picked")
        if isinstance(image, int) and any(image == item[0] for item in items):
            on_pick(image)

    data: dict[str, Any] = {
        "sprite": sprite_address(gallery),
        "across": COLUMNS if wide == 1 else 1,
        "shown": shown,
        "wide": wide,
        "items": [[int(image), *words] for image, *words in items],
        "chosen": int(chosen),
        "selected": [int(i) for i in selected],
        "mark": mark,
        "label": label,
    }
    _grid(key=key, data=data, on_picked_change=picked)
