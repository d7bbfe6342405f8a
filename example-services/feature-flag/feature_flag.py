"""Checks whether a key exists, without reading its value. Uses the API of Zato."""

from zato.server.service import Service


class FeatureFlag(Service):
    """Checks whether a key exists, without reading its value."""

    def handle(self):
        self.cache.set('flag-key', True, expiry=300)
        if self.cache.exists('flag-key'):
            self.logger.info('Key is present')

        self.cache.delete('flag-key')
        if not self.cache.exists('flag-key'):
            self.logger.info('Key is gone')
