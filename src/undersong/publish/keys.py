"""Secrets of targets: from the environment, or from the keyring of this computer; nowhere else."""

import os
from typing import Final

from undersong.errors import PublishError
from undersong.publish.address import Address

EXTRA: Final = "pip install 'undersong[publish]' brings what sending to other hosts needs"


def secret(address: Address, name: str) -> str | None:
    """Return a secret, None when there is none; what is empty counts as none.

    Args:
        address: of a place that the keyring may know as `undersong` and the place.
        name: the environment variable that is asked first; the keyring calls it the same.

    Raises:
        PublishError: the keyring does not open.
    """
    return os.environ.get(name) or _kept(address, name)


def _kept(address: Address, name: str) -> str | None:
    try:
        import keyring  # noqa: PLC0415 - only who publishes elsewhere has it
        from keyring.errors import KeyringError, NoKeyringError  # noqa: PLC0415 - as above
    except ImportError:
        return None
    try:
        return keyring.get_password(f"undersong {address.place}", name) or None
    except NoKeyringError:
        return None
    except KeyringError as error:
        raise PublishError(
            f"the keyring of this computer does not open: {type(error).__name__}",
            hint=f"unlock it, or set ${name} in the environment",
        ) from None
