"""The configuration: each mistake is named with file, place and hint, and no secret is ever shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk.config import Config, find_config, read_config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.plugin.connection_settings import secret, setting, settings, url
from orderdesk_sdk.runtime.connection_config import ConnectionConfig, make_settings
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore

SECRET = "Atzr|IwEB-very-secret"


@settings
class AcmeSettings:
    """Acme."""

    api_key: Secret = secret(help="Acme > Account")
    endpoint: str = url(help="Acme's API", default="https://api.acme.example")
    speed: str = setting(str, help="speed", default="Standard", choices=("Standard", "Fast"))
    store: str = setting(str, help="the store's number")
    retries: int = setting(int, help="how often", default=3)
    loud: bool = setting(bool, help="shout", default=False)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "orderdesk.toml"
    path.write_text(text, encoding="utf-8")
    return path


def wrong(path: Path) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as raised:
        read_config(path)
    assert str(path) in str(raised.value.location), "the file is named"
    return raised.value


def test_a_whole_configuration(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
        [ledger]
        url = "sqlite:///data/orders.db"
        [orders]
        timezone = "America/New_York"
        [connections.mcf-us]
        integration = "amazon-mcf"
        [connections.mcf-us.settings]
        api_key = { env = "KEY" }
        """,
    )
    config = read_config(path)
    assert (config.ledger, config.timezone, config.path) == (
        tmp_path / "data/orders.db",
        ZoneInfo("America/New_York"),
        path,
    )
    connection = config.connections["mcf-us"]
    assert (connection.name, connection.integration) == ("mcf-us", "amazon-mcf")
    assert connection.settings == {"api_key": {"env": "KEY"}}
    assert connection.location == f"{path}: [connections.mcf-us]"


def test_an_empty_file_takes_every_default(tmp_path: Path) -> None:
    path = written(tmp_path, "")
    assert read_config(path) == Config(tmp_path / "orderdesk.db", {}, UTC, path)


def test_an_absolute_ledger_stays_where_it_is(tmp_path: Path) -> None:
    path = written(tmp_path, '[ledger]\nurl = "sqlite:////var/lib/orders.db"')
    assert read_config(path).ledger == Path("/var/lib/orders.db")


@pytest.mark.parametrize(
    ("text", "place", "said", "hint"),
    [
        ("ledger = [", "", "is not TOML", None),
        ("[legder]", "", "unknown key 'legder'", "did you mean 'ledger'?"),
        ("[zzz]", "", "unknown key 'zzz'", "known are: ledger, orders, email, answer_links, messages"),
        ("ledger = 5", "", "ledger must be a table", "[ledger]"),
        ("[ledger]\nulr = 'x'", ": [ledger]", "unknown key 'ulr'", "did you mean 'url'?"),
        ("[ledger]\nurl = 5", ": [ledger].url", "not the URL of a database", "sqlite:///orderdesk.db"),
        ("[ledger]\nurl = 'sqlite:///'", ": [ledger].url", "not the URL of a database", "sqlite:///orderdesk.db"),
        ("[ledger]\nurl = 'orders.db'", ": [ledger].url", "not the URL of a database", "sqlite:///orderdesk.db"),
        ("[orders]\ntimezone = 'Mars'", ": [orders].timezone", "'Mars' is not a time zone", "Europe/Berlin"),
        ("[orders]\ntimezone = ''", ": [orders].timezone", "not a time zone", "Europe/Berlin"),
        ("[orders]\ntimezone = 'America'", ": [orders].timezone", "not a time zone", "Europe/Berlin"),
        ("[orders]\ntimezone = '../etc/passwd'", ": [orders].timezone", "not a time zone", "Europe/Berlin"),
        ("[orders]\ntimezone = 5", ": [orders].timezone", "not a time zone", "Europe/Berlin"),
        ("[orders]\nzone = 'UTC'", ": [orders]", "unknown key 'zone'", "timezone"),
        ("connections = 5", "", "connections must be a table", "[connections]"),
        ("[connections]\nmcf = 5", ": [connections.mcf]", "a table was expected", None),
        ("[connections.'a b']", ": [connections.a b]", "letters, digits", None),
        ("[connections.mcf]", ": [connections.mcf]", "integration is missing", "integration = "),
        ("[connections.mcf]\nintegration = 5", ": [connections.mcf]", "integration is missing", "integration = "),
        ("[connections.mcf]\nintegraton = 'x'", ": [connections.mcf]", "'integraton'", "did you mean 'integration'?"),
        ("[connections.mcf]\nintegration = 'x'\nsettings = 5", ": [connections.mcf]", "settings must be", "[settings]"),
    ],
)
def test_each_mistake_is_named_with_place_and_remedy(
    tmp_path: Path, text: str, place: str, said: str, hint: str | None
) -> None:
    path = written(tmp_path, text)
    error = wrong(path)
    assert error.location == f"{path}{place}"
    assert said in error.message
    assert hint is None or hint in str(error.hint)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert "cannot be read" in wrong(tmp_path / "absent.toml").message
    assert "cannot be read" in wrong(tmp_path).message
    path = tmp_path / "latin.toml"
    path.write_bytes(b"# \xff\xfe")
    assert "is not TOML" in wrong(path).message


def test_a_ledger_url_with_a_password_is_refused_without_showing_it(tmp_path: Path) -> None:
    path = written(tmp_path, f'[ledger]\nurl = "postgresql://desk:{SECRET}@db.example/orders"')
    error = wrong(path)
    assert SECRET not in str(error)
    assert SECRET not in repr(error)


def test_orders_are_beside_the_ledger_unless_the_configuration_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read_config(written(tmp_path, "")).orders is None
    assert read_config(written(tmp_path, '[orders]\nurl = "sqlite:///orders.db"')).orders == tmp_path / "orders.db"
    monkeypatch.setenv("ORDERS_URL", "postgresql://desk@db.example/orders")
    assert read_config(written(tmp_path, '[orders]\nurl = { env = "ORDERS_URL" }')).orders == Secret(
        "postgresql://desk@db.example/orders"
    )
    error = wrong(written(tmp_path, f'[orders]\nurl = "mysql://desk:{SECRET}@db.example/orders"'))
    assert str(error.location).endswith(": [orders].url")
    assert SECRET not in str(error)


def test_a_desk_keeps_its_orders_where_the_configuration_says(tmp_path: Path) -> None:
    config = Config(tmp_path / "ledger.db", orders=tmp_path / "orders.db")
    with Desk(config) as desk:
        desk.orders.import_orders([Order("id-1", "1")], by="Ann")
    with SqliteOrderStore(tmp_path / "orders.db", clock=VirtualClock()) as store:
        assert store.get_order("1").id == "id-1"


def test_the_configuration_is_found_where_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_config(None) == Config(Path("orderdesk.db"))
    path = written(tmp_path, '[ledger]\nurl = "sqlite:///here.db"')
    assert find_config(None).ledger == Path("here.db")
    assert find_config(path).ledger == tmp_path / "here.db"
    with pytest.raises(ConfigurationError, match="cannot be read"):
        find_config(tmp_path / "absent.toml")


# Settings of a connection


def connection(**given: object) -> ConnectionConfig:
    return ConnectionConfig("shop", "acme", given, "orderdesk.toml: [connections.shop]")


def refused(environ: Mapping[str, str] | None = None, /, **given: object) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as raised:
        make_settings(AcmeSettings, connection(**given), environ or {"KEY": SECRET})
    assert str(raised.value.location).startswith("orderdesk.toml: [connections.shop].settings")
    assert SECRET not in str(raised.value)
    assert SECRET not in repr(raised.value)
    return raised.value


def test_settings_are_made_of_references_and_defaults() -> None:
    made = make_settings(AcmeSettings, connection(api_key={"env": "KEY"}, store="7"), {"KEY": SECRET})
    assert made == AcmeSettings(api_key=Secret(SECRET), store="7")
    assert SECRET not in repr(made)
    text = make_settings(AcmeSettings, connection(api_key={"text": SECRET}, store="7"), {})
    assert text == made


@pytest.mark.parametrize(
    ("given", "place", "said", "hint"),
    [
        ({}, ".api_key", "is missing", 'api_key = { env = "NAME" }'),
        ({"api_key": {"env": "KEY"}}, ".store", "is missing", "the store's number"),
        ({"api_kye": 1}, "", "unknown key 'api_kye'", "did you mean 'api_key'?"),
        ({"api_key": {"env": "OTHER_KEY"}}, ".api_key", "variable OTHER_KEY is not set", "start again"),
        ({"api_key": {"env": "EMPTY"}}, ".api_key", "variable EMPTY is not set", "start again"),
        ({"api_key": {"env": SECRET}}, ".api_key", "is not set", "start again"),
        ({"api_key": SECRET}, ".api_key", "by reference", '{ env = "NAME" }'),
        ({"api_key": [SECRET]}, ".api_key", "by reference", '{ env = "NAME" }'),
        ({"api_key": {SECRET: SECRET}}, ".api_key", "by reference", '{ env = "NAME" }'),
        ({"api_key": {"env": "KEY", "text": SECRET}}, ".api_key", "by reference", '{ env = "NAME" }'),
        ({"api_key": {"text": ""}}, ".api_key", "by reference", '{ env = "NAME" }'),
    ],
)
def test_wrong_secrets_are_named_and_never_shown(given: dict[str, object], place: str, said: str, hint: str) -> None:
    error = refused({"KEY": SECRET, "EMPTY": ""}, **given)
    assert error.location == f"orderdesk.toml: [connections.shop].settings{place}"
    assert said in error.message
    assert hint in str(error.hint)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("endpoint", "api.acme.example", "must be a URL"),
        ("endpoint", "https:///path", "must be a URL"),
        ("endpoint", 5, "must be a URL"),
        ("speed", "Overnight", "'Overnight' is not allowed"),
        ("store", 7, "must be a text, not 7"),
        ("retries", "3", "must be a whole number, not '3'"),
        ("retries", True, "must be a whole number, not True"),
        ("retries", 3.0, "must be a whole number, not 3.0"),
        ("loud", 1, "must be true or false, not 1"),
        ("loud", "yes", "must be true or false, not 'yes'"),
    ],
)
def test_each_wrong_value_is_named(name: str, value: object, said: str) -> None:
    error = refused(**{"api_key": {"env": "KEY"}, "store": "7", name: value})
    assert error.location == f"orderdesk.toml: [connections.shop].settings.{name}"
    assert said in error.message


def test_what_is_allowed_is_listed() -> None:
    error = refused(api_key={"env": "KEY"}, store="7", speed="Overnight")
    assert error.hint == "one of 'Standard', 'Fast'"


def test_what_a_settings_class_itself_refuses_is_a_configuration_error() -> None:
    @settings
    class Picky:
        store: str = setting(str, help="the store's number")

        def __attrs_post_init__(self) -> None:
            raise ValueError("the store must be even")

    with pytest.raises(ConfigurationError, match="must be even"):
        make_settings(Picky, connection(store="7"), {})


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.just(SECRET)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["env", "text", "x"]), inner)),
    max_leaves=5,
)


@given(JSON)
def test_whatever_stands_where_a_secret_belongs_its_text_is_not_in_the_error(value: object) -> None:
    try:
        shown = repr(make_settings(AcmeSettings, connection(api_key=value, store="7"), {}))
    except ConfigurationError as error:
        shown = str(error) + repr(error)
    assert SECRET not in shown


ORDER_DESK = '[orders]\nstore_id = "12345"\napi_key = { text = "key-of-the-store" }\ncontact = "ops@example.com"\n'


class TestOrderDeskStore:
    def test_three_lines_are_enough(self, tmp_path: Path) -> None:
        file = tmp_path / "orderdesk.toml"
        file.write_text(ORDER_DESK)
        config = read_config(file)
        settings = config.order_desk
        assert settings is not None
        assert (settings.url, settings.canceled_folder) == ("https://app.orderdesk.me/api/v2", "Canceled")
        assert config.messages.store_id == "12345"
        assert "key-of-the-store" not in repr(config)

    @pytest.mark.parametrize(
        ("line", "expected"),
        [
            ('timezone = "Europe/Nowhere"', "is not a time zone"),
            ('folder = "Canceled"', "unknown key 'folder'"),
            ('connections = { "Bay Photo" = "bay" }', "'bay' is not configured"),
            ("connections = 3", "a table of Order Desk's names"),
            ('remote_number = "number"', "one of 'source_id', 'id'"),
            ("search_days = 0", "out of range"),
            ('url = "http://order-desk.example"', "http://"),
        ],
    )
    def test_mistakes_are_named(self, tmp_path: Path, line: str, expected: str) -> None:
        file = tmp_path / "orderdesk.toml"
        file.write_text(ORDER_DESK + line)
        with pytest.raises(ConfigurationError, match=re.escape(expected)):
            read_config(file)

    @pytest.mark.parametrize(
        ("table", "place", "said", "hint"),
        [
            ('contact = "ops@example.com"', "[orders].store_id", "is missing", 'add store_id = "..."'),
            ('[orders.connections]\nEtsy = ""', "[orders].store_id", "is missing", 'add store_id = "..."'),
            ('store_id = "1"\ncontact = "Bob"', "[orders].contact", "not an e-mail address or URL", "ops@example.com"),
            ("[orders.second]", "[orders]", "unknown key 'second'", "known are: store_id, api_key"),
            (
                'store_id = "1"\ncontact = "a@b"\nconnections = { Etsy = "esty" }',
                "[orders].connections.Etsy",
                "the connection 'esty' is not configured",
                'or "" if it is none of yours',
            ),
            (
                'store_id = "1"\ncontact = "a@b"\nurl = "http://app.orderdesk.me/api/v2"',
                "[orders].url",
                "in clear to another machine",
                "write https://, or, for a connection",
            ),
        ],
    )
    def test_each_mistake_is_named_with_place_and_remedy(
        self, tmp_path: Path, table: str, place: str, said: str, hint: str
    ) -> None:
        file = tmp_path / "orderdesk.toml"
        key = 'api_key = { text = "k" }\n' if "store_id" in table else ""
        file.write_text(f"[orders]\n{key}{table}")
        with pytest.raises(ConfigurationError) as told:
            read_config(file)
        assert told.value.location == f"{file}: {place}"
        assert said in told.value.message
        assert hint in (told.value.hint or "")

    @pytest.mark.parametrize("table", ['store_id = "1/2"', "store_id = 12345", 'store_id = "1"\ncontact = "a (b)"'])
    def test_what_cannot_stand_in_a_header(self, tmp_path: Path, table: str) -> None:
        file = tmp_path / "orderdesk.toml"
        file.write_text(f'[orders]\napi_key = {{ text = "k" }}\n{table}')
        with pytest.raises(ConfigurationError, match=r"not a store id|not an e-mail address"):
            read_config(file)
