"""No two salts are alike, whichever thread or process gets them."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from orderdesk_sdk.stores.salts import SALT_SIZE, new_salt

COUNT = 1000


def test_no_two_are_alike_in_any_thread() -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: new_salt(), range(COUNT)))
    assert len(set(made)) == COUNT
    assert {len(salt) for salt in made} == {SALT_SIZE}


@pytest.mark.skipif(not hasattr(os, "fork"), reason=f"{sys.platform} has no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")  # The child does nothing but this.
def test_a_forked_child_has_others_than_its_parent() -> None:
    new_salt()  # Now more lie ready.
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, new_salt())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    of_child = os.read(reading, 2 * SALT_SIZE)
    os.close(reading)
    assert len(of_child) == SALT_SIZE
    assert of_child not in {new_salt() for _ in range(COUNT)}
