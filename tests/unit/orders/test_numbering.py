"""The numbers of duplicates: a suffix that is configured, counted on, and held against what a service keeps."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from orderdesk_amazon_mcf.simulator import McfSimulator
from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_devkit.testing.harness import LINES, ORDER, open_simulated_harness
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk.config import read_config
from orderdesk_sdk.errors import ConfigurationError, ValidationError
from orderdesk_sdk.orders.numbering import duplicate_number, next_free_number, numbering_base, read_suffix
from orderdesk_sdk.orders.serialization import read_order_text
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore

MCF = """
[connections.mcf]
integration = "amazon-mcf"
[connections.mcf.settings]
refresh_token = { text = "Atzr-of-nobody" }
client_id = { text = "client-of-nobody" }
client_secret = { text = "secret-of-nobody" }
"""


@pytest.mark.parametrize(("suffix", "third"), [("-{n}", "1042-3"), ("R{n}", "1042R3"), ("({n})", "1042(3)")])
def test_duplicates_are_counted_by_the_suffix(suffix: str, third: str) -> None:
    taken = {duplicate_number("1042", suffix, 1), duplicate_number("1042", suffix, 2)}
    assert next_free_number("1042", taken.__contains__, suffix) == third
    assert numbering_base(third, ["1042"], suffix) == "1042"


@pytest.mark.parametrize(("suffix", "name"), [("-{n}", "1042-A"), ("R{n}", "1042-1"), ("({n})", "1042(1")])
def test_what_the_suffix_did_not_make_is_counted_on_from_itself(suffix: str, name: str) -> None:
    assert numbering_base(name, ["1042"], suffix) == name


@pytest.mark.parametrize(
    "wrong",
    ["", "-", "{n}", "-{n}{n}", "-{m}", " {n}", "-{n} ", "\t{n}", "-{n}{", "1{n}", "-{n}7", "-" * 30 + "{n}", 7, None],
)
def test_a_suffix_that_does_not_count_is_told_with_place_and_remedy(wrong: object) -> None:
    with pytest.raises(ConfigurationError) as told:
        read_suffix(wrong, "orderdesk.toml: [resubmission].suffix")
    assert (told.value.location, "-{n}" in (told.value.hint or "")) == ("orderdesk.toml: [resubmission].suffix", True)


def test_the_host_numbers_duplicates_as_configured(tmp_path: Path) -> None:
    config = tmp_path / "orderdesk.toml"
    config.write_text('[resubmission]\nsuffix = "R{n}"\n', encoding="utf-8")
    with SqliteOrderStore(
        tmp_path / "x.db", clock=VirtualClock(), suffix=read_config(config).resubmission_suffix
    ) as host:
        host.import_orders(read_order_text(SAMPLE_ORDERS, location="samples"), by="Ann")
        first = host.duplicate("1042", by="Ann")
        assert (first.number, host.next_free_number("1042"), host.next_free_number(first.number)) == (
            "1042R1",
            "1042R2",
            "1042R2",
        )


@pytest.mark.parametrize("key", ["suffx", "number"])
def test_what_the_table_does_not_know_is_told(tmp_path: Path, key: str) -> None:
    config = tmp_path / "orderdesk.toml"
    config.write_text(f'[resubmission]\n{key} = "R{{n}}"\n', encoding="utf-8")
    with pytest.raises(ConfigurationError, match=key):
        read_config(config)


@pytest.mark.parametrize(("suffix", "warned"), [("({n})", True), ("-{n}", False)])
def test_doctor_holds_the_suffix_against_every_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, warned: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("orderdesk.toml").write_text(f'[resubmission]\nsuffix = "{suffix}"\n{MCF}', encoding="utf-8")
    said = CliRunner().invoke(orderdesk, ["doctor"]).output
    assert ("would reject the numbers of duplicates, such as 1(1)" in said) == warned


def test_a_number_that_the_service_would_mangle_is_refused_before_anything_is_sent() -> None:
    simulator = McfSimulator(VirtualClock())
    simulator.add_order(ORDER, lines=LINES)
    with open_simulated_harness("amazon-mcf", simulator) as stage:
        stage.cancel()
        stage.follow_up()
        with pytest.raises(ValidationError) as refused:
            stage.resubmit(f"{ORDER}(1)")
        assert "[resubmission].suffix" in (refused.value.hint or "")
        assert stage.desk.cancellations.receipt(ORDER).resubmissions == ()
