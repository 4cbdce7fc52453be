"""OpenSSH and an rsync daemon, each on a port of its own over a temporary folder."""

import getpass
import os
import shutil
import subprocess
import uuid
from pathlib import Path

import pytest
from msgspec import Struct
from servers_kit import free_port, program, running
from shows_kit import Place

SSHD = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
Subsystem sftp internal-sftp -d {home}
"""
RSYNCD = """\
port = {port}
address = 127.0.0.1
use chroot = no
log file = {folder}/rsyncd.log
reverse lookup = no
{identity}
[shows]
path = {home}
read only = no
auth users = ann
secrets file = {folder}/secrets
strict modes = no
[locked]
path = {home}
read only = yes
"""
CONFIG = """\
IdentityFile {ssh}/id_ed25519
IdentitiesOnly yes
UserKnownHostsFile {ssh}/known_hosts
GlobalKnownHostsFile /dev/null
"""


class Machine(Struct, frozen=True, kw_only=True):
    """A server: whom and where to ask, the folder that it calls home, and its own files."""

    user: str
    port: int
    home: Path
    folder: Path

    @property
    def at(self):
        """User, host and port, as in an address."""
        return f"{self.user}@127.0.0.1:{self.port}"


def make_key(path):
    """Make a key pair without a passphrase."""
    path.unlink(missing_ok=True)
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "tests", "-f", str(path)]
    subprocess.run(words, check=True)


@pytest.fixture(scope="session")
def sshd(tmp_path_factory):
    """OpenSSH with a host key of its own; one key is let in."""
    folder, port = tmp_path_factory.mktemp("sshd"), free_port()
    home = folder / "home"
    home.mkdir()
    make_key(folder / "host_key")
    make_key(folder / "id_ed25519")
    shutil.copy(folder / "id_ed25519.pub", folder / "authorized_keys")
    config = folder / "sshd_config"
    config.write_text(SSHD.format(port=port, folder=folder, home=home), encoding="utf-8")
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    with running([program("sshd"), "-D", "-e", "-f", config], port, folder):
        yield Machine(user=getpass.getuser(), port=port, home=home, folder=folder)


@pytest.fixture(scope="session")
def rsyncd(tmp_path_factory):
    """An rsync daemon; user `ann`, password `quiet`."""
    folder, port = tmp_path_factory.mktemp("rsyncd"), free_port()
    home = folder / "home"
    home.mkdir()
    (folder / "secrets").write_text("ann:quiet\n", encoding="utf-8")
    identity = "uid = 0\ngid = 0" if os.getuid() == 0 else ""
    config = folder / "rsyncd.conf"
    text = RSYNCD.format(port=port, folder=folder, home=home, identity=identity)
    config.write_text(text, encoding="utf-8")
    words = [program("rsync"), "--daemon", "--no-detach", f"--config={config}"]
    with running(words, port, folder):
        yield Machine(user="ann", port=port, home=home, folder=folder)


@pytest.fixture
def me(sshd, tmp_path):
    """A home with the key that sshd lets in and known_hosts, and an `ssh` that looks there."""
    ssh, found = tmp_path / "me" / ".ssh", tmp_path / "me" / "bin"
    ssh.mkdir(parents=True)
    found.mkdir()
    shutil.copy(sshd.folder / "id_ed25519", ssh)
    key = (sshd.folder / "host_key.pub").read_text(encoding="utf-8")
    (ssh / "known_hosts").write_text(f"[127.0.0.1]:{sshd.port} {key}", encoding="utf-8")
    (ssh / "config").write_text(CONFIG.format(ssh=ssh), encoding="utf-8")
    real = f'#!/bin/sh\nexec {program("ssh")} -F {ssh}/config "$@"\n'  # it knows no $HOME
    (found / "ssh").write_text(real, encoding="utf-8")
    (found / "ssh").chmod(0o755)
    return tmp_path / "me"


@pytest.fixture
def sftp_place(sshd, me):
    return _place(sshd, f"sftp://{sshd.at}{sshd.home}/", _of(me))


@pytest.fixture
def ssh_place(sshd, me):
    return _place(sshd, f"rsync+ssh://{sshd.at}{sshd.home}/", _of(me))


@pytest.fixture
def rsync_place(rsyncd):
    return _place(rsyncd, f"rsync://{rsyncd.at}/shows/", {"RSYNC_PASSWORD": "quiet"})


def _of(me):
    """What the environment of somebody is who lives there."""
    path = f"{me}/bin{os.pathsep}{os.environ['PATH']}"
    return {"HOME": str(me), "PATH": path, "SSH_AUTH_SOCK": ""}


def _place(machine, address, env):
    """A folder that is not there yet."""
    name = f"{uuid.uuid4().hex}/deep/show"

    def fetch(path):
        found = machine.home / name / path
        return found.read_bytes() if found.is_file() else None

    return Place(address=address + name, env=env, fetch=fetch)
