"""Connections that are made while the desk runs. Reached as `Desk.connection_admin`.

    records         a connection as somebody wants it, and as it is shown
    forms           what is filled in for an integration
    validation      judges settings as those of orderdesk.toml are
    reachability    tries a connection without asking for anything
    documents       connections and forms as JSON
    service         all of this under one roof

The room may import the desk's services and everything below them, and no `cli`.
"""
