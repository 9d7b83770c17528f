"""The small internet, once for every test in this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.internet.lab import Internet
from tests.internet.scenario import scenarios
from tests.servers import need
from tests.servers.packages import GROUPS

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def internet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Internet]:
    """The internet, with every scenario's message on its way."""
    need(*GROUPS)
    made = Internet(tmp_path_factory.mktemp("internet"))
    try:
        made.start()
        made.send_all(scenarios())
        yield made
    finally:
        made.stop()
