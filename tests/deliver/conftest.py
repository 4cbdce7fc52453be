import pytest

from undersong.deliver import again, encode


@pytest.fixture
def encoded(monkeypatch):
    """Formats that were encoded, by render."""
    found: list[tuple[str, ...]] = []

    def noted(order, tick=None):
        found.append(order.formats)
        return encode.deliver(order, tick)

    monkeypatch.setattr(again, "deliver", noted)
    return found
