"""What the visitor chose, one value for all pages: kept in the session, mirrored in the address bar."""

from dataclasses import asdict, replace
from typing import Annotated, Any

import streamlit as st
from pydantic import AfterValidator, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from explorer import jobs, own_sets, workspaces
from explorer.app.address import opened
from explorer.app.display import display_switch, name_figures
from explorer.app.mine import note_own, presents
from explorer.app.words import safe_md
from explorer.catalogue.backbones import DEFAULT_BACKBONE, backbone, find
from explorer.catalogue.datasets import DATASETS, offered
from explorer.edits import NAME as EDITS
from explorer.errors import ExplorerError

_Run = Annotated[str, Field(pattern=r"^([A-Za-z0-9_][A-Za-z0-9_.-]*)?$", max_length=120)]
_Name = Annotated[str, Field(max_length=64)]
_LONGEST = {"images": 6000, "target": 255}  # characters that an address may hold; the session holds any number
_IMAGES = r"^([0-9]{1,8}(-[0-9]{1,8})?(\.[0-9]{1,8}(-[0-9]{1,8})?)*)?$"


def _there(dataset: str) -> str:
    """The name of a data set that there is now. Raises ValueError else."""
    if dataset not in offered():
        raise ValueError(f"there is no data set {dataset!r}")
    return dataset


@dataclass(frozen=True)
class Choice:
    """Backbone and data set for new runs; runs A and B (empty: the default), stage, test image (-1: the one that B gained
    most on) and class to look at; `images` a selection of test images (`3.7-9`; empty: none), `own` the key of a
    visitor's own picture, looked at in place of the test image; `edits` names what was changed of the data set."""

    backbone: Annotated[str, Field(max_length=160), AfterValidator(lambda name: backbone(name).name)] = DEFAULT_BACKBONE
    dataset: Annotated[_Name, AfterValidator(_there)] = "photo_patches"
    a: _Run = ""
    b: _Run = ""
    stage: _Name = ""
    image: Annotated[int, Field(ge=-1, le=10_000_000)] = -1
    target: str = ""
    images: Annotated[str, Field(pattern=_IMAGES)] = ""
    own: Annotated[str, Field(pattern=r"^([0-9a-f]{32})?$")] = ""
    edits: Annotated[str, Field(pattern=EDITS)] = ""


_FIELDS = tuple(asdict(Choice()))
_DEFAULTS = asdict(Choice())


def choice() -> Choice:
    """The visitor's choice as it stands; a data set that was deleted meanwhile gives way to the default."""
    chosen = st.session_state.get("choice", Choice())
    if find(chosen.backbone) is None:  # its row was removed
        chosen = st.session_state["choice"] = replace(chosen, backbone=_DEFAULTS["backbone"])
    if chosen.dataset in DATASETS or own_sets.find(chosen.dataset) is not None:
        return chosen
    chosen = st.session_state["choice"] = Choice(**(asdict(chosen) | {"dataset": _DEFAULTS["dataset"]}))
    return chosen


def choose(**changes: Any) -> None:
    """Change the choice; the address bar follows at once."""
    st.session_state["choice"] = replace(choice(), **changes)
    _mirror()


def wishes() -> list[dict[str, str]]:
    """What the visitor chose of data set and backbone, where that is not the default: both, then each alone."""
    found = {name: getattr(choice(), name) for name in ("dataset", "backbone")}
    found = {name: value for name, value in found.items() if value != _DEFAULTS[name]}
    return [found, *({name: value} for name, value in found.items())] if found else []


def pair_shown() -> tuple[str, str]:
    """The runs A and B that the open page showed last; empty where it has shown none since it was opened."""
    return st.session_state.get("pair_shown", ("", ""))


def keep_pair(a: str, b: str) -> None:
    """These two are shown: the address names them, so that a link shows the same later, though nobody chose them."""
    st.session_state["pair_shown"] = (a, b)
    name_figures(pair="_vs_".join("-".join(run.split("-")[-2:]) for run in (a, b)))
    _mirror()


def from_address(address: dict[str, str]) -> tuple[Choice, list[str]]:
    """The choice that an address holds, and a note for each value in it that is none."""
    good: dict[str, Any] = {}
    notes = []
    for name in _FIELDS:
        if name not in address:
            continue
        try:
            if too_long(name, address[name]):
                raise ExplorerError(f"{name} is too long")
            checked = TypeAdapter(Choice).validate_python({name: address[name]})
            good[name] = getattr(checked, name)
        except (ValidationError, ExplorerError):
            notes.append(f"The address asked for {name} = {address[name][:64]!r}, which does not exist here.")
    return Choice(**good), notes


def to_address(chosen: Choice) -> dict[str, str]:
    """What the address bar shows: only what differs from the defaults, and what is not too long for it."""
    found = {name: str(value) for name in _FIELDS if (value := getattr(chosen, name)) != _DEFAULTS[name]}
    return {name: value for name, value in found.items() if not too_long(name, value)}


def too_long(name: str, value: str) -> bool:
    """Whether an address cannot hold this value of the choice, so that it lives in the session alone."""
    return len(value) > _LONGEST.get(name, len(value))


def _mirror() -> None:
    """Write the address in one go."""
    shown = {name: run for name, run in zip("ab", pair_shown(), strict=True) if run}
    wanted = shown | to_address(choice())
    now = st.query_params.to_dict()
    address = {name: value for name, value in now.items() if name not in _FIELDS} | wanted
    if address != now:
        st.query_params.from_dict(address)
    st.session_state["choice_address"] = wanted


def note_run(run: object) -> None:
    """Remember that this visitor started a run, or took it up again; what it proves counts once it has finished."""
    if isinstance(run, str):
        for name in ("runs_over", "runs_forgotten"):
            st.session_state.get(name, set()).discard(run)
        st.session_state.setdefault("started_runs", []).append(run)
        note_own(run)


def begin() -> None:
    """Open a page: take a changed address (deep link, back button), else keep the choice; then say how the worker is."""
    st.session_state["figure_words"] = {}
    address = {name: st.query_params[name] for name in _FIELDS if name in st.query_params}
    if "a" not in address and "b" not in address:  # another page was opened: its defaults are worked out again
        st.session_state.pop("pair_shown", None)
        opened(bare=True)
    if address and address != st.session_state.get("choice_address"):
        opened(bare=False)
        _take(address)
    _mirror()
    display_switch()
    _worker_line()


def _take(address: dict[str, str]) -> None:
    """Make what an address says the choice; what is too long for any address stays while the runs do."""
    found, notes = from_address(address)
    before = choice()
    if (found.a, found.b) == (before.a, before.b):
        held = {name: getattr(before, name) for name in _LONGEST if too_long(name, getattr(before, name))}
        found = replace(found, **{name: value for name, value in held.items() if name not in address})
    if found != before:
        st.session_state.pop("images_of", None)  # its image and selection are those of the runs that it names
    st.session_state["choice"] = found
    for note in notes:
        st.warning(safe_md(f"{note} Showing the default instead."), icon=":material/link_off:")


def _worker_line() -> None:
    """In the menu: nothing while the worker is ready; what is the matter while it is not."""
    beat = jobs.alive()
    before = st.session_state.setdefault("worker_starts", beat.starts)
    if beat.starts > before > 0:
        st.session_state["worker_starts"] = beat.starts
        st.warning(
            "The worker was restarted. Trainings resume from their checkpoints by themselves; for a look that was under way "
            "press *Try again*.",
            icon=":material/restart_alt:",
        )
    if beat.state != "ready" or jobs.trainings_wait():
        with st.sidebar:
            _watch_worker()


@st.fragment(run_every=2.0)
def _watch_worker() -> None:
    """How the worker stands; once it is ready the page is drawn without this line, which would ask every two seconds for good."""
    state, why = jobs.alive().state, jobs.trainings_wait()
    if state == "ready" and why:
        seen = why if presents() or not workspaces.shared() else "their cluster cannot be reached"
        st.warning(f"Trainings wait: {safe_md(seen, 600)}", icon=":material/hourglass_empty:")
    elif state == "ready":
        st.session_state["worker_starts"] = jobs.alive().starts
        st.rerun()
    elif state == "warming":
        st.caption(":material/hourglass_top: The worker is warming up. Requests may take a few seconds.")
    elif state.startswith("broken: "):
        st.error(safe_md(state.removeprefix("broken: "), 600), icon=":material/error:")
    else:
        st.caption(":material/hourglass_empty: No worker yet: one is being started. Requests will wait for it.")
