"""A show of 1,000 episodes: what building and checking it costs.

`python tests/bench/bench_publish.py [COUNT]`, alone on the machine. Tracks are a second or two of
noise with captions, chapters and a cover in the file, as renders leave them.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "publish"))

from publish_kit import SHOW, picture, sound, write_library, write_track  # noqa: E402

from undersong.publish.check.examine import check_file  # noqa: E402
from undersong.publish.edition import prepare  # noqa: E402
from undersong.publish.send import plan, send  # noqa: E402
from undersong.publish.showfile import load_show  # noqa: E402
from undersong.publish.target import FolderTarget  # noqa: E402
from undersong.publish.tracks import read_tracks  # noqa: E402
from undersong.recipes.library import Library  # noqa: E402

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def spent(work: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """Return what `work` gives, and its wall and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = work()
    costs = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    return found, {name: round(value, 2) for name, value in costs.items()}


def main() -> None:
    """Print one line of JSON for each step."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as place:
        root = write_library(Path(place) / "library", SHOW)
        (root / "cover.png").write_bytes(picture())
        content = sound(seconds=2.0)
        for k in range(count):
            write_track(root / "build", f"track-{k:04d}", files={"mp3": content + b"\0" * k})
        target = FolderTarget(root / "public")

        def build() -> Any:
            tracks = read_tracks(root / "build")
            return prepare(load_show(Library.find(root)), tracks, None, NOW)

        _, built = spent(build)
        (root / "show.yaml").write_text(SHOW.replace("site: false\n", ""), encoding="utf-8")
        prepared, paged = spent(build)
        found = plan(prepared, target, NOW.date())
        _, sent = spent(lambda: send(found, target, lambda _bytes: None))
        again, planned = spent(lambda: plan(prepared, target, NOW.date()))
        report, checked = spent(lambda: check_file(root / "public", NOW))
        rows = {
            "build the feeds": built,
            "build feeds and pages": paged,
            f"write {len(found.writes)} files": sent,
            f"look for changes ({len(again.writes)})": planned,
            f"check {report.items} items on {report.pages} pages": checked,
        }
    for name, costs in rows.items():
        sys.stdout.write(f"{name}: {json.dumps(costs)}\n")


if __name__ == "__main__":
    main()
