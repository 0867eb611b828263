"""What a host app calls: `Desk`, and one service for each noun.

    desk.cancel                 the shortcut; the rest of canceling is desk.cancellations
    desk.orders                 get, list, import_orders, register, move, claim_number, ensure_submittable, forget
    desk.cancellations          plan, status, get_case, withdraw, receipt
    desk.cases                  get, find, list, list_others, details, history, poll, confirm, reject, withdraw, retry,
                                add_note, request_for, archive
    desk.status_changes         create
    desk.resubmissions          create
    desk.notifications          handle_webhook, report_canceled, report_shipped
    desk.messages               receive, take_from, list, get, counts, retry
    desk.inbox                  list, counts, mark_seen
    desk.rules                  the rule engine

Each service is one module. `assembly` makes and connects them (`message_assembly` those of messages), `parts` is what
they share, `config` reads the configuration file, `documents` are the JSON documents that the command line and host
apps show, `capabilities` and `matrix` say what integrations can do, `run_loop` keeps a worker going and `heartbeat`
says so in the ledger, `health` and `health_checks` tell how the work goes, `log_format` and `open_telemetry` are for
whoever watches it, and `manual_evidence` makes evidence of what a person files.

A service resolves what a person typed, checks it before anything is recorded, records, and lets the scheduler do what
is due. Decisions belong into `cases`, calls into plugins. The room may import everything below it, and no `cli`.
"""
