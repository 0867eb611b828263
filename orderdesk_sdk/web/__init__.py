"""The console and the JSON API: a Starlette app over one desk.

| module | one purpose |
|---|---|
| `app` | the app: middleware, routes, errors |
| `caller` | who calls, and what they may do |
| `middleware` | what holds for every request: host names, sizes, headers, errors |
| `inbound` | messages of services and of the order store |
| `answer_page` | the page that a one-time link of an e-mail leads to |
| `server` | `orderdesk serve` |
"""
