"""Files by the scheme of a URL: `sftp://host/folder` over SSH, `file:///folder` on this machine.

A PUT drops a file, a GET reads one or lists a folder (a path that ends with a slash), and what comes of it has the
status of an HTTP response. So flows, evidence, limits and replay are the same for every transport: the pool of the room
above chooses one by the scheme, and nothing else knows of it.

What stands where: `calls` says what a call does, over a `FileSystem`; `local` and `sftp` are the two; `connection` is
what the pool keeps open; `requirements` says what SFTP cannot do without, and `private_key` reads a key.

A drop writes under another name and renames. What is lost before the rename was not dropped; what is lost in it is
unknown. Both are proved in this order by `calls` alone, and tests hold them against a real server.

This room imports paramiko in `sftp` and `private_key` only, which are imported when the first connection by SFTP is
opened. It imports the modules of the room above that know no pool and no client.
"""
