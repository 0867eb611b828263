"""Profiles: services whose API is not published, spoken to as their customer configures it.

A profile stands in the configuration: which calls cancel an order and ask for its status (`api_profile`), where in a
response the answer stands (`json_pointer`), and how a webhook is read (`webhook_profile`). `api_flows` are the hooks
that carry such a profile out, and `api_settings` are the settings class that a plugin of this kind inherits.

A plugin whose service publishes its API uses none of this: it writes its calls in Python. Touch the room to let a
profile say more; keep it closed and declarative: a profile is data that a person types, and every wrong key is named
with its location when the configuration is read.

It imports `orders`, the contract and the toolkit of `plugin`, and the ground.
"""
