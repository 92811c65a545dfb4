"""The cache: a part of a Redis that also carries tasks, news, and perhaps other installations."""

from typing import Any

from django.core.cache.backends.redis import RedisCache

AT_A_TIME = 1000  # keys


class PartOfRedis(RedisCache):
    def clear(self) -> None:
        """What is ours only; Django's own empties the whole database, the queue of tasks included."""
        client: Any = self._cache.get_client(None, write=True)
        for key in client.scan_iter(match=f"{self.key_prefix}:*", count=AT_A_TIME):
            client.delete(key)
