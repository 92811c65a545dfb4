"""The transport of everything live: sockets, the hubs that feed them, the news between processes. No subject matter.

frames    what a client may send, decoded so that no garbage survives
limits    how often a person may act
database  a few threads with their own connections, for everything live
batches   one thread that writes what many asked for in one go
news      "something changed", from process to process; holds no votes and no secrets
pictures  what a page shows, with versions, serialised once per audience
hubs      one per process and topic: keeps its sockets on the newest picture
entry     who may hold a socket, by session cookie, in one query for many
sockets   one open page: its frames in and out, its limits, the end of its rights
origins   which pages may open sockets at all
"""
