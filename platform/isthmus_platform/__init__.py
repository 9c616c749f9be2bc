"""The services of the platform: parties, shipments, documents, crossings and what they stand on.

Each module is a business word with service functions that take a :class:`~isthmus_platform.database.Work`
(one transaction, on behalf of one actor, at one time). The caller opens and closes it: a request or a task.
"""
