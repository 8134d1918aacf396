"""The presenter's view: controls behind buttons, a link for others and its code; names of saved figures; small print."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from opening import opened, store, two_runs

from explorer.app import display, presenting
from explorer.app.drawing import first_line
from explorer.looks.attribution.view.trust import grey_is_the_class
from explorer.looks.features.view.channels import tied

__all__ = ["store"]  # a fixture


def test_presenting_folds_the_controls_and_keeps_the_figure() -> None:
    a, b = two_runs()
    plain = opened("features", a=a, b=b, learned="1a")
    app = opened("features", a=a, b=b, present="1", learned="1a")
    assert not app.exception and len(app.get("plotly_chart")) == len(plain.get("plotly_chart")) > 0
    assert app.selectbox(key="pick_a").value == a, "controls are folded, not left out"
    labels = [box.proto.popover.label for box in app.get("popover")]
    assert {"Runs", "Picture", "View", "Stage", "Link"} <= set(labels)


def test_a_link_for_others_leaves_out_what_is_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    class Page:
        url = "http://10.0.0.7:8501/features"

    class Query:
        def to_dict(self) -> dict[str, str]:
            return {"a": "x", "stage": "layer4", "present": "1", "learned": "1a.2b"}

    monkeypatch.setattr(presenting.st, "context", Page())
    monkeypatch.setattr(presenting.st, "query_params", Query())
    link = urlsplit(presenting.link_for_others())
    assert (link.netloc, link.path, parse_qs(link.query)) == (
        "10.0.0.7:8501",
        "/features",
        {"a": ["x"], "stage": ["layer4"]},
    )
    code = presenting.code_of("http://10.0.0.7:8501/features?a=" + 90 * "x")
    assert code.lstrip().startswith("<?xml") and "<svg" in code and "#fff" in code.lower()


def test_a_saved_figure_says_what_it_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    words = {"pair": "linear_probe-6025_vs_full-43/3", "stage": "layer4", "image": "image7"}
    state = {"figure_words": words, "display_format": "png"}
    monkeypatch.setattr(display.st, "session_state", state)
    found = display.figure_config("features_maps")
    name = found["toImageButtonOptions"]["filename"]
    assert name == "thaw-features-maps-layer4-image7-linear_probe-6025_vs_full-43_3"
    assert found["toImageButtonOptions"]["scale"] == 3 and "displayModeBar" not in found
    assert display.figure_config("x", phone=True)["displayModeBar"] is False


@pytest.mark.parametrize(
    ("text", "line", "rest"),
    [
        ("One. Two.", "One. Two.", ""),
        ("One is 5.3 % of e.g. this, et al. 2019.", "One is 5.3 % of e.g. this, et al. 2019.", ""),
        ("Is it? " + 150 * "x" + ". More.", "Is it?", 150 * "x" + ". More."),
        (200 * "y" + ". More.", 200 * "y" + ".", "More."),
        ("", "", ""),
    ],
)
def test_the_first_line_ends_with_a_sentence(text: str, line: str, rest: str) -> None:
    assert first_line(text.replace("x" * 150, "X" + "x" * 149)) == (line, rest.replace("x" * 150, "X" + "x" * 149))


def test_grey_that_is_the_class_itself_is_noticed(one_curve: Callable[..., object]) -> None:
    assert grey_is_the_class(one_curve([0.9, 0.1, 0.96], [0.9, 0.4, 0.02])) == ["A"]
    assert grey_is_the_class(one_curve([0.9, 0.1, 0.1], [0.05, 0.1, 0.15])) == []


@pytest.fixture
def one_curve() -> Callable[..., object]:
    from types import SimpleNamespace

    import numpy as np

    def made(a: list[float], b: list[float]) -> object:
        return SimpleNamespace(
            deletion_a=SimpleNamespace(curve=np.array(a)), deletion_b=SimpleNamespace(curve=np.array(b))
        )

    return made


def test_ties_at_the_ceiling_are_said() -> None:
    import numpy as np

    said = tied(np.array([6.0, 6.0, 6.0, 5.5]), "B")
    assert "In B 3 of these 4 images" in said and "ReLU6" in said
    assert "ReLU6" not in tied(np.array([4.0, 4.0]), "A") and tied(np.array([6.0, 5.9]), "A") == ""
