"""A participant's card, to print: the address as text and as a QR code, and the first three steps."""

import html
import re
from string import Template

from explorer.app.presenting import code_of
from explorer.palette import PAPER_CUT, PAPER_INK, PAPER_QUIET, WHITE

MOST = 8
STEPS = (
    "Open the address, or scan the code.",
    "Compare the two data sets on <b>Home</b>. For which would you fine-tune?",
    "Press <b>Start here: the lesson</b>, and commit to a guess before each answer.",
)
KEEP = "Come back with the same browser: what you started and learned is still there."
_CSS = Template("""
@page { size: A4; margin: 10mm; }
* { box-sizing: border-box; }
body { font: 10.5pt/1.35 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; color: $ink; background: $white; margin: 0 auto;
  max-width: 190mm; display: grid; grid-template-columns: 1fr 1fr; gap: 0; }
body.one { grid-template-columns: 1fr; }
section { border: .6pt dashed $cut; padding: 6mm; break-inside: avoid; display: flex; flex-direction: column; gap: 2mm; }
h1 { font-size: 15pt; margin: 0; } p, ol { margin: 0; } ol { padding-left: 5mm; }
.code svg { width: 46mm; height: 46mm; display: block; }
.address { font: 10pt/1.3 ui-monospace, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
.keep { color: $quiet; font-size: 9pt; }
@media screen and (max-width: 700px) { body { grid-template-columns: 1fr; padding: 3mm; } }
""").substitute(ink=PAPER_INK, white=WHITE, cut=PAPER_CUT, quiet=PAPER_QUIET)


def cards(address: str, title: str = "", copies: int = 4) -> str:
    """A page of HTML with that many equal cards, two beside each other, to cut apart; nothing in it is fetched from anywhere."""
    one = _card(
        html.escape(address), html.escape(title.strip() or "Thaw: see what fine-tuning changes"), code_of(address)
    )
    alone = ' class="one"' if copies == 1 else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Participant’s card · Thaw</title><style>{_CSS}</style></head><body{alone}>{one * copies}</body></html>\n"
    )


def _card(address: str, title: str, code: str) -> str:
    steps = "".join(f"<li>{step}</li>" for step in STEPS)
    picture = code[code.index("<svg") :]  # without the XML declaration, which HTML does not take
    picture = re.sub(
        r'width="(\d+)" height="(\d+)"', r'viewBox="0 0 \1 \2"', picture, count=1
    )  # else it is cut, not scaled
    return (
        f'<section><h1>{title}</h1><div class="code" role="img" aria-label="QR code of {address}">{picture}</div>'
        f'<p class="address">{address}</p><ol>{steps}</ol><p class="keep">{KEEP}</p></section>'
    )
