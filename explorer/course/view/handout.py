"""A step of the lesson as one printable page: plain HTML, which every browser turns into paper or PDF."""

import html
from string import Template

from markdown_it import MarkdownIt

from explorer.app.base_path import address
from explorer.course import texts
from explorer.course.texts import Check, Step
from explorer.errors import unknown
from explorer.palette import PAPER_CODE, PAPER_INK, PAPER_QUIET, PAPER_RULE, WHITE

TERMS = 5  # definitions on a page
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
_KIND = {
    "choice": "choose",
    "guess": "guess a number",
    "order": "put in order, smallest first",
    "bug": "which line is wrong?",
    "lines": "number these lines in an order that works",
}
_CSS = Template("""
@page { size: A4; margin: 11mm 14mm; }
* { box-sizing: border-box; }
body { font: 8.7pt/1.28 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; color: $ink; background: $white; max-width: 182mm;
  margin: 6mm auto; padding: 0 4mm; }
@media print { body { margin: 0; padding: 0; max-width: none; } .screen { display: none; } }
header { display: flex; justify-content: space-between; align-items: baseline; border-bottom: 1.5pt solid $ink; }
h1 { font-size: 16pt; margin: 0 0 2mm; } h2 { font-size: 10.5pt; margin: 2.6mm 0 .8mm; } p { margin: .9mm 0; }
.lead { font-style: italic; margin: 1.6mm 0; }
pre { font: 7.5pt/1.24 ui-monospace, "DejaVu Sans Mono", monospace; background: $code; padding: 1.4mm 2mm; margin: 1.2mm 0;
  white-space: pre-wrap; border-radius: 1mm; }
code { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .92em; }
ul, ol { margin: .6mm 0; padding-left: 5mm; } li { margin: .3mm 0; }
table { border-collapse: collapse; margin: 1mm 0; } td, th { border: .4pt solid $rule; padding: .4mm 1.6mm; text-align: left; }
.columns { columns: 2; column-gap: 7mm; }
.check { break-inside: avoid; margin-bottom: 1.4mm; } .check p { margin: .4mm 0; } .kind { color: $quiet; }
.options { list-style: none; padding-left: 1mm; } .options li::before { content: "☐ "; }
dl { margin: 0; } dt { font-weight: 600; display: inline; } dd { display: inline; margin: 0; }
dd::after { content: ""; display: block; }
footer { margin-top: 2mm; border-top: .5pt solid $rule; color: $quiet; font-size: 7.6pt; }
footer { display: flex; justify-content: space-between; }
button { font: inherit; padding: 1mm 4mm; }
""").substitute(ink=PAPER_INK, white=WHITE, code=PAPER_CODE, rule=PAPER_RULE, quiet=PAPER_QUIET)


def handout_address(language: str, step: int) -> str:
    """Where the server answers with the handout of a step."""
    return address(f"/api/handout/{language}/{step}")


def handout(language: str, order: int) -> str:
    """The whole page as HTML. Raises ExplorerError for a language or step that is not there."""
    if language not in texts.languages("lessons"):
        raise unknown("language", language, texts.languages("lessons"))
    steps = {step.order: step for step in texts.lessons(language).by_name.values()}
    if order not in steps:
        raise unknown("step", str(order), [str(n) for n in steps])
    step = steps[order]
    checks = [check for check in texts.checks(language).by_name.values() if check.step == order]
    title = html.escape(f"{order}. {step.title}")
    parts = [
        f"<header><h1>{title}</h1><span>Thaw: see what fine-tuning changes</span></header>",
        '<p class="screen"><button onclick="print()">Print, or save as PDF</button></p>',
        f'<p class="lead">{inline(step.lead)}</p>',
        block(step.read),
        f"<h2>Try it in the app</h2>{block(step.try_)}",
        f'<h2>Check yourself</h2><div class="columns">{"".join(map(_check, checks))}</div>',
        f"<h2>Take away</h2><ul>{''.join(f'<li>{inline(line)}</li>' for line in step.takeaway)}</ul>",
        _words(step, language),
        f"<footer><span>Step {order} of {max(steps)}</span><span>In the app: /lessons?step={order}. The answers are computed "
        "there, on the live model.</span></footer>",
    ]
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title} · Thaw</title>'
    return (
        f'<!doctype html><html lang="{html.escape(language, quote=True)}"><head>{head}<style>{_CSS}</style></head>'
        f"<body>{''.join(parts)}</body></html>"
    )


def block(text: str) -> str:
    """Markdown as HTML; HTML in it is shown, not carried out."""
    return _MARKDOWN.render(text)


def inline(text: str) -> str:
    """Markdown of one paragraph, without the paragraph."""
    return _MARKDOWN.renderInline(text)


def _check(check: Check) -> str:
    """A question with room for its answer; the answer itself stands nowhere."""
    head = f"<p><b>{check.code}</b> {inline(' '.join(check.question.split()))} "
    head += f'<span class="kind">({_KIND[check.kind]}{f", {html.escape(check.unit)}" if check.unit else ""})</span></p>'
    body = ""
    if check.options:
        offered = texts.shuffled(check) if check.kind == "order" else list(check.options)
        body = f'<ul class="options">{"".join(f"<li>{inline(check.options[key])}</li>" for key in offered)}</ul>'
    shown = check.wrong.code if check.wrong else "\n".join(texts.shuffled(check)) if check.kind == "lines" else ""
    if shown:
        body = f"<pre>{html.escape(shown)}</pre>"
    return f'<div class="check">{head}{body}</div>'


def _words(step: Step, language: str) -> str:
    """Definitions of the step's terms, in English where the glossary is not written in this language."""
    known = texts.terms(language if language in texts.languages() else "en").by_name
    rows = [known[name] for name in step.related if name in known][:TERMS]
    if not rows:
        return ""
    told = "".join(f"<dt>{html.escape(term.title)}.</dt> <dd>{inline(term.sentence)}</dd>" for term in rows)
    return f"<h2>Words</h2><dl>{told}</dl>"
