"""A click or tap on a term of the glossary opens a card with its definition where the reader is, instead of another page."""

from string import Template

from explorer.app.components import component
from explorer.palette import BLACK

_HTML = """
<div class="card" popover role="dialog"><p class="word"></p><p class="words"></p>
<a class="more" target="_blank" rel="noopener">Open in the glossary</a></div>
"""
_CSS = Template("""
.card { position: fixed; inset: auto; margin: 0; box-sizing: border-box; width: min(24rem, calc(100vw - 1.5rem));
  padding: .8rem 1rem; border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius);
  background: var(--st-background-color); color: var(--st-text-color); font: 1rem/1.45 var(--st-font);
  box-shadow: 0 6px 24px color-mix(in srgb, $black 25%, transparent); }
.word { margin: 0 0 .25rem; font-weight: 600; }
.words { margin: 0 0 .5rem; }
.more { color: var(--st-link-color); }
.more:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
""").substitute(black=BLACK)
_JS = """
export default function ({ parentElement }) {
  const card = parentElement.querySelector(".card"), more = card.querySelector(".more");
  let word = null;  // whose card is open: the focus goes back to it
  const part = (kind) => card.querySelector(kind);
  const place = (link) => {  // under the word, or above it where there is no room
    const at = link.getBoundingClientRect(), box = card.getBoundingClientRect(), room = 12;
    const below = at.bottom + 6 + box.height < window.innerHeight;
    card.style.left = `${Math.max(room, Math.min(at.left, window.innerWidth - box.width - room))}px`;
    card.style.top = `${Math.max(room, below ? at.bottom + 6 : at.top - box.height - 6)}px`;
  };
  const open = (event) => {
    if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || !card.showPopover) return;
    const link = event.target.closest?.('a[href*="glossary?term="][title]');
    if (!link) return;
    event.preventDefault();
    word = link;
    part(".word").textContent = link.textContent;
    part(".words").textContent = link.title;
    card.setAttribute("aria-label", link.textContent);
    more.href = link.href;
    card.hidePopover?.();
    card.showPopover();
    place(link);
    more.focus({ preventScroll: true });
  };
  const close = () => { if (card.matches(":popover-open")) card.hidePopover(); };
  card.ontoggle = (event) => {
    const lost = [null, document.body].includes(document.activeElement);
    if (event.newState === "closed" && lost) word?.focus({ preventScroll: true });
  };
  document.addEventListener("click", open);
  window.addEventListener("resize", close);
  return () => {
    document.removeEventListener("click", open);
    window.removeEventListener("resize", close);
  };
}
"""

_cards = component("thaw_terms", html=_HTML, css=_CSS, js=_JS)


def term_cards() -> None:
    """Listen for clicks on terms (`explorer.app.links.linked`), on every page; with a key held down they open as links do."""
    _cards(key="thaw_terms")
