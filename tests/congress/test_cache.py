"""The cache shares its Redis with tasks and news."""

from django.core.cache import cache


def test_clearing_the_cache_leaves_what_others_keep_in_the_same_redis():
    redis = cache._cache.get_client(None, write=True)
    redis.set("somebody-elses:1:count", 7)
    cache.set("ours", 1)

    cache.clear()

    assert cache.get("ours") is None
    assert redis.get("somebody-elses:1:count") == b"7"
    redis.delete("somebody-elses:1:count")
