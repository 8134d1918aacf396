"""Another step of the lesson begins at its top, wherever the reader was on the one before."""

from explorer.app.components import component

_JS = """
let last = null;  // the step that this tab showed before; none at first, so that a link to a part of a page keeps its place
export default function ({ data }) {
  if (last !== null && last !== data.step) {
    const main = document.querySelector("[data-testid=stMain]");
    main?.scrollTo({ top: 0, behavior: "instant" });
    main?.focus({ preventScroll: true });  // the keyboard begins at the top too
  }
  last = data.step;
}
"""

_turning = component("thaw_turning", js=_JS)


def land(step: int) -> None:
    """Say which step is shown; where it is another than before, the page is scrolled to its top."""
    _turning(key="thaw_turning", data={"step": step})
