"""Engines: who calls `advance` when something is due. The ledger, not the engine, carries the guarantees."""
