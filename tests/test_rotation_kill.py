"""`rangkul privacy rotate-key` killed with SIGKILL anywhere, again and again: nothing is lost, and it ends."""

from __future__ import annotations

import os
import subprocess
import sys

from storage_fixtures import village_of
from test_rotation import everything
from world_fixtures import ROOT

from storage import Database, KeyRing, Sealer
from storage.rotation import left_to_seal


def test_killed_anywhere_it_loses_nothing_and_ends(tmp_path):
    database, keys = tmp_path / "data.db", tmp_path / "keys" / "rangkul.keys"
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, str(ROOT / "tests" / "rotation_child.py"), str(database), str(keys), "5"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    kills, halves = map(int, done.stdout.split())
    assert kills >= 5
    assert halves >= 2  # some of them while old and new keys were both in use
    assert [file.name for file in keys.parent.iterdir()] == ["rangkul.keys"]  # no draft with keys in it is left
    ring = KeyRing.read(keys.read_text("ascii"))
    assert [name for name, _ in ring.sealing] == ["k2"]
    opened = Database(f"sqlite:///{database}", Sealer(ring), village_of)
    assert left_to_seal(opened, Sealer(ring)) == 0
    assert len(everything(opened)["lead"]) == 7
    opened.close()
