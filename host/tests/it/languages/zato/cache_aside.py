"""Reads from the cache, or on a miss stores a constant value. Uses the API of Zato."""

from zato.server.service import Service


class CacheAside(Service):
    """Reads from the cache, or on a miss stores a constant value."""

    def handle(self):
        value = self.cache.get('no-such-key')
        if not value:
            self.logger.info('Key not found, fetching from source ..')
            value = 'value-from-source'
            self.cache.set('no-such-key', value, expiry=120)
        self.logger.info(value)
