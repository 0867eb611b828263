"""Tools that plugins are written with: reading responses, writing bodies, checking signatures.

A plugin describes calls and says what their responses mean; these modules hold what several of them need for that.
`json_response`, `xml_response`, `graphql` and `service_errors` read what a service says, strictly: what is missing or
misshapen is named with its path and never taken for success. `line_quantities` and `batch_report` serve cancels of
parts and of many orders at once, `resubmission` and `required_fields` serve new orders, `signatures` verifies
webhooks, `templates`, `email_addresses`, `file_drop` and `countries` do what their names say.

Authors import all of it from `orderdesk_sdk.plugin`. A helper comes here when a second plugin needs it; one that only
one service needs stays in that plugin.

The toolkit imports `orders`, the contract beside it and the ground. It never sends anything.
"""
