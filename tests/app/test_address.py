"""What the address bar holds of a page's controls: words that come back as they were, notes for those that are none."""

import asyncio
from typing import Any

import pytest
from opening import opened, store, two_runs, words
from starlette.types import Message, Receive, Scope, Send
from streamlit.testing.v1 import AppTest

from explorer.app import address, page_head
from explorer.app.page_head import SCRIPT
from explorer.looks.images.view.grid import _cells
from explorer.looks.similarity.view.weights import _resets

__all__ = ["store"]  # a fixture

KINDS: dict[str, tuple[address.Written[Any], dict[str, Any], tuple[str, ...]]] = {
    "options": (
        address.one_of(["Stage × stage", "One picture", 0.1]),
        {"stage-stage": "Stage × stage", "one-picture": "One picture", "0.1": 0.1},
        ("", "stage", "Stage × stage"),
    ),
    "options of one word": (address.one_of(["a b", "a-b", ""]), {"0": "a b", "1": "a-b", "2": ""}, ("a-b", "3")),
    "several": (address.several_of(["<b>", "x.y", "z"]), {"0.2": ["<b>", "z"], "": []}, ("3", "0.", "-1", "z")),
    "some": (
        address.some_of(["photo patches", "x.y", "z"]),
        {"photo-patches.z": ["photo patches", "z"], "x-y": ["x.y"], "": []},
        ("gone", "z.gone", "x.y"),
    ),
    "some of one word": (address.some_of(["<b>", "b"]), {"0.1": ["<b>", "b"]}, ("b",)),
    "text": (address.some_text(5), {"a .&ü": "a .&ü"}, ("sixsix",)),
    "switch": (address.switch(), {"1": True, "0": False}, ("2", "yes", "")),
    "number": (address.number(0, 63), {"0": 0, "63": 63}, ("64", "-1", "²", "9" * 30)),
    "share": (address.share(0.2, 1.0), {"75": 0.75, "100": 1.0}, ("19", "0.75", "")),
    "cell": (
        _cells(4),
        {"B.3.0": ("B", 3, 0), "change.-1.2": ("change", -1, 2)},
        ("", "C.1.1", "A.4.0", "A.x.0", "A.1"),
    ),
    "resets": (
        _resets("run", ["stem", "layer1", "layer2"]),
        {"start.layer1.layer2": ("run", "start", ("layer1", "layer2"))},
        ("", "start", "start.layer9", "other.stem"),
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_values_go_through_the_address_and_back_and_other_texts_are_refused(kind: str) -> None:
    written, good, bad = KINDS[kind]
    for text, value in good.items():
        assert written.write(value) == text
        assert written.read(text) == value
    for text in bad:
        with pytest.raises(ValueError):
            written.read(text)


def test_a_page_opens_as_its_address_says_and_says_what_does_not_exist() -> None:
    a, b = two_runs()
    app = opened("images", a=a, b=b, group="wrong-in-both", order="loss-in-b", classes="1", view="dreams")
    assert app.segmented_control(key="images_group").value == "Wrong in both"
    assert app.selectbox(key="images_order").value == "Loss in B"
    assert app.multiselect(key="images_classes").value == ["grass"]
    assert app.segmented_control(key="images_view").value == "Images"
    assert "The address asked for view = 'dreams'" in words(app)
    assert "view" not in app.query_params and app.query_params["group"] == "wrong-in-both"
    app.selectbox(key="images_order").set_value("Number").run()
    assert app.query_params["order"] == "number", "the address follows"
    app.switch_page("../../pages/features.py")
    app.query_params.clear()  # as the menu does
    app.run()
    app.switch_page("../../pages/images.py")
    app.query_params.clear()
    app.run()
    assert app.selectbox(key="images_order").value == "Number", "what was chosen lasts while pages change"
    assert app.query_params["order"] == "number"
    app.query_params["b"] = a
    del app.query_params["order"]
    app.run()
    assert app.selectbox(key="images_order").value == "B gained most", (
        "going back to a pair for which nothing was chosen"
    )


def _answered(path: str, accept: bytes, kind: bytes = b"text/html; charset=utf-8") -> tuple[dict[bytes, bytes], bytes]:
    """What the middleware makes of a page; headers and body."""
    sent: list[Message] = []

    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        packed = any(name == b"accept-encoding" for name, _ in scope["headers"])
        start = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind), (b"etag", b"x")]}
        await send(start)
        await send({"type": "http.response.body", "body": b"<head>" + b"packed" * packed, "more_body": True})
        await send({"type": "http.response.body", "body": b"</head>"})

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"accept", accept), (b"accept-encoding", b"gzip")]
    scope = {"type": "http", "method": "GET", "path": path, "headers": headers}
    asyncio.run(page_head.EarlyScript(page)(scope, None, send))
    return dict(sent[0]["headers"]), b"".join(m.get("body", b"") for m in sent[1:])


def test_the_early_script_goes_into_the_apps_page_alone() -> None:
    headers, body = _answered("/images", b"text/html,*/*")
    assert body.startswith(b"<head><script>") and b"pushState" in body and body.endswith(b"</script></head>")
    assert int(headers[b"content-length"]) == len(body) and b"etag" not in headers
    for path, accept, kind in (
        ("/api/handout/en/1", b"text/html", b"text/html"),
        ("/x.js", b"*/*", b"text/javascript"),
        ("/media/x.png", b"text/html", b"image/png"),
    ):
        assert b"pushState" not in _answered(path, accept, kind)[1]


def test_the_script_fits_into_a_page() -> None:
    text = SCRIPT.read_text(encoding="utf-8")
    assert "</" not in text, "would end the script element"


def _bound() -> None:
    import streamlit as st

    st.segmented_control("Measure", ["Stage × stage", "Two"], key="similarity_measure", bind="query-params")


@pytest.mark.parametrize("name, text, found", [
    ("similarity_measure", "Two", "Two"),  # it goes by the widget's key and the label's letters
    ("similarity_measure", "two", None), ("measure", "Two", None), ("similarity_measure", "gone", None),
])  # fmt: skip
def test_streamlit_s_own_binding_takes_key_and_label_alone_and_says_nothing_of_another_value(
    name: str, text: str, found: str | None
) -> None:
    """Why `keep` is not `bind="query-params"`: links name a control and a value in words of their own, which stay when a label
    changes, and a link to what does not exist gets a note."""
    app = AppTest.from_function(_bound)
    app.query_params[name] = text
    app.run()
    assert app.session_state["similarity_measure"] == found and not app.warning and not app.exception
