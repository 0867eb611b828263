"""What simulators of services are made of: an API on a loopback socket, a life by the clock, the truth behind it.

`simulator` is the base class: its orders (`orders`) live by a virtual clock, and `control` lets other processes
change them over HTTP. `simple`, `token` and `profile` are ready-made services to begin from; `tokens`,
`refresh_tokens` and `quota` are parts for those that authenticate or limit. `server` serves any ASGI app from a
thread; `fault_queue` and `fault_injection` give requests every kind of trouble on a real socket.

A simulator of a vendor lies beside its plugin and is written from the vendor's own documentation; here is only what
several share. What the service did is asked of `actual_status`, never of its API: tests hold one against the other.

The room imports the SDK and the ASGI libraries, and nothing else of the devkit.
"""
