"""The console: pages for the people of a merchant. They work without a script, and console.js makes them better.

| module | one purpose |
|---|---|
| `pages` | what a page is: address, role, handler; `routes` has all of them |
| `forms` | forms that are posted: limits, the token of the session, where to look afterwards |
| `templating` | templates, and texts of others made safe to look at |
| `frame` | what every page has around it: navigation, what waits, who is signed in |
| `notices` | what a page says about what was done just before |
| `states` | how a state looks: word, shape and color |
| `order_pages` | handlers of the pages of orders |
| `work_pages` | handlers of the pages on which people work things off: inbox, case, messages |
| `admin_pages` | handlers of the pages on which the desk is looked after: rules, users, health |
| `csv_file` | a table as a file for spreadsheets |
| `polling` | a poll that a person asks for, seldom enough |
| `views` | what pages show, as plain data |

A handler reads from the desk, a view decides what is shown, a template lays it out. Templates and static files lie
beside the code. The room may import the desk and everything below it, and `web.caller`; never the API.
"""
