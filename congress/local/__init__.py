"""PostgreSQL, Valkey and a mail sink from wheels, for the demonstration and the tests.

Nothing here knows Django (`prepare` apart, which runs its commands), and nothing here runs in an
installation, which names its servers in DATABASE_URL, REDIS_URL and EMAIL_URL.
"""
