"""The suite that judges an engine: whatever wakes the desk, every order is canceled once and none waits for ever.

    from orderdesk_devkit.testing.engines.suite import EngineConformance

    class TestMyEngine(EngineConformance):
        opener = "tests.my_engine:open_worker"      # makes a desk with the engine, here and in child processes

        @pytest.fixture
        def new_options(self, tmp_path): ...        # gives the options of one more empty ledger

`suite` has the tests, `shop` the service whose log they believe, `faults` lose, double, delay and mix up wakes, and
`child` is the worker that is killed at every step. What an opener is given and gives is said in `worker`.

It imports the failpoints, `raw_server` and the SDK, and needs a POSIX system where workers are killed.
"""
