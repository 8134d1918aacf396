"""The experiments that were started here, the latest first: small files beside the runs, so that they are found again."""

from explorer import clock, workspaces
from explorer.errors import ExplorerError
from explorer.experiments.plan import Plan, read
from explorer.home import home, write_aside
from explorer.runs.folders import writing

MOST = 50


def keep(plan: Plan) -> None:
    """Note that it was started now; the oldest of more than MOST are forgotten (their runs stay), on a shared server of one
    visitor's."""
    with writing():
        folder = home() / "experiments"
        folder.mkdir(parents=True, exist_ok=True)
        workspaces.take("experiments", plan.key)
        write_aside(
            folder / f"{plan.key}.txt",
            lambda part: part.write_text(f"{clock.later()}\n{plan.text}\n", encoding="utf-8"),
        )
        gone = [folder / f"{key}.txt" for key in workspaces.keep_latest("experiments", MOST)]
        if workspaces.viewer() is None:
            nobodys = (path for path in folder.glob("*.txt") if not workspaces.owners("experiments", path.stem))
            gone = sorted(nobodys, key=lambda path: path.stat().st_mtime)[:-MOST]
        for path in gone:
            path.unlink(missing_ok=True)


def started() -> list[Plan]:
    """Those kept, the latest first; what another version wrote and this one cannot read is left out."""
    found: list[tuple[float, Plan]] = []
    for path in (home() / "experiments").glob("*.txt"):
        if not workspaces.sees("experiments", path.stem):
            continue
        try:
            when, text = path.read_text(encoding="utf-8").splitlines()[:2]
            found.append((float(when), read(text)))
        except (OSError, ValueError, ExplorerError):
            continue
    return [plan for _, plan in sorted(found, key=lambda row: row[0], reverse=True)]
