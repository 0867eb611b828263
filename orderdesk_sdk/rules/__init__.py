"""Rules: read, evaluated, and executed exactly once.

"When this happens to an order, and that is true of it, do these." `reader` reads rules from the configuration,
strictly; `model` is what was read; `conditions` and `filters` say within a time limit whether a rule matches an
order; `actions` is what rules may name, the core's own actions and those of the connected integrations; `engine`
takes the events that the ledger holds (a transactional outbox), lets the rules decide, and executes each action under
an idempotency key, so that a crash in the middle is mended by doing it again.

Touch `conditions` for another field that a filter may use, `actions` for another action of the core. What an action
does is not decided here: the engine takes an `ActionExecutor`, which `desk.rule_actions` implements by the same
services that a person uses.

The room imports `runtime`, `cases`, `plugin`, `orders` and the ground.
"""
