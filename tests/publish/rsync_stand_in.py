"""Stands in for rsync where none is installed: lists, fetches, sends and deletes below `root`.

`rsync_stand_in.json` beside it says how: root, what to complain of, the exit code, and where to
note how it was called.
"""

import json
import os
import shutil
import sys
from datetime import datetime
from pathlib import Path

how = json.loads(Path(__file__).with_name("rsync_stand_in.json").read_text(encoding="utf-8"))
words = sys.argv[1:]
with Path(how["calls"]).open("a", encoding="utf-8") as calls:
    session = os.getsid(0) != os.getsid(os.getppid())
    told = {"words": words, "password": os.environ.get("RSYNC_PASSWORD"), "session": session}
    calls.write(json.dumps(told) + "\n")
if how.get("code"):
    sys.stderr.write(how["says"])
    sys.exit(how["code"])

split = words.index("--")
options, paths = words[:split], words[split + 1 :]
root = Path(how["root"])


def local(path):
    for start in how["starts"]:
        if path.startswith(start):
            return root / path.removeprefix(start)
    return Path(path)


if "--list-only" in options:
    folder = local(paths[0])
    if not folder.is_dir():
        sys.stderr.write(f'rsync: change_dir "{folder}" failed: No such file or directory (2)\n')
        sys.exit(23)
    for path in sorted(folder.rglob("*")):
        stat = path.stat()
        when = f"{datetime.fromtimestamp(stat.st_mtime):%Y/%m/%d %H:%M:%S}"  # noqa: DTZ006 - local, as rsync has it
        kind = "d" if path.is_dir() else "-"
        line = f"{kind}rw-r--r-- {stat.st_size:>14} {when} {path.relative_to(folder)}\n"
        sys.stdout.write(line)
    sys.exit(0)

source, target = map(local, paths)
listed = [word.partition("=")[2] for word in options if word.startswith("--files-from=")]
if listed:
    for name in Path(listed[0]).read_text(encoding="utf-8").splitlines():
        (target / name).unlink(missing_ok=True)
elif source.is_dir():
    sent = 0
    for path in sorted(source.rglob("*")):
        if path.is_file():
            to = target / path.relative_to(source)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, to)
            sent += path.stat().st_size
            sys.stdout.write(f"\r{sent:>15} 100%    1.00MB/s    0:00:01 (xfr#1)")
    sys.stdout.write("\n")
elif source.is_file():
    shutil.copy(source, target)
else:
    sys.stderr.write(f'rsync: link_stat "{source}" failed: No such file or directory (2)\n')
    sys.exit(23)
