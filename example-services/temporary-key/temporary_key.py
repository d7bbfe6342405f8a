"""Deletes a key, after which it reads as None. Written as for Zato."""

from zato.server.service import Service


class TemporaryKey(Service):
    """Deletes a key, after which it reads as None."""

    def handle(self):
        self.cache.set('temp-key', 'temp-value')
        self.cache.delete('temp-key')
        self.logger.info(self.cache.get('temp-key'))
