"""OpenStack Swift with its S3 API, all four servers in one process; run by Debian's own Python.

    /usr/bin/python3 swift_in_one.py FOLDER PORT

Account `test`, access key `test:tester`, secret `testing`. Nothing is mocked: rings, disk files,
databases and signatures are Swift's own. What is missing are its replicas and its cache.
"""

import sys
from pathlib import Path

import eventlet
import eventlet.wsgi

eventlet.monkey_patch()

from swift.common import utils  # noqa: E402 - after its sockets were made green
from swift.common.ring import RingBuilder  # noqa: E402
from swift.common.wsgi import loadapp  # noqa: E402

SWIFT = """\
[swift-hash]
swift_hash_path_suffix = tests
swift_hash_path_prefix = tests
"""
DEFAULT = """\
[DEFAULT]
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
fallocate_reserve = 0
disable_fallocate = true
log_level = ERROR
"""
STORAGE = """\
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""
PROXY = """\
[pipeline:main]
pipeline = catch_errors gatekeeper listing_formats bulk s3api tempauth copy slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:s3api]
use = egg:swift#s3api
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
"""


class Forgetful:
    """The cache that the proxy wants, always empty: a `MemcacheRing` as far as it is asked."""

    def get(self, _key, **_options):
        """Know nothing."""
        return

    def set(self, _key, _value, **_options) -> None:
        """Keep nothing."""

    def delete(self, _key, **_options) -> None:
        """Have nothing to forget."""


def listen(port: int):
    """Return a socket on loopback; port 0 is any that is free."""
    return eventlet.listen(("127.0.0.1", port))


def serve(folder: Path, socket, kind: str, text: str):
    """Serve one of the four; return its green thread."""
    conf = folder / f"{kind}.conf"
    conf.write_text(DEFAULT.format(folder=folder) + text.format(kind=kind), encoding="utf-8")
    app = loadapp(str(conf))

    def cached(env, start):
        env["swift.cache"] = Forgetful()
        return app(env, start)

    return eventlet.spawn(eventlet.wsgi.server, socket, cached, log_output=False)


def main(folder: Path, port: int) -> None:
    """Build three rings of one device each, and serve until killed."""
    (folder / "devices" / "sda").mkdir(parents=True)
    (folder / "swift.conf").write_text(SWIFT, encoding="utf-8")
    utils.set_swift_dir(str(folder))
    for kind in ("account", "container", "object"):
        socket = listen(0)
        rings = RingBuilder(part_power=2, replicas=1, min_part_hours=0)
        where = {"ip": "127.0.0.1", "port": socket.getsockname()[1], "device": "sda"}
        rings.add_dev({"region": 1, "zone": 1, "weight": 1.0, **where})
        rings.rebalance()
        rings.get_ring().save(str(folder / f"{kind}.ring.gz"))
        serve(folder, socket, kind, STORAGE)
    proxy = listen(port)
    serve(folder, proxy, "proxy", PROXY).wait()


main(Path(sys.argv[1]), int(sys.argv[2]))
