"""What is said between us and MWW Europe: the same, so one scenario against the simulator stands for all."""

from __future__ import annotations

from pathlib import Path

from attrs import evolve

from orderdesk_devkit.testing.scenarios import load_scenarios

MWW = load_scenarios(Path(__file__).parent.parent)
SCENARIOS = evolve(
    MWW,
    integration="mww-europe",
    service_version=f"taken to equal MWW On Demand's: {MWW.service_version}",
    table=(MWW.named("cancel-honored"),),
)
